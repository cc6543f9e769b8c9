"""Columns of the run list that a user can choose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

import pandas as pd

from core.analysis.cost import COSTS
from core.datasets.dataset_key import label_of_run
from core.displays.cost_format import COST_FORMS
from core.displays.local_time import format_local, name_zone
from core.displays.table import disarm
from core.spec import HEADS, SETTINGS
from core.store.comparison import to_plain
from core.store.kept_epoch import describe_keep
from core.store.setting_text import describe_value

Kind = Literal["text", "number", "percent"]

ALWAYS = ("star", "run")
"""Columns that cannot be left out."""

_MAX_NOTE_CHARS = 200
_LEAST = {"name": 1, "tags": 1, "note": 1, "backbone": 2}  # columns that are left out with fewer different values


@dataclass(frozen=True)
class RunColumn:
    """Column of the run list: its header, and its cells from the frame of `join_notes`. Numbers stay sortable."""

    label: str
    read: Callable[[pd.DataFrame], Any]
    kind: Kind = "text"


def _text(name: str) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: frame[name]


def _label(name: str, registry: Any) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: frame[name].map({value: registry[value].label for value in set(frame[name])})


def _head(frame: pd.DataFrame) -> Any:
    labels = frame["head"].map({name: head.label for name, head in HEADS.items()})
    return labels.where(frame["elsewhere"] == "", frame["elsewhere"])


def _backbone(frame: pd.DataFrame) -> list[str]:
    """Return the backbone of each run, or the name of its model; "" for runs from elsewhere."""
    return [
        "" if elsewhere else describe_value("model", model) if model else describe_value("backbone", backbone)
        for backbone, model, elsewhere in zip(frame["backbone"], frame["model"], frame["elsewhere"], strict=True)
    ]


def _trained(frame: pd.DataFrame) -> Any:
    return frame["trained_epochs"].where(frame["trained_epochs"] > 0)  # 0: not recorded


def _known(frame: pd.DataFrame, name: str) -> Any:
    """Return a column without the defaults of hyperparameters that runs from elsewhere do not have."""
    return frame[name].where(frame["elsewhere"] == "")


def _dataset(frame: pd.DataFrame) -> Any:
    rows = zip(frame["dataset"], frame["folder"], frame["elsewhere"], strict=True)
    return [label_of_run(*row) for row in rows]


def _share(name: str) -> Callable[[pd.DataFrame], Any]:
    return lambda frame: 100 * frame[name]


def _setting(name: str) -> RunColumn:
    setting = SETTINGS[name]
    label = "Planned epochs" if name == "epochs" else setting.label
    if setting.kind in (int, float) and setting.default is not None:
        return RunColumn(label, lambda frame: _known(frame, name), "number")
    return RunColumn(
        label,
        lambda frame: [
            describe_value(name, to_plain(value)) if own else ""
            for value, own in zip(frame[name], frame["elsewhere"] == "", strict=True)
        ],
    )


def _measured(frame: pd.DataFrame) -> Any:
    found = frame["keep"].map(describe_keep) + " (" + frame["measured_epoch"].astype("str") + ")"
    return found.where(frame["elsewhere"] == "", "")


RUN_COLUMNS: dict[str, RunColumn] = {
    "star": RunColumn("★", lambda frame: ["★" if star else "" for star in frame["star"]]),
    "name": RunColumn("Name", _text("name")),
    "run": RunColumn("Run", _text("run_id")),
    "head": RunColumn("Head", _head),
    "backbone": RunColumn("Backbone", _backbone),
    "test_accuracy": RunColumn("Test accuracy", _share("test_accuracy"), "percent"),
    "seed": RunColumn("Seed", _text("seed"), "number"),
    "dataset": RunColumn("Dataset", _dataset),
    "trained_epochs": RunColumn("Epochs", _trained, "number"),
    "measured": RunColumn("Measured at", _measured),
    "params": RunColumn("Parameters", _text("params"), "number"),
    "tags": RunColumn("Tags", _text("tags")),
    "note": RunColumn("Note", lambda frame: frame["note"].str.slice(0, _MAX_NOTE_CHARS)),
    "finished": RunColumn("Finished", _text("finished_at")),
    "source": RunColumn("Source", lambda frame: frame["source"].where(~frame["withheld"], "advice")),
    "recipe": RunColumn("Recipe", _text("recipe")),
    "test_loss": RunColumn("Test loss", _text("test_loss"), "number"),
    "validation_accuracy": RunColumn("Validation accuracy", _share("validation_accuracy"), "percent"),
    "validation_loss": RunColumn("Validation loss", _text("validation_loss"), "number"),
    "fitted_images": RunColumn("Fitted images", _text("fitted_images"), "number"),
    **{cost: RunColumn(COST_FORMS[cost].label, _text(cost), "number") for cost in COSTS if cost != "params"},
    "cpu": RunColumn("Processor", _text("cpu")),
    **{name: _setting(name) for name in SETTINGS if name not in ("dataset", "backbone", "head", "seed")},
}
"""All columns by their ID in links, in the order of the table."""

DEFAULT_COLUMNS = [*RUN_COLUMNS][: [*RUN_COLUMNS].index("recipe")]


def build_run_table(frame: pd.DataFrame, names: Sequence[str], zone: tzinfo) -> pd.DataFrame:
    """Return the table of a run list with the given columns, and always the star and the run ID.

    Annotations are left out while no run has one, and the backbone while all runs have the same. Times are in `zone`,
    whose name is in the header.

    Args:
        frame: the run list with the columns of `join_notes`.
    """
    table = {}
    for name, column in RUN_COLUMNS.items():
        if name == "finished" and name in names:
            table[f"{column.label} ({name_zone(zone)})"] = [format_local(at, zone) for at in frame["finished_at"]]
        elif name in ALWAYS or name in names:
            cells = column.read(frame)
            if name not in _LEAST or len({*cells} - {""}) >= _LEAST[name]:
                table[column.label] = cells
    built = pd.DataFrame(table, index=frame.index)
    texts = [column.label for column in RUN_COLUMNS.values() if column.kind == "text" and column.label in built]
    built[texts] = disarm(built[texts])
    return built
