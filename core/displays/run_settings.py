"""Tables of one run: its settings, its data and its environment."""

import pandas as pd

from core.datasets.dataset_key import label_of_spec
from core.displays.number import format_share
from core.recipes import recipe_of
from core.spec import DATASETS, HEADS, SETTINGS, RunSpec
from core.store.environment import Environment
from core.store.record import Elsewhere, Record
from core.store.setting_text import describe_value

_NOT_RECORDED = "not recorded"
_SEPARATE = ("data", "seed", "head")  # a seed or a head that differs from the recipe is no change of it


def build_settings_tables(spec: RunSpec) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the settings that differ from the recipe of a run, and all others, with the value of the recipe.

    A run without a recipe is compared with the defaults. Settings that the dataset, the backbone or the head do not use
    are in the second table.
    """
    recipe = recipe_of(spec)
    source = f"Recipe {recipe.name}" if recipe else "Default"
    initial = recipe.spec_of(spec.head) if recipe else RunSpec(head=spec.head)
    changed: list[dict[str, str]] = []
    rest: list[dict[str, str]] = []
    for name, setting in SETTINGS.items():
        value, own = getattr(spec, name), getattr(initial, name)
        differs = value != own and name not in _SEPARATE and spec.uses(name)
        cells = {
            "Setting": setting.label,
            "Value": _describe(name, value) if spec.uses(name) else "not used",
            source: "–" if name in _SEPARATE or not spec.uses(name) else _describe(name, own),
        }
        (changed if differs else rest).append(cells)
    columns = ["Setting", "Value", source]
    return pd.DataFrame(changed, columns=columns), pd.DataFrame(rest, columns=columns)


def _describe(name: str, value: object) -> str:
    if name == "head":
        return HEADS[str(value)].label
    return DATASETS[str(value)].label if name == "dataset" else describe_value(name, value)


def build_data_table(record: Record, spec: RunSpec) -> pd.DataFrame:
    """Return the dataset of a run with its fingerprint, its splits and its classes."""
    data = record.data
    classes, counts = f"{len(data.classes):,}", DATASETS[spec.dataset].official_counts
    official = "" if counts == (0, 0) else " (official dataset)" if data.official else " (not the official dataset)"
    values = {
        "Dataset": label_of_spec(spec) or _NOT_RECORDED,
        "Fingerprint": f"{data.fingerprint}{official}",
        "Training images": _count(data.train_images),
        "Validation images": _count(data.validation_images),
        "Test images": f"{data.test_images:,}",
        "Image shape": " × ".join(map(str, data.input_shape)) or _NOT_RECORDED,
        "Classes": classes if data.majority is None else f"{classes}; largest {format_share(data.majority)} of tests",
    }
    return _build(values, "Data")


def _count(value: int | None) -> str:
    return _NOT_RECORDED if value is None else f"{value:,}"


def build_elsewhere_table(found: Elsewhere) -> pd.DataFrame:
    """Return the library that trained a run, and the settings that it recorded."""
    return _build({"Library": found.library or _NOT_RECORDED, **found.settings}, "Setting")


def build_environment_table(record: Record, environment: Environment) -> pd.DataFrame:
    """Return the machine and the software that trained a run."""
    gpu = environment.gpu
    state = {None: f"modified: {_NOT_RECORDED}", True: "modified", False: "not modified"}[environment.git_modified]
    values = {
        "GPU": _NOT_RECORDED if gpu is None else gpu or "none (trained on the CPU)",
        "Processor": str(record.machine),
        "Git commit": f"{environment.git_commit[:12]} ({state})" if environment.git_commit else _NOT_RECORDED,
        "Python": environment.python or _NOT_RECORDED,
        **environment.libraries,
        "Platform": environment.platform or _NOT_RECORDED,
    }
    return _build(values, "Environment")


def _build(values: dict[str, str], name: str) -> pd.DataFrame:
    return pd.DataFrame({name: [*values], "Value": [*values.values()]})
