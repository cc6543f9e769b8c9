"""The client: logged runs are valid bundles, wrong values give an error message, and training is never disturbed."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import headroom
from core.displays.views.architecture import ArchitectureView
from core.home import Home
from core.store.bundle_import import import_bundle
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.run_store import RunStore
from headroom.values import LogError
from tests.support.fake_keras import FakeModel, fit
from tests.support.markers import long
from tests.support.paths import ROOT

LABELS = np.array([0, 1, 2, 0])
PROBS = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2], [0.5, 0.3, 0.2]])
IMAGES = np.zeros((4, 8, 8, 1), np.float32)


ROWS = [
    {"loss": 1.2, "accuracy": 0.4, "val_loss": 0.9, "val_accuracy": 0.5},
    {"loss": 0.8, "accuracy": 0.6, "val_loss": 1.1, "val_accuracy": 0.4},
]


def add(home: Home, folder: Path) -> Run:
    (path,) = folder.glob("*.zip")
    (run_id,) = import_bundle(home, path).imported
    return RunStore(home).open(run_id)


def test_logger_writes_a_run_with_all_that_keras_knows(home: Home, tmp_path: Path) -> None:
    model = FakeModel(PROBS)
    logger = headroom.Logger(
        "baseline", test=(IMAGES, LABELS), classes=["cat", "dog", "owl"], validation=(IMAGES, LABELS), best="val_loss",
        images=True, seed=2, to=tmp_path,
    )  # fmt: skip
    fit(logger, model, ROWS)
    run = add(home, tmp_path)
    record = run.record
    assert run.run_id == logger.run_id
    assert (run.spec.elsewhere, run.spec.seed, record.kept_epoch, record.trained_epochs) == ("baseline", 2, 1, 2)
    assert record.metrics.test_accuracy == 0.75
    assert record.last_metrics is not None
    assert record.last_metrics.test_accuracy < 0.75
    assert model.weights == [1.0]  # those of the last epoch are restored
    assert run.history["val_loss"].tolist() == [0.9, 1.1]
    assert run.learning_rates.tolist() == [0.01, 0.01]
    assert run.history["seconds"].is_monotonic_increasing
    assert [(row.name, row.params) for row in run.model.rows] == [("dense", 195)]
    assert (record.cost.params, record.data.input_shape) == (195, (8, 8, 1))
    assert record.elsewhere
    assert record.elsewhere.settings["optimizer"] == "SimpleNamespace"
    assert (home.thumbnails / record.data.fingerprint).is_dir()


def test_config_of_a_keras_model_gives_flops_and_a_diagram(home: Home, tmp_path: Path) -> None:
    layers = [
        ("InputLayer", {"name": "image", "batch_shape": [None, 8, 8, 1]}),
        ("Flatten", {"name": "flatten"}),
        ("Dense", {"name": "dense", "units": 3, "activation": "softmax", "use_bias": True}),
    ]
    entries = [{"class_name": kind, "config": config, "shared_object_id": id(config)} for kind, config in layers]
    sequential = {"class_name": "Sequential", "config": {"name": "net", "layers": entries}}
    for name, config, has_diagram in (
        ("counted", sequential | {"compile_config": {"optimizer": "adam"}}, True),
        ("other layers", sequential | {"config": {"layers": entries[:2]}}, False),  # its parameters are not these
        ("unknown", {"class_name": "Unknown", "config": {}}, False),
        ("code", {"class_name": "__lambda__", "config": {}}, False),
    ):
        model = FakeModel(PROBS)
        model.to_json = lambda config=config: json.dumps(config)  # type: ignore[attr-defined]
        fit(headroom.Logger(name, test=(IMAGES, LABELS), to=tmp_path / name), model, ROWS[:1])
        run = add(home, tmp_path / name)
        assert run.has("config.json") == (name != "code")
        assert run.record.cost.flops == (run.model.flops if has_diagram else None)
        rows = [("flatten", 0, 0), ("dense", 195, 2 * 64 * 3 + 3)] if has_diagram else [("dense", 195, None)]
        assert [(row.name, row.params, row.flops) for row in run.model.rows] == rows
        assert (ArchitectureView(Comparison.of([run])).chart() is not None) == has_diagram


def test_logits_and_one_hot_labels_are_converted(home: Home, tmp_path: Path) -> None:
    logger = headroom.Logger("logits", test=(IMAGES, np.eye(3)[LABELS]), to=tmp_path)
    fit(logger, FakeModel(np.log(PROBS)), ROWS[:1])
    assert add(home, tmp_path).predictions.test_probs == pytest.approx(PROBS, abs=1e-6)


@pytest.mark.parametrize("fault", ["predict", "get_weights", "layers", "server"])
def test_fault_is_a_message_and_training_continues(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    model = FakeModel(PROBS)
    if fault == "server":
        logger = headroom.Logger("baseline", test=(IMAGES, LABELS), to="http://127.0.0.1:9")
    else:
        logger = headroom.Logger("baseline", test=(IMAGES, LABELS), best="val_loss", to=tmp_path)
        setattr(model, fault, None)
    fit(logger, model, ROWS)
    printed = capsys.readouterr().out
    assert "Headroom" in printed
    if fault == "server":
        assert f"Headroom run {logger.run_id} was not sent to http://127.0.0.1:9 (" in printed
        assert [*tmp_path.glob("headroom-runs/baseline-*.zip")]
    else:
        assert "did not log everything of 'baseline'" in printed


def test_run_of_any_library_is_logged(home: Home, tmp_path: Path) -> None:
    run_id = headroom.log_run(
        "forest", ["cat", "dog", "cat"], [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]], classes=["cat", "dog"],
        history=[{"train_loss": 1.0, "val_acc": 0.5}, {"train_loss": float("nan"), "val_acc": 0.6}],
        settings={"trees": 100}, cost={"params": 1234, "latency_seconds": 0.002}, library="scikit-learn 1.9",
        to=tmp_path,
    )  # fmt: skip
    run = add(home, tmp_path)
    assert (run.run_id, run.record.cost.params, run.record.cost.latency_seconds) == (run_id, 1234, 0.002)
    assert np.isnan(run.history["loss"].tolist()[1])
    assert run.record.elsewhere
    assert run.record.elsewhere.settings == {"trees": "100"}
    found = headroom.compare([run_id])
    assert found.headline.startswith("forest: 1,234 parameters")
    assert {"heads", "confusion"} <= {*found.frames} & {*found.charts}
    assert found.missing[0].startswith("forest was trained elsewhere (scikit-learn 1.9): no hyperparameters, ")


def test_binary_column_is_the_probability_of_the_second_class(home: Home, tmp_path: Path) -> None:
    headroom.log_run("binary", [0, 1, 1], [0.1, 0.8, 0.4], to=tmp_path)
    assert add(home, tmp_path).predictions.test_probs[:, 1] == pytest.approx([0.1, 0.8, 0.4])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "a\nb"}, "Expected name to be a text of 1 to 80 characters in one line; got 'a\\nb'."),
    "empty name": ({"name": ""}, "Expected name to be a text"),
    "no predictions": ({"probabilities": None}, "Give either probabilities or predictions."),
    "both": ({"predictions": LABELS}, "Give either probabilities or predictions, not both."),
    "rows": ({"probabilities": PROBS[:2]}, "Expected probabilities to have one row per image (4); got shape (2, 3)."),
    "logits": ({"probabilities": 5 * PROBS}, "For logits, set logits=True."),
    "text": ({"probabilities": "x"}, "Expected probabilities to be an array of numbers; got dtype"),
    "objects": ({"labels": [object()] * 4}, "Expected labels to be an array of numbers; got dtype object."),
    "negative": ({"labels": [-1, 0, 1, 2]}, "got -1."),
    "large": ({"labels": [0, 1, 2, 3]}, "Expected labels between 0 and 2; got 3."),
    "fractions": ({"labels": [0.5, 1, 2, 0]}, "Expected labels without fractions; got 0.5."),
    "unknown class": ({"labels": ["a", "b", "c", "z"], "classes": ["a", "b", "c"]}, "got 'z'."),
    "classes": ({"classes": ["a", "a", "b"]}, "different names; got 3."),
    "predicted class": (
        {"probabilities": None, "predictions": [0, 1, 2, 10**7]},
        "Expected at most 10,000 classes; got",
    ),
    "class count": ({"classes": ["a", "b"]}, "Expected labels between 0 and 1; got 2."),
    "history": ({"history": 3}, "Expected history to be columns or rows with one value per epoch; got int."),
    "percent": ({"history": {"accuracy": [93.5]}}, "Expected accuracy in history between 0 and 1; got 93.5."),
    "lengths": ({"history": {"loss": [1, 2], "val_loss": [1]}}, "Expected history with 1 to 1,000 values in each"),
    "columns": ({"history": {"mse": [1]}}, "Expected history with columns such as loss and val_accuracy; got mse."),
    "seed": ({"seed": -1}, "Expected seed to be a whole number between 0 and 2.14748e+09; got -1."),
    "data": ({"data": "../x"}, "Expected data to be up to 40 lowercase letters, digits, '-' and '_'; got '../x'."),
    "cost": ({"cost": {"price": 1}}, "got 'price'."),
    "negative cost": ({"cost": {"params": -1}}, "Expected cost params to be a whole number between 0 and"),
    "layers": ({"layers": [{"name": "a"}]}, "Expected each layer with name, type and output_shape;"),
    "images": ({"images": np.zeros((3, 8, 8))}, "Expected one test image per label (4); got 3."),
    "validation": (
        {"validation": LABELS},
        "Expected validation to be a pair of labels and probabilities;",
    ),
    "target": ({"to": 3}, "Expected to as a folder or an address such as http://localhost:8501; got 3."),
    "settings": ({"settings": [1]}, "Expected settings to be names with values; got list."),
}


def test_wrong_value_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    for case, (changes, expected) in WRONG.items():
        values = {"name": "mine", "labels": LABELS, "probabilities": PROBS, "to": tmp_path} | changes
        with pytest.raises(LogError) as caught:
            headroom.log_run(values.pop("name"), values.pop("labels"), values.pop("probabilities"), **values)
        assert expected in str(caught.value), case
        assert "\n" not in str(caught.value), case
    assert [*tmp_path.iterdir()] == []


def test_import_of_the_client_imports_neither_keras_nor_the_application() -> None:
    others = "'keras', 'tensorflow', 'core'"
    code = f"import headroom, sys; print([name for name in sys.modules if name.partition('.')[0] in ({others})])"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


@long  # builds a wheel and creates a virtual environment
def test_client_is_installed_alone(tmp_path: Path) -> None:
    source = shutil.copytree(ROOT / "headroom", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"

    def run(*words: object) -> Any:
        return subprocess.run([*map(str, words)], capture_output=True, text=True, check=True, cwd=tmp_path)

    run(python, "-m", "pip", "install", "--quiet", source)
    installed = {item["name"] for item in json.loads(run(python, "-m", "pip", "list", "--format", "json").stdout)}
    assert installed - {"pip", "setuptools"} == {"headroom-client", "numpy"}
    assert not (tmp_path / "venv" / "bin" / "headroom").exists()
    code = (
        "import headroom; print(headroom.log_run('mine', [0, 1], [[0.9, 0.1], [0.2, 0.8]], to='out'))\n"
        "try: headroom.compare(['0' * 12])\n"
        "except headroom.LogError as error: print(error)"
    )
    printed = run(python, "-c", code).stdout
    assert "Comparing needs the Headroom application, which is not installed here." in printed
    assert len([*tmp_path.glob("out/mine-*.zip")]) == 1
