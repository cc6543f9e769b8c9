"""Evaluation of a model of the user on the test images of a dataset, `python -m core.training.evaluate_model`.

The model becomes a run that was trained elsewhere, with all that Headroom measures: predictions, activation maps,
latency and robustness.
"""

from core.training import preload  # noqa: F401  # isort: skip  first: loads TensorFlow without its log output

import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.architecture.graph import INPUT, LayerWalk
from core.architecture.model import Model
from core.augment.corruption import select_corrupted_images
from core.bounds import MAX_LINE
from core.datasets.cache import pin
from core.datasets.dataset_view import open_view
from core.errors import HeadroomError, ModelFileError
from core.files import write_json
from core.home import Home
from core.memory_limit import limit_memory
from core.models.layer_store import register_home
from core.models.model_info import ModelInfo, locate_weights, read_model_info
from core.models.own_layers import PROBABILITIES, list_model_layers, name_layer
from core.spec import DATASETS, RunSpec
from core.store.elsewhere_model import CONFIG
from core.store.machine import read_machine
from core.store.metrics import compute_content, compute_metrics
from core.store.record import CLASS_ORDER, MODEL_FILE, RECORD_VERSION, Elsewhere, Metrics, Record
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import Predictions, Run, finite
from core.store.run_store import RunStore
from core.training.activation_maps import write_maps
from core.training.build import build_model, read_layers
from core.training.device import configure
from core.training.evaluate import compile_probs
from core.training.evaluate_robustness import evaluate_robustness, write_robustness
from core.training.evidence import BATCH
from core.training.export import export_litert
from core.training.input_data import Split
from core.training.latency import measure_latency
from core.training.model_weights import copy_all_weights
from core.training.record import (
    build_cost,
    build_data,
    compute_checksums,
    describe_environment,
    save_predictions,
)
from headroom.keras_model import read_config


def evaluate_model(home: Home, name: str, dataset: str, folder: str, classes: Sequence[str]) -> Run:
    """Evaluate an added model and publish the run.

    Args:
        classes: names of the classes in the order of the scores of the model; empty for the order of the dataset.

    Raises:
        ModelFileError: when the model is missing, or does not fit the images or classes of the dataset.
        DatasetError: when the dataset is not available.
        TrainingError: when Keras cannot load the model.
    """
    info = read_model_info(home, name)
    spec = pin(home, RunSpec.parse(_describe_data(info, dataset, folder)))
    view = open_view(home, spec)
    data = view.info
    order = _match_classes(info, data.classes, classes)
    closed = _compute_layers(info, spec, data.input_shape, len(data.classes))
    model = build_model(closed)
    copy_all_weights(locate_weights(home, info.reference), model, name, _count_saved(closed), order)
    test = Split(view.test_images, np.asarray(view.test_labels))
    probs = compile_probs(model, test.images)(test)
    empty = np.zeros((0, probs.shape[1]), np.float32), np.zeros(0, np.int64)
    predictions = Predictions(probs, test.labels, *empty)
    home.jobs.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".evaluating-", dir=home.jobs))
    try:
        save_predictions(work / "predictions.npz", predictions)
        write_maps(work / "maps.npz", model, closed, test)
        model.save(work / "model.keras")
        path = work / "model.tflite"
        export_litert(model, closed.maps_layer, path, data.classes, value_range=data.value_range, fit=data.fit)
        latency, batch = (measure_latency(path, closed.input_shape, images) for images in (1, BATCH))
        indices = select_corrupted_images(len(test), closed.flops)
        if len(indices):
            write_robustness(work / ROBUSTNESS, evaluate_robustness(path, test.images, indices))
        layers = read_layers(model)
        write_json(work / "layers.json", [row | {"flops": closed.rows[at].flops} for at, row in enumerate(layers)])
        if config := read_config(model):
            (work / CONFIG).write_text(config, encoding="utf-8")
        write_json(work / "environment.json", describe_environment(data.fingerprint))
        spec = spec.replace(elsewhere=name, content=compute_content(compute_checksums(work), data.classes))
        write_json(work / "spec.json", spec.canonical())
        (work / "log.txt").touch()
        loss, accuracy = compute_metrics(probs, test.labels)
        record = Record(
            version=RECORD_VERSION,
            run_id=spec.run_id,
            spec=spec.canonical(),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            metrics=Metrics(
                test_loss=finite(loss), test_accuracy=accuracy, validation_loss=None, validation_accuracy=None
            ),
            cost=build_cost(work, closed, latency, batch, train_seconds=None, peak_bytes=None),
            data=build_data(data, test.labels, train_images=None, validation_images=None),
            cpu=read_machine().cpu,
            cores=read_machine().cores,
            epochs=None,
            elsewhere=Elsewhere(library=MODEL_FILE, settings=_describe_order(classes, data.classes)),
            checksums=compute_checksums(work),
        )
        write_json(work / "record.json", record.model_dump(mode="json"))
        return RunStore(home).publish(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _describe_data(info: ModelInfo, dataset: str, folder: str) -> dict[str, object]:
    values: dict[str, object] = {"dataset": dataset, "folder": folder}
    if "side" in DATASETS[dataset].uses:
        values["side"] = info.side
    return values


def _match_classes(info: ModelInfo, known: Sequence[str], given: Sequence[str]) -> list[int]:
    """Return, for each class of the dataset, the position of its score in the outputs of the model."""
    scores = 2 if info.output_shape == (1,) else info.output_shape[-1]
    names = list(given) or list(known)
    if len(names) != scores:
        raise ModelFileError(f"Model {info.name} returns {scores} scores; {len(names)} class names are given for them.")
    if sorted(names) != sorted(known):
        missing = ", ".join(name for name in known if name not in names)
        raise ModelFileError(
            f"The class names of the model are not those of the dataset ({', '.join(known)}); missing: {missing}. Give "
            "them in the order of the scores of the model."
        )
    order = [names.index(name) for name in known]
    if info.output_shape == (1,) and order != [0, 1]:
        raise ModelFileError("A model with one score must return that of the second class of the dataset.")
    return order


def _describe_order(given: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Return the class names in the order of the scores of the model, if it is not that of the dataset."""
    if not given or list(given) == list(known):
        return {}
    order = ",".join(given)
    return {CLASS_ORDER: order if len(order) <= MAX_LINE else f"{order[: MAX_LINE - 1]}…"}


def _compute_layers(info: ModelInfo, spec: RunSpec, input_shape: tuple[int, ...], classes: int) -> Model:
    if input_shape[-1] != info.input_shape[-1] or (input_shape != info.input_shape and not info.any_side):
        shapes = " × ".join(map(str, info.input_shape)), " × ".join(map(str, input_shape))
        advice = "" if input_shape[-1] != info.input_shape[-1] else " Use images that you add: they are resized."
        raise ModelFileError(
            f"Model {info.name} reads images of {shapes[0]}; those of the dataset have {shapes[1]}.{advice}"
        )
    nodes = list_model_layers(info.reference, input_shape[0])
    walk = LayerWalk({INPUT: input_shape})
    maps = max(range(len(nodes)), key=lambda at: (nodes[at].layer.name == name_layer(info.cut), at))
    for at, node in enumerate(nodes):
        walk.add(node, "backbone" if at <= maps else "head")
    loss = "binary" if info.output_shape == (1,) else "categorical"
    return Model(((INPUT, input_shape),), tuple(walk.layers), tuple(walk.rows), spec.replace(loss=loss), classes)


def _count_saved(closed: Model) -> int:
    """Return the number of layers that the file has; a softmax or sigmoid of Headroom may follow."""
    return len(closed.rows) - (closed.rows[-1].name == PROBABILITIES)


def run_evaluation(arguments: list[str]) -> str | None:
    """Evaluate, print the run ID, and return None; return the message of an error otherwise."""
    folder, name, dataset, custom, *classes = arguments
    home = Home(Path(folder))
    limit_memory()
    configure()
    register_home(home)
    try:
        print(evaluate_model(home, name, dataset, custom, classes).run_id)
    except HeadroomError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(run_evaluation(sys.argv[1:]))
