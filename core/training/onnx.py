"""Conversion of model.keras to ONNX with Keras' exporter, `python -m core.training.onnx RUN_FOLDER FILE`."""

from core.training import preload  # noqa: F401  # isort: skip  first: loads TensorFlow without its log output

import json
import sys
import warnings
from pathlib import Path

import keras
import numpy as np

from core.errors import ExporterError, HeadroomError
from core.memory_limit import limit_memory
from core.store.run import Run
from core.training.checkpoint_file import load_checkpoint
from core.training.export import get_probabilities


def export_onnx(run: Run, path: Path) -> None:
    """Write the model of a run as an ONNX file.

    Input shape: `images` (batch, height, width, channels), float32 between 0 and 1.
    Output shape: `probabilities` (batch, classes). The metadata entry `classes` is JSON with their names.

    Raises:
        RunDamagedError: when model.keras is missing or damaged.
        ExporterError: when it is not a model that Headroom trained.
    """
    import onnx  # imported here: an optional package

    model = load_checkpoint(run.artifact("model.keras"), run.record.cost.params)
    if model is None:
        raise ExporterError(f"model.keras of run {run.run_id} cannot be converted. Train the run again.")
    images = keras.Input(model.input_shape[1:], name="images")
    named = keras.Model(images, {"probabilities": keras.Model(model.inputs, get_probabilities(model))(images)})
    named(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports models that were called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras uses names that NumPy deprecates
        named.export(str(path), format="onnx", verbose=False)
    stored = onnx.load(path)
    onnx.helper.set_model_props(stored, {"classes": json.dumps(run.record.data.classes), "run_id": run.run_id})
    onnx.save(stored, path)


if __name__ == "__main__":
    limit_memory()
    try:
        export_onnx(Run.open(Path(sys.argv[1]).absolute()), Path(sys.argv[2]))
    except HeadroomError as error:
        sys.exit(str(error))
