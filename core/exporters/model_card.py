"""Model card: a Markdown file for the users of an exported model, and labels.json for their programs.

Source of the sections: Mitchell et al. 2019, Model cards for model reporting, FAT*.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from core.analysis.check import run_checks
from core.displays.caption import write_caption
from core.displays.cost_format import FLOPS_HELP, write_cost
from core.displays.number import format_seconds
from core.displays.run_facts import list_data_facts, list_environment_facts
from core.displays.views.robustness_loss import RobustnessLoss
from core.exporters.model_code import KERAS, LITERT, MODEL_FILES, ONNX, ModelCode, list_model_code
from core.exporters.model_input import ModelInput
from core.exporters.model_metrics import MAX_CLASS_ROWS, build_class_table, list_metrics
from core.plural import format_plural
from core.recipes import recipe_of, write_command
from core.reports.document import Table
from core.reports.markdown import write_markdown_table, write_text
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS
from core.store.comparison import Comparison
from core.store.environment import read_environment
from core.store.run import Run
from core.store.setting_text import describe_value

_UNKNOWN = "not recorded"
_MISSING = {
    LITERT: "; model.tflite is not included, because the run does not have it",
    KERAS: "; model.keras is not included, because the run does not have it",
    ONNX: "; an ONNX file is included on request",
}
_COSTS = {
    "Keras file": "keras_bytes",
    "LiteRT file": "tflite_bytes",
    "Latency of one image": "latency_seconds",
    "95th percentile": "latency_p95_seconds",
    "Latency of 32 images": "latency_32_seconds",
}


@dataclass(frozen=True)
class ModelCard:
    """Description of the model of a run.

    Attributes:
        files: names of the model files that the card describes (see `MODEL_FILES`).

    Raises:
        RunDamagedError: from any method, when a file of the run is damaged.
    """

    run: Run
    files: tuple[str, ...]

    @property
    def title(self) -> str:
        spec = self.run.spec
        return f"{spec.label} on {self._dataset}, seed {spec.seed}"

    @property
    def _dataset(self) -> str:
        spec = self.run.spec
        return DATASETS[spec.dataset].label + (f", folder {spec.folder}" if spec.folder else "")

    @cached_property
    def input(self) -> ModelInput:
        return ModelInput.of(self.run)

    @cached_property
    def code(self) -> Mapping[str, ModelCode]:
        return list_model_code(self.run, self.files)

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison.of([self.run])

    def list_sections(self) -> dict[str, Mapping[str, str]]:
        """Return the facts of each section by name. No fact is empty."""
        classes = self.run.record.data.classes
        outputs = {name: f"{code.output}." for name, code in self.code.items()}
        return {
            "Model": self._describe_model(),
            "Input": self.input.describe(),
            "Output": {
                "Probabilities": f"float32 of shape (images, {len(classes)}), one per class in the order below",
                **outputs,
            },
            "Data": self._describe_data(),
            "Results": list_metrics(self.run),
            "Cost": self._describe_cost(),
            "Training": self._describe_training(),
            "Environment": list_environment_facts(self.run.record, read_environment(self.run)),
        }

    def list_limits(self) -> list[str]:
        """Return the limits of the model: general ones, robustness, and the fairness checks that it fails."""
        classes, data = len(self.run.record.data.classes), self.run.record.data
        limits = [
            f"Every image gets one of the {classes:,} classes, also an image that shows none of them.",
            f"The results hold for images like the {format_plural(data.test_images, 'test image')} of {self._dataset}.",
            "The results are those of one training run: another seed gives another model.",
        ]
        if self.run.has("predictions.npz"):
            limits.append(write_caption(RobustnessLoss(self._comparison)))
            limits += [
                f"{check.title}: {result.message}"
                for check, result in run_checks(self._comparison)
                if result.state == "failed"
            ]
        else:
            limits.append("Robustness and fairness checks are not available: the run has no predictions.")
        return limits

    def write(self) -> str:
        """Return the card as Markdown. Names of classes and datasets are escaped."""
        sections = self.list_sections()
        parts = [f"# {write_text(self.title)}", write_text(self._summarize())]
        for name, facts in sections.items():
            parts += [f"## {name}", "\n".join(f"- **{write_text(key)}:** {_write_fact(facts[key])}" for key in facts)]
            if name == "Output":
                parts.append(self._write_classes())
            if name == "Results" and (table := build_class_table(self.run)):
                parts += self._write_class_table(table)
        parts += ["## Limits", "\n".join(f"- {write_text(limit)}" for limit in self.list_limits())]
        parts += ["## Use", "Run the lines in the folder of these files, with an image in `image.png`."]
        for code in self.code.values():
            script = code.write_script(self.input)
            parts += [f"### {code.library}", f"```sh\npip install {code.packages}\n```", f"```python\n{script}```"]
        if not self.run.spec.elsewhere:
            parts += ["## Train again", f"```sh\n{write_command(self.run.spec)}\n```"]
        return "\n\n".join(parts) + "\n"

    def write_labels(self) -> str:
        """Return labels.json: classes in order, input, outputs of each file, and the licence of the data."""
        data = self.run.record.data
        found = {
            "run_id": self.run.run_id,
            "title": self.title,
            "classes": data.classes,
            "input": self.input.to_json(),
            "files": {
                name: {"library": code.library, **code.names, "description": code.output}
                for name, code in self.code.items()
            },
            "data": {
                "dataset": self._dataset,
                "fingerprint": data.fingerprint,
                "licence": DATASETS[self.run.spec.dataset].licence,
            },
        }
        return json.dumps(found, ensure_ascii=False, indent=2) + "\n"

    def _summarize(self) -> str:
        data = self.run.record.data
        origin = "evaluated" if self.run.spec.elsewhere else "trained"
        return (
            f"An image classifier with {len(data.classes):,} classes, {origin} with Headroom. It converts an image of "
            f"{self.input.width} × {self.input.height} pixels to class probabilities."
        )

    def _describe_model(self) -> dict[str, str]:
        return {
            "Run": self.run.run_id,
            **self._describe_parts(),
            "Files": ", ".join(self.files) + "".join(_MISSING[name] for name in MODEL_FILES if name not in self.files),
        }

    def _describe_parts(self) -> dict[str, str]:
        spec = self.run.spec
        if spec.elsewhere:
            return {"Origin": f"{spec.elsewhere}, trained elsewhere"}
        backbone, head = BACKBONES[spec.backbone], HEADS[spec.head]
        return {"Backbone": f"{backbone.label}: {backbone.summary}", "Head": f"{head.label}: {head.summary}"}

    def _describe_data(self) -> dict[str, str]:
        dataset = DATASETS[self.run.spec.dataset]
        return {
            **list_data_facts(self.run.record, self.run.spec),
            "Licence": dataset.licence or _UNKNOWN,
            "Source": dataset.source or _UNKNOWN,
            "Citation": dataset.citation or "none",
        }

    def _describe_cost(self) -> dict[str, str]:
        record, environment = self.run.record, read_environment(self.run)
        libraries = ", ".join(f"{name} {number}" for name, number in environment.libraries.items())
        params, trainable, flops = record.cost.params, record.cost.trainable, record.cost.flops
        found = record.cost.model_dump()
        return {
            "Parameters": _UNKNOWN if params is None else f"{params:,}, of which {trainable or 0:,} trainable",
            "FLOPs per image": _UNKNOWN if flops is None else f"{flops:,}. {FLOPS_HELP}",
            **{
                label: _UNKNOWN if found[name] is None else write_cost(name, found[name])
                for label, name in _COSTS.items()
            },
            "Measured with": f"LiteRT on one thread, {record.machine}" + (f"; {libraries}" if libraries else ""),
        }

    def _describe_training(self) -> dict[str, str]:
        record, spec = self.run.record, self.run.spec
        if spec.elsewhere:
            return {"Origin": f"trained elsewhere, added {record.finished_at[:10]}"}
        recipe = recipe_of(spec)
        settings = [
            f"{SETTINGS[name].label}: {describe_value(name, getattr(spec, name))}"
            for name in SETTINGS
            if spec.uses(name) and name not in ("dataset", "data", "folder", "backbone", "head")
        ]
        return {
            "Finished": record.finished_at[:10],
            "Recipe": f"{recipe.name} ({recipe.title})" if recipe else "none",
            "Epochs": f"{record.trained_epochs:,} trained, weights of epoch {record.measured_epoch:,}",
            "Time": format_seconds(record.cost.train_seconds or 0),
            "Hyperparameters": "; ".join(settings),
        }

    def _write_classes(self) -> str:
        names = self.run.record.data.classes
        return "\n".join(f"{index}. {write_text(name)}" for index, name in enumerate(names))

    def _write_class_table(self, table: Table) -> list[str]:
        total = len(self.run.record.data.classes)
        title = (
            "Results per class" if total <= MAX_CLASS_ROWS else f"The {MAX_CLASS_ROWS} classes with the lowest recall"
        )
        return [f"### {title}", write_markdown_table(table)]


def _write_fact(text: str) -> str:
    return f"<{text}>" if re.fullmatch(r"https?://[\w./+%~-]+", text) else write_text(text)
