"""Layers of a run that Headroom did not train: from the config of its Keras model, or from its layer table."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.architecture.graph import INPUT, LayerRow
from core.architecture.keras_model import KerasModel, read_keras_model
from core.architecture.model import Model
from core.errors import ModelFileError
from core.files import read_file, write_json
from core.store.elsewhere import parse_layers

if TYPE_CHECKING:
    from core.store.run import Run

CONFIG = "config.json"
"""Config of a Keras model as `model.to_json()` returns it."""


def build_elsewhere_model(run: "Run") -> Model:
    """Return the layers of a run. Without a config that Headroom can read, they have rows but no layer records.

    Raises:
        RunDamagedError: when a file is damaged.
    """
    data, rows = run.record.data, _read_rows(run)
    found = _read_config(run) if CONFIG in run.record.checksums else None
    if found is None:
        return Model(((INPUT, data.input_shape),), (), rows, run.spec, len(data.classes))
    return Model(found.inputs, found.layers, found.rows, run.spec, len(data.classes))


def add_flops(run: "Run") -> "Run":
    """Return a run with the FLOPs of its layers in its record, if all are known and the record has none."""
    if not run.spec.elsewhere or run.record.cost.flops is not None:
        return run
    rows = run.model.rows
    if not rows or any(row.flops is None for row in rows):
        return run
    record = run.record.model_copy(update={"cost": run.record.cost.model_copy(update={"flops": run.model.flops})})
    write_json(run.path / "record.json", record.model_dump(mode="json"))
    return replace(run, record=record)


def _read_rows(run: "Run") -> tuple[LayerRow, ...]:
    if "layers.json" not in run.record.checksums:
        return ()
    try:
        return parse_layers(read_file(run.artifact("layers.json")))
    except OSError as error:
        raise run.damaged(f"Cannot read layers.json of run {run.run_id}: {error.strerror}.") from None
    except ValueError as error:
        raise run.damaged(f"Run {run.run_id} is damaged: {error}.") from None


def _read_config(run: "Run") -> KerasModel | None:
    """Return the model of the config; None if Headroom cannot count it, or it has other parameters than the record."""
    path, shape = run.artifact(CONFIG), run.record.data.input_shape
    found = _read(path, shape[0] if len(shape) > 1 else None, path.stat().st_mtime_ns)
    return found if found and found.params == run.record.cost.params else None


@lru_cache(maxsize=32)
def _read(path: Path, side: int | None, modified: int) -> KerasModel | None:
    try:
        return read_keras_model(path, side=side)
    except ModelFileError:
        return None
