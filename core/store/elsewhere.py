"""Runs that Headroom did not train: their layer table, and what they lack."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.architecture.graph import LayerRow
from core.bounds import Count, Line
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.damage import describe_invalid_field

if TYPE_CHECKING:
    from core.store.comparison import Comparison
    from core.store.run import Run

Part = Literal["settings", "model", "layers", "diagram", "curves", "validation", "probabilities"]
MAX_LAYERS = 10_000
_COLORS = 12  # of the palette


class _Layer(BaseModel):
    """An entry of layers.json. A side of the output that depends on the input is 0."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Line
    type: Line
    output_shape: list[Count] = Field(max_length=6)
    trainable: Count
    non_trainable: Count
    flops: Count | None = None


_LAYERS = TypeAdapter(Annotated[list[_Layer], Field(min_length=1, max_length=MAX_LAYERS)])


def parse_layers(text: bytes) -> tuple[LayerRow, ...]:
    """Return the rows of layers.json. The head begins after the last layer with spatial axes in its output.

    Raises:
        ValueError: when the file is invalid.
    """
    try:
        layers = _LAYERS.validate_json(text)
    except ValidationError as error:
        raise ValueError(f"layers.json is invalid: {describe_invalid_field(error)}") from None
    spatial = max((index for index, layer in enumerate(layers) if len(layer.output_shape) > 1), default=-1)
    return tuple(
        LayerRow(
            layer.name,
            layer.type,
            "backbone" if index <= spatial else "head",
            tuple(layer.output_shape),
            layer.trainable,
            layer.non_trainable,
            layer.flops,
        )
        for index, layer in enumerate(layers)
    )


def list_known_settings(spec: RunSpec) -> dict[str, Any]:
    """Return the fields of a spec; those that are unknown of a run from elsewhere are None."""
    values = spec.model_dump()
    if spec.elsewhere:
        values |= {name: None for name in SETTINGS if not spec.uses(name)}
        values |= {} if spec.folder or spec.dataset != "folder" else {"dataset": None}
    return values


def clear_settings(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a run list, where hyperparameters and epochs that a run from elsewhere lacks are None."""
    if not row["elsewhere"]:
        return dict(row)
    found = {name: None if name in SETTINGS and name not in KNOWN else value for name, value in row.items()}
    return found | {name: found[name] or None for name in ("trained_epochs", "measured_epoch") if name in found}


KNOWN = ("dataset", "data", "folder", "seed")
"""Settings of runs from elsewhere."""


def order_of(spec: RunSpec) -> int:
    """Return the position of a head in lists and palettes; that of a model from elsewhere is stable for its name."""
    return order_elsewhere(spec.elsewhere) if spec.elsewhere else HEADS[spec.head].order


def order_elsewhere(name: str) -> int:
    return max(head.order for head in HEADS.values()) + 1 + crc32(name.encode()) % _COLORS


def has_probabilities(run: "Run") -> bool:
    """Return whether the class probabilities of a run are known, not only its predicted classes."""
    return run.record.elsewhere is None or run.record.elsewhere.probabilities


_HAS: dict[Part, Callable[["Run"], bool]] = {
    "settings": lambda run: not run.spec.elsewhere,
    "model": lambda run: not run.spec.elsewhere or run.has("model.tflite"),
    "layers": lambda run: not run.spec.elsewhere or "layers.json" in run.record.checksums,
    "diagram": lambda run: not run.spec.elsewhere or bool(run.model.layers),
    "curves": lambda run: not run.spec.elsewhere or "history.jsonl" in run.record.checksums,
    "validation": lambda run: run.record.data.validation_images is not None,
    "probabilities": has_probabilities,
}
_NAMES: dict[Part, str] = {
    "settings": "hyperparameters",
    "model": "model file",
    "layers": "layer table",
    "diagram": "diagram",
    "curves": "learning curves",
    "validation": "predictions on validation images",
    "probabilities": "probabilities",
}


def list_missing(runs: Iterable["Run"]) -> list[str]:
    """Return the names of what at least one of some runs lacks, because it was trained elsewhere."""
    runs = [*runs]
    parts = [part for part in _NAMES if part != "diagram"]  # the layer table says more
    return [_NAMES[part] for part in parts if not all(_HAS[part](run) for run in runs)]


def select_with(comparison: "Comparison", parts: Sequence[Part]) -> "Comparison":
    """Return the variants whose runs have all parts. A comparison without variants is possible."""
    kept = [
        variant for variant in comparison.variants if all(_HAS[part](run) for part in parts for run in variant.runs)
    ]
    return comparison if len(kept) == len(comparison.variants) else replace(comparison, variants=tuple(kept))


def write_lacking(comparison: "Comparison", parts: Sequence[Part]) -> str:
    """Name the variants that a display leaves out, if any, and why; otherwise ""."""
    sentences = []
    for part in parts:
        labels = [v.label for v in comparison.variants if not all(map(_HAS[part], v.runs))]
        if labels:
            verb, owner = ("was", "it has") if len(labels) == 1 else ("were", "they have")
            sentences.append(f"Not shown: {', '.join(labels)} {verb} trained elsewhere; {owner} no {_NAMES[part]}.")
    return " ".join(sentences)


def describe_elsewhere(label: str, runs: Sequence["Run"]) -> str:
    """Describe where the runs of a variant were trained and what they lack, as a sentence."""
    libraries = list(dict.fromkeys(run.record.elsewhere.library for run in runs if run.record.elsewhere))
    named = ", ".join(filter(None, libraries))
    missing = list_missing(runs)
    listed = f": no {', no '.join(missing)}" if missing else ""
    return f"{label} was trained elsewhere{f' ({named})' if named else ''}{listed}."
