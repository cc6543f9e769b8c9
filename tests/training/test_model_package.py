"""Models that were built and exported now: the code of their cards in all libraries, ONNX, and the LiteRT metadata."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.exporters.model_card import ModelCard
from core.exporters.model_code import KERAS, LITERT, MODEL_FILES, ONNX
from core.exporters.model_package import LABELS, read_package, write_package
from core.exporters.onnx import find_onnx_problem
from core.spec import HEADS, RunSpec
from core.store.run import Run
from tests.support.markers import long, thin
from tests.support.model_run import read_images, train_model_run
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("transfer"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]

SMALL = {"filters": 3, "blocks": 1, "units": 6, "hidden": "6-5", "epochs": 2}
SIDE = 33  # the smallest side of all backbones and heads that are tested here


def write_image(run: Run, index: int, folder: Path) -> None:
    image = read_images(run)[index]
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(folder / "image.png")


def check_code(run: Run, folder: Path, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the code of the card for two images, and compare with the predictions of the run."""
    card = ModelCard(run, names)
    (folder / LABELS).write_text(card.write_labels(), encoding="utf-8")
    monkeypatch.chdir(folder)
    for name, code in card.code.items():
        for index in (0, 3):
            write_image(run, index, folder)
            found: dict[str, object] = {}
            exec(compile(code.write_script(card.input), name, "exec"), found)
            expected = run.predictions.test_probs[index]
            np.testing.assert_allclose(SimpleNamespace(**found).probs, expected, atol=1e-4, err_msg=name)


def unpack(run: Run, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(read_package(run))) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize(("head", "loss", "channels"), thin([("gap_dense", "categorical", 3), ("mlp", "binary", 1)], 2))
def test_code_of_the_card_gives_the_predictions_of_the_run(
    head: str, loss: str, channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.training.onnx import export_onnx

    classes = ["no", "ja, 日本"] if loss == "binary" else ["a", "b", "c"]
    run = train_model_run(tmp_path, RunSpec(head=head, loss=loss, **SMALL), (SIDE, SIDE, channels), classes)
    folder = unpack(run, tmp_path / "package")
    names: tuple[str, ...] = (LITERT, KERAS)
    if not find_onnx_problem(run):
        export_onnx(run, folder / ONNX)
        names = MODEL_FILES
    check_code(run, folder, names, monkeypatch)


@long  # converts every head and loss
def test_onnx_of_every_head_equals_keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    from core.training.onnx import export_onnx

    for head in HEADS:
        for loss in ("categorical", "sparse", "binary"):
            if (head, loss) == ("gap", "binary"):
                continue  # the spec rejects it
            home = tmp_path / f"{head}-{loss}"
            spec = RunSpec(head=head, loss=loss, **SMALL)
            run = train_model_run(home, spec, (SIDE, SIDE, 1), ["a", "b"] if loss == "binary" else ["a", "b", "c"])
            export_onnx(run, home / ONNX)
            check_code(run, home, (ONNX,), monkeypatch)


@long  # starts a process that loads TensorFlow
def test_package_with_onnx_contains_all_files(tmp_path: Path) -> None:
    pytest.importorskip("tf2onnx")
    run = train_model_run(tmp_path, RunSpec(**SMALL), (SIDE, SIDE, 1), ["a", "b"])
    write_package(run, tmp_path / "model.zip", onnx=True)
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        assert {*archive.namelist()} == {"model-card.md", LABELS, *MODEL_FILES}
        assert set(json.loads(archive.read(LABELS))["files"]) == {*MODEL_FILES}
        card = archive.read("model-card.md").decode()
    assert "onnxruntime.InferenceSession" in card


@long  # installs TensorFlow, LiteRT and ONNX Runtime into new environments
def test_code_of_the_card_runs_in_a_new_environment(tmp_path: Path) -> None:
    run = train_model_run(tmp_path, RunSpec(head="dense", **SMALL), (SIDE, SIDE, 3), ["a", "b", "c"])
    folder = unpack(run, tmp_path / "package")
    names: tuple[str, ...] = (LITERT, KERAS)
    if not find_onnx_problem(run):
        from core.training.onnx import export_onnx

        export_onnx(run, folder / ONNX)
        names = MODEL_FILES
    card = ModelCard(run, names)
    write_image(run, 2, folder)
    expected = run.predictions.test_probs[2]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for name, code in card.code.items():
        venv = tmp_path / name.replace(".", "-")
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        python = venv / "bin" / "python"
        install = [python, "-m", "pip", "install", "-q", "-c", ROOT / "requirements.lock", *code.packages.split()]
        subprocess.run(install, check=True, env=environment)
        done = subprocess.run(
            [python, "-c", code.write_script(card.input)], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        label, prob = done.stdout.split()[-2:]
        assert label == card.run.record.data.classes[expected.argmax()], name
        assert float(prob) == pytest.approx(float(expected.max()), abs=1e-4), name
