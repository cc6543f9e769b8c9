"""Model packages: the card of every recipe and head, the input that its code makes, and the code of an old run."""

import io
import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.analysis.activation import prepare_picture
from core.analysis.litert_file import parse_signature
from core.augment.fit import FITS
from core.cli.app import app
from core.displays.markdown import escape_signs
from core.errors import ExporterError, SpecError
from core.exporters.model_card import ModelCard
from core.exporters.model_code import KERAS, LITERT, ONNX
from core.exporters.model_input import ModelInput
from core.exporters.model_package import CARD, LABELS, explain_missing_models, list_model_files, name_file, read_package
from core.exporters.onnx import check_onnx
from core.home import Home
from core.recipes import RECIPES
from core.spec import DATASETS, HEADS, RunSpec
from core.store.run import IMPORTED, Run
from core.store.thumbnail import load_test_images
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.model_run import write_model_run
from tests.support.run_writer import RunWriter

HOSTILE = ["](http://x) <b>", "`a` | b", "# 日本"]


def run_code(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Run a script in a folder and return its variables."""
    monkeypatch.chdir(folder)
    found: dict[str, object] = {}
    exec(compile(script, "script", "exec"), found)
    return SimpleNamespace(**found)


def test_card_of_every_recipe_and_head_has_no_empty_field(tmp_path: Path) -> None:
    for recipe in RECIPES.values():
        classes = [f"class {index}" for index in range(recipe.classes)]
        for head in HEADS:
            spec = recipe.spec_of(head)
            folder = {"folder": "mine"} if DATASETS[spec.dataset].added else {}
            try:
                run = write_model_run(tmp_path, spec.replace(**folder), recipe.input_shape, classes)
            except SpecError:  # GAP with the binary loss
                assert head not in recipe.heads
                continue
            card = ModelCard(run, (KERAS, ONNX))
            for section, facts in card.list_sections().items():
                assert facts, section
                for name, text in facts.items():
                    assert text.strip() not in ("", "None", "nan", "–"), (recipe.name, head, section, name)
            text, labels = card.write(), json.loads(card.write_labels())
            assert not re.search(r"\b(None|nan)\b", text), (recipe.name, head)
            assert labels["classes"] == classes
            assert labels["data"]["licence"]
            assert (labels["input"]["height"], labels["input"]["width"]) == recipe.input_shape[:2]
            assert all(limit.strip() for limit in card.list_limits())


def test_card_of_a_run_with_predictions_has_intervals_limits_and_escaped_classes(
    tmp_path: Path, examples: list[Run]
) -> None:
    run = next(run for run in examples if run.has(LITERT))
    card = ModelCard(run, (LITERT,))
    text = card.write()
    low = "96.8 to 99.4%" if run.spec.head == "dense" else "95% interval"
    assert low in text
    assert "### Results per class" in text
    assert any(limit.startswith("Too few seeds") for limit in card.list_limits())
    assert DATASETS["digits"].licence in text
    assert f"{run.record.cost.params:,}" in text
    hostile = write_model_run(tmp_path, RunSpec(epochs=2), (28, 28, 1), HOSTILE)
    written = ModelCard(hostile, (KERAS,)).write()
    for name in HOSTILE:
        assert escape_signs(name).replace("|", r"\|") in written
        assert f" {name}\n" not in written
    assert json.loads(ModelCard(hostile, (KERAS,)).write_labels())["classes"] == HOSTILE


def test_card_of_a_model_from_elsewhere_does_not_claim_that_headroom_trained_it(tmp_path: Path) -> None:
    run = write_model_run(tmp_path, RunSpec(epochs=2), (28, 28, 1), ["a", "b"])
    run.__dict__["spec"] = run.spec.replace(elsewhere="own", content="0" * 16)
    text = ModelCard(run, (KERAS,)).write()
    assert "evaluated with Headroom" in text
    assert "trained with Headroom" not in text


def write_files() -> dict[str, bytes]:
    """Return image files by kind: not square, rotated by EXIF, with a palette, and with 16 bits."""
    rng = np.random.default_rng(3)
    wide = Image.fromarray(rng.integers(0, 256, (41, 60, 3), np.uint8))
    files = {"wide": wide, "tall": wide.rotate(90, expand=True), "square": wide.crop((0, 0, 37, 37)),
             "grey": wide.convert("L"), "palette": wide.convert("P")}  # fmt: skip
    found = {}
    for name, image in files.items():
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        found[name] = buffer.getvalue()
    turned, buffer = wide.getexif(), io.BytesIO()
    turned[0x0112] = 6
    wide.save(buffer, "PNG", exif=turned)
    found["turned"] = buffer.getvalue()
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 4096, (30, 51), np.uint16)).save(buffer, "PNG")
    return found | {"deep": buffer.getvalue()}


def test_code_prepares_image_files_like_headroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_files()
    cases = [
        ("folder", (24, 24, channels), {"fit": fit, "value_range": value_range})
        for channels in (1, 3) for fit in FITS for value_range in (None, (100.0, 3500.0))
    ]  # fmt: skip
    cases += [("cifar10", (24, 24, 3), {}), ("celeba", (30, 20, 3), {})]
    for dataset, shape, data in cases:
        folder = {"folder": "mine"} if dataset == "folder" else {}
        run = write_model_run(tmp_path, RunSpec(epochs=2).replace(dataset=dataset, **folder), shape, ["a", "b"], **data)
        code = "\n".join(["import numpy as np", "from PIL import Image, ImageOps", *ModelInput.of(run).write_lines()])
        for name, content in files.items():
            if name == "deep" and not data.get("value_range"):
                continue  # a dataset of files with 8 bits
            (tmp_path / "image.png").write_bytes(content)
            found = run_code(code, tmp_path, monkeypatch).x
            expected = prepare_picture(content, run)[np.newaxis].astype(np.float32) / 255
            np.testing.assert_array_equal(found, expected, err_msg=f"{dataset} {shape} {data} {name}")


def test_package_of_an_older_run_names_its_output_and_predicts_like_the_run(
    tmp_path: Path, examples: list[Run], home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = next(run for run in examples if run.has(LITERT))
    content = read_package(run)
    assert content == read_package(run)  # depends only on the run
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "package")
        assert archive.namelist() == [CARD, LABELS, LITERT]
    labels = json.loads((tmp_path / "package" / LABELS).read_text())
    assert labels["files"][LITERT]["index"] == 1
    assert 'output 1 ("output_0")' in (tmp_path / "package" / CARD).read_text()
    (script,) = (code.write_script(ModelInput.of(run)) for code in ModelCard(run, (LITERT,)).code.values())
    assert script in (tmp_path / "package" / CARD).read_text()
    assert len(script.splitlines()) <= 14
    for index, image in enumerate(load_test_images(home, run, exact=True)[:3]):
        Image.fromarray(image[..., 0]).save(tmp_path / "package" / "image.png")
        found = run_code(script, tmp_path / "package", monkeypatch)
        expected = run.predictions.test_probs[index]
        np.testing.assert_allclose(found.probs, expected, atol=1e-5)
        printed = capsys.readouterr().out.split()
        assert (printed[0], round(float(printed[1]), 3)) == (str(expected.argmax()), round(float(expected.max()), 3))


def test_damaged_signature_is_refused_and_never_gives_code(examples: list[Run]) -> None:
    content = (next(run for run in examples if run.has(LITERT)).path / LITERT).read_bytes()
    found = parse_signature(content)
    assert (found.input, found.probabilities, found.index) == ("keras_tensor", "output_0", 1)
    rng, refused = np.random.default_rng(0), 0
    name = content.index(b"output_0")
    bad = [content[:name] + b"a;print(" + content[name + 8 :], b"", b"TFL3" * 9, content[:200]]
    for _ in range(60):
        copy = np.frombuffer(content, np.uint8).copy()
        ends = np.concatenate([np.arange(400), len(copy) - 1 - np.arange(3000)])
        copy[rng.choice(ends, 300)] = rng.integers(0, 256, 300)
        bad.append(copy.tobytes())
    for damaged in bad:
        try:
            names = parse_signature(damaged)
        except ValueError:
            refused += 1
        else:
            assert names.input.isidentifier()
            assert names.probabilities.isidentifier()
    assert refused >= len(bad) // 2


def test_runs_without_a_model_give_the_reason_in_one_sentence(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    recorded = explain_missing_models(run)
    (run.path / IMPORTED).touch()
    imported = explain_missing_models(run)
    elsewhere = explain_missing_models(add_elsewhere(make_run.home, bare=True))
    assert "trained elsewhere" in elsewhere
    assert "train the run" not in elsewhere
    assert "recorded without them" in recorded
    assert "imported without its models" in imported
    for sentence in (recorded, imported):
        assert sentence.startswith(f"Run {run.run_id} has no model files: ")
    with pytest.raises(ExporterError, match="imported without its models"):
        list_model_files(run)
    with pytest.raises(ExporterError, match=r"is not installed|has no model\.keras"):
        check_onnx(run)
    result = CliRunner().invoke(app, ["export", "model", run.run_id, "-o", str(tmp_path / "out")])
    assert result.exit_code != 0
    assert not (tmp_path / "out").exists()


def test_command_writes_one_readable_file_per_run(examples: list[Run], tmp_path: Path) -> None:
    runs = [run for run in examples if run.has(LITERT)]
    assert len(runs) > 1
    result = CliRunner().invoke(app, ["export", "model", *(run.run_id for run in runs), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    paths = [Path(line) for line in result.stdout.splitlines()]
    assert {path.name for path in paths} == {name_file(run, "model.zip") for run in runs}
    assert f"digits-heads-gap-seed0-{next(run for run in runs if run.spec.head == 'gap').run_id}-model.zip" in {
        path.name for path in paths
    }
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
