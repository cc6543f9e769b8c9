"""Models, test images and checksums in report files (with a browser: `tests/e2e/test_offline_report.py`)."""

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.errors import ReportError, SpecError
from core.home import Home
from core.reports import image_explorer, offline_model
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.document import Document
from core.reports.export import add_extras
from core.reports.extras import collect_extras, estimate_model_bytes
from core.reports.format import FORMATS, Edition
from core.reports.formats import html
from core.reports.image_explorer import build_image_explorer
from core.reports.offline_model import MAX_BYTES, build_models, estimate_models_size
from core.reports.report import ChartBlock
from core.reports.seal import verify_file
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

pytestmark = pytest.mark.slow


@pytest.fixture
def without_vega(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write HTML files without the script of the charts, which takes seconds to build."""
    monkeypatch.setattr(html, "load_vega", lambda home: "")


def build(comparison: Comparison, store: RunStore) -> Document:
    blocks = (ChartBlock(display="checks"),)
    return build_document(write_default(comparison).change(blocks=blocks), store)


def measure(model: dict[str, Any]) -> int:
    return sum(len(text) for each in model["weights"].values() for text in each.values())


def test_models_of_the_examples_fit_into_a_file(
    home: Home, examples: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of(examples)
    found = build_models(comparison, home)
    assert [(model["head"], model["seed"]) for model in found.models] == [("GAP", 0), ("Flatten + Dense", 0)]
    assert found.left_out == []
    sizes = [*map(measure, found.models)]
    assert sum(sizes) <= MAX_BYTES
    assert estimate_models_size(comparison) == pytest.approx(sum(sizes), rel=0.1)
    assert [any("low" in each for each in model["weights"].values()) for model in found.models] == [True, False]
    json.dumps(found.models, allow_nan=False)

    monkeypatch.setattr(offline_model, "MAX_BYTES", sizes[1])
    limited = build_models(comparison, home)
    assert [model["head"] for model in limited.models] == ["GAP"]
    (sentence,) = limited.left_out
    assert sentence.startswith("Flatten + Dense is not in this file: its weights need 1.15 MB, and the models before")
    monkeypatch.setattr(offline_model, "MAX_FLOPS", 1000)
    (first, _) = build_models(comparison, home).left_out
    assert first.startswith(
        "GAP is not in this file: it needs 5 MFLOPs per image; in a browser, a model may need 0. Get the model with: "
    )


def test_models_that_cannot_be_included_are_named(
    home: Home, examples: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(content: object) -> None:
        raise SpecError("the operation GATHER of its model file is not available in a browser")

    monkeypatch.setattr(offline_model, "read_graph", refuse)
    without = Comparison.of([run for run in examples if run.spec.head == "gap" and run.spec.seed])
    both = Comparison.of([*without.runs, *(run for run in examples if run.spec.head == "dense")])
    found = build_models(both, home)
    assert found.models == []
    assert [sentence.partition(": ")[0] for sentence in found.left_out] == [
        "GAP is not in this file", "Flatten + Dense is not in this file",
    ]  # fmt: skip
    ids = re.findall("[0-9a-f]{12}", found.left_out[0])  # of this head only, although the other one has a model
    assert {*ids} <= {run.run_id for run in without.runs}
    assert "has no model file. Train the run on this machine, or import its models." in found.left_out[0]
    dense = next(run for run in both.runs if run.spec.head == "dense" and run.has("model.tflite"))
    assert found.left_out[1].endswith(
        "the operation GATHER of its model file is not available in a browser. Get the model with: "
        f"headroom export model {dense.run_id} -o FOLDER"
    )
    assert estimate_models_size(without) == 0


def test_explorer_has_the_predictions_of_all_runs(
    home: Home, examples: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of(examples)
    found = build_image_explorer(comparison, home)
    assert found is not None
    assert found["images"] == [*range(360)]
    for head in found["heads"]:
        runs = next(variant.runs for variant in comparison.variants if variant.label == head["head"])
        for written, run in zip(head["runs"], runs, strict=True):
            assert written["predicted"] == run.predictions.test_probs.argmax(axis=1).tolist()
            assert np.abs(np.array(written["share"]) / 1000 - run.predictions.test_probs.max(axis=1)).max() <= 5.1e-4
    wrong = {
        image
        for run in examples
        for image in np.flatnonzero(run.predictions.test_probs.argmax(axis=1) != run.predictions.test_labels).tolist()
    }
    monkeypatch.setattr(image_explorer, "_MAX_BYTES", {1: 28 * 28 * (len(wrong) + 5)})
    limited = build_image_explorer(comparison, home)
    assert limited is not None
    assert len(limited["images"]) == len(wrong) + 5
    assert wrong < {*limited["images"]}


@pytest.mark.usefixtures("without_vega")
def test_file_of_changed_or_deleted_runs_says_so(make_run: RunWriter, store: RunStore) -> None:
    runs = [make_run(head=head) for head in ("gap", "dense")]
    document = build(Comparison.of(runs), store)
    assert collect_extras(document, store).problem == ""
    rewrite(runs[0], metrics={"test_accuracy": 0.123})
    changed = collect_extras(document, RunStore(store.home, examples=store.home.path / "none"))
    assert changed.problem == "The runs of this report were deleted or changed after it was published."
    assert (changed.images, estimate_model_bytes(document, store)) == (None, 0)
    (content,) = FORMATS["html"].write(Edition(document, extras=changed), store.home).values()
    assert f"Test images and models are not in this file. {changed.problem}".encode() in content
    with pytest.raises(ReportError, match=r"^A report as pdf cannot contain models\."):
        add_extras(Edition(document), "pdf", store, models=True)


@pytest.mark.usefixtures("without_vega")
def test_command_with_models_names_what_is_left_out(make_run: RunWriter, tmp_path: Path) -> None:
    ids = [make_run(head=head).run_id for head in ("gap", "dense")]
    result = CliRunner().invoke(app, ["report", "export", *ids, "-o", str(tmp_path / "a.html"), "--models"])
    assert result.exit_code == 0, result.output
    assert result.stderr.count("is not in this file: run ") == 2
    text = (tmp_path / "a.html").read_text()
    assert "GAP is not in this file: run " in text
    assert 'id="models"' not in text
    checked = CliRunner().invoke(app, ["report", "verify", str(tmp_path / "a.html")])
    assert checked.stdout.startswith("a.html: unchanged since it was written. SHA-256: ")


@pytest.mark.usefixtures("without_vega")
@pytest.mark.parametrize("form", ["html", "pdf", "json", "ipynb"])
def test_every_change_of_a_file_is_found(
    frozen: tuple[Home, Document], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_URL", "https://a.example/x")
    home, document = frozen
    checks = tuple(figure for figure in document.figures if figure.display == "checks")
    (content,) = FORMATS[form].write(Edition(document.model_copy(update={"sections": checks})), home).values()
    if form != "pdf":
        assert b"a.example/x" in content
    path = tmp_path / f"report{FORMATS[form].suffix}"
    path.write_bytes(content)
    stated = verify_file(path)
    assert content.count(stated.encode()) == 1
    rng = random.Random(0)
    positions = [*(rng.randrange(len(content)) for _ in range(40)), content.index(stated.encode()), len(content) - 2]
    for position in positions:
        for changed in (
            content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :],
            content[:position] + content[position + 1 :],
            content[:position] + b"x" + content[position:],
        ):
            path.write_bytes(changed)
            if form in ("json", "ipynb") and parses_as(changed, content):
                continue
            with pytest.raises(ReportError, match=r"was changed after it was written|has no checksum"):
                verify_file(path)
    for more in (b"<script></script>", content):
        path.write_bytes(content + more)
        with pytest.raises(ReportError):
            verify_file(path)


def parses_as(changed: bytes, content: bytes) -> bool:
    """Whether only the formatting of a JSON file differs."""
    try:
        return bool(json.loads(changed) == json.loads(content))
    except ValueError:
        return False


def test_file_without_checksum_is_refused(tmp_path: Path) -> None:
    for name, text in (("a.csv", "a,b"), ("a.json", "[1]"), ("a.json", "{"), ("a.html", "<p>"), ("a.pdf", "")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ReportError, match=r"^'a\.\w+' has no checksum\."):
            verify_file(tmp_path / name)
    with pytest.raises(ReportError, match=r"^Cannot read 'b\.html'"):
        verify_file(tmp_path / "b.html")
