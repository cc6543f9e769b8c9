"""Facts of one run as text: its settings, its results, its costs, its data and its environment."""

from core.analysis.seed_mean import SeedMean
from core.datasets.dataset_key import label_of_spec
from core.displays.cost_format import COST_FORMS, write_cost
from core.displays.number import format_loss, format_seconds, format_share, format_share_interval
from core.interval import compute_wilson
from core.plural import format_plural
from core.recipes import recipe_of
from core.spec import DATASETS, HEADS, SETTINGS, RunSpec
from core.store.environment import Environment
from core.store.kept_epoch import describe_kept_epoch
from core.store.record import Elsewhere, Metrics, Record
from core.store.setting_text import describe_value

NOT_USED = "not used"
_NOT_RECORDED = "not recorded"
_SEPARATE = ("data", "seed", "head")  # a seed or a head that differs from the recipe is no change of it


def list_settings(spec: RunSpec) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the settings that differ from the recipe of a run, and all others, one row per setting.

    A row has its name, its value and that of the recipe (see `name_source`). Settings that the dataset, the backbone or
    the head do not use are in the second list.
    """
    recipe, source = recipe_of(spec), name_source(spec)
    initial = recipe.spec_of(spec.head) if recipe else RunSpec(head=spec.head)
    changed: list[dict[str, str]] = []
    rest: list[dict[str, str]] = []
    for name, setting in SETTINGS.items():
        value, own = getattr(spec, name), getattr(initial, name)
        differs = value != own and name not in _SEPARATE and spec.uses(name)
        cells = {
            "Setting": setting.label,
            "Value": _describe(name, value) if spec.uses(name) else NOT_USED,
            source: "–" if name in _SEPARATE or not spec.uses(name) else _describe(name, own),
        }
        (changed if differs else rest).append(cells)
    return changed, rest


def name_source(spec: RunSpec) -> str:
    """Return with what the settings of a run are compared: "Recipe NAME", or "Default" for a run without a recipe."""
    recipe = recipe_of(spec)
    return f"Recipe {recipe.name}" if recipe else "Default"


def _describe(name: str, value: object) -> str:
    if name == "head":
        return HEADS[str(value)].label
    return DATASETS[str(value)].label if name == "dataset" else describe_value(name, value)


def list_result_facts(record: Record) -> dict[str, str]:
    """Return the accuracies, with 95% Wilson score intervals over the images, and the losses of a run."""
    found = _list_metrics(record, record.metrics, "" if record.elsewhere else f", {describe_kept_epoch([record])}")
    if record.last_metrics:
        last = _list_metrics(record, record.last_metrics, f", after the last epoch ({record.trained_epochs:,})")
        found |= {f"Last epoch: {name.lower()}": value for name, value in last.items()}
    if record.data.majority is not None:
        found["Accuracy of always predicting the most frequent class"] = format_share(record.data.majority)
    return found


def _list_metrics(record: Record, metrics: Metrics, epoch: str) -> dict[str, str]:
    found = {}
    for split, images in (("test", record.data.test_images), ("validation", record.data.validation_images)):
        accuracy, loss = getattr(metrics, f"{split}_accuracy"), getattr(metrics, f"{split}_loss")
        if accuracy is None or not images:  # trained elsewhere
            continue
        interval = format_share_interval(*map(float, compute_wilson(round(accuracy * images), images)))
        counted = format_plural(images, f"{split} image")
        found[f"{split.title()} accuracy"] = f"{format_share(accuracy)} (95% interval {interval}), {counted}{epoch}"
        mean = SeedMean(float("nan") if loss is None else loss, None, 1)
        found[f"{split.title()} loss"] = f"{format_loss(mean)} (mean cross-entropy in nats)"
    return found


def list_cost_facts(record: Record) -> dict[str, str]:
    """Return the costs of a run that are known."""
    costs = record.cost.model_dump()
    found = {form.label.partition(" (")[0]: write_cost(name, costs[name]) for name, form in COST_FORMS.items()
             if costs[name] is not None}  # fmt: skip
    if costs["trainable"] is not None and costs["params"] is not None:
        found["Parameters"] += f", of which {costs['trainable']:,} trainable"
    if costs["features_seconds"] is not None:
        found["Features of the frozen backbone, once"] = format_seconds(costs["features_seconds"])
    return found


def list_data_facts(record: Record, spec: RunSpec) -> dict[str, str]:
    """Return the dataset of a run with its fingerprint, its splits and its classes."""
    data = record.data
    classes, counts = f"{len(data.classes):,}", DATASETS[spec.dataset].official_counts
    official = "" if counts == (0, 0) else " (official dataset)" if data.official else " (not the official dataset)"
    return {
        "Dataset": label_of_spec(spec) or _NOT_RECORDED,
        "Fingerprint": f"{data.fingerprint}{official}",
        "Training images": _count(data.train_images),
        "Validation images": _count(data.validation_images),
        "Test images": f"{data.test_images:,}",
        "Image shape": " × ".join(map(str, data.input_shape)) or _NOT_RECORDED,
        "Classes": classes if data.majority is None else f"{classes}; largest {format_share(data.majority)} of tests",
    }


def _count(value: int | None) -> str:
    return _NOT_RECORDED if value is None else f"{value:,}"


def list_elsewhere_facts(found: Elsewhere) -> dict[str, str]:
    """Return the library that trained a run, and the settings that it recorded."""
    return {"Library": found.library or _NOT_RECORDED, **found.settings}


def list_environment_facts(record: Record, environment: Environment) -> dict[str, str]:
    """Return the machine and the software that trained a run."""
    gpu = environment.gpu
    state = {None: f"modified: {_NOT_RECORDED}", True: "modified", False: "not modified"}[environment.git_modified]
    return {
        "GPU": _NOT_RECORDED if gpu is None else gpu or "none (trained on the CPU)",
        "Processor": str(record.machine),
        "Git commit": f"{environment.git_commit[:12]} ({state})" if environment.git_commit else _NOT_RECORDED,
        "Python": environment.python or _NOT_RECORDED,
        **environment.libraries,
        "Platform": environment.platform or _NOT_RECORDED,
    }
