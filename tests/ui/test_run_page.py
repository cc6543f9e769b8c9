"""The Run page in every state of a run, and the links to it."""

import shutil
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.displays.number import format_bytes
from core.exporters.model_package import measure_models
from core.home import Home
from core.jobs.failure_reason import DIVERGED
from core.jobs.queue import JobQueue
from core.jobs.run_lookup import find_run
from core.jobs.sweep_store import keep_sweep
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.saved_comparison import save_runs
from tests.support.dispatcher import queue_up
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.run_writer import RunWriter


@pytest.fixture
def open_run(open_page: Open) -> Open:
    return partial(open_page, "run")


def button(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def test_finished_run_shows_its_results_settings_origin_files_and_usage(
    open_run: Open, home: Home, make_run: RunWriter
) -> None:
    run = make_run(l2=0.01, epochs=6)
    other = make_run(head="dense", l2=0.01, epochs=6)
    comparison = Comparison.of([run, other])
    sweep = keep_sweep(home, "digits-heads", [], [run.spec, other.spec])
    report = ReportStore(home).create(write_default(comparison).change(title="Of *both*"), "ada")
    removed = ReportStore(home).publish(report, build_document(report.report, RunStore(home)), "ada")
    ReportStore(home).save(report, report.report.change(runs=(other.run_id,)), "ada")
    kept = ReportStore(home).create(write_default(comparison), "ada")
    saved = save_runs(home, "Mine", (run.run_id,))
    NoteBook(home).write(run.run_id, Note("[x](y)", ("paper",), star=True))
    app = open_run(run=run.run_id[:9])
    assert not [*app.error, *app.warning]
    assert (app.title[0].value, run.run_id in text_of(app)) == (r"★ \[x\](y)", True)
    assert app.markdown[0].value.startswith("**Test accuracy ")
    metrics, settings = read_tables(app)
    assert metrics["Images"].tolist() == ["test (360)", "validation (288)"]
    assert metrics["95% interval"].str.contains(" to ").all()
    assert settings["Setting"].tolist() == ["Epochs", "L2 penalty"]
    links = [link.proto.query_string for link in app.get("page_link")]
    assert {f"followed={sweep.sweep_id}", f"report={kept.id}", f"report={removed.address}"} <= {*links}
    assert f"report={report.id}" not in links  # its draft no longer contains the run
    assert f"usage-saved:{saved.saved_id}" in [button.key for button in app.button]
    for fold in ("settings", "Data and environment", "Model", "Files", "Log"):
        app.session_state[f"run-{fold}"] = True
    app.session_state["compare-with"] = True
    app.run()
    assert not [*app.error, *app.warning]
    _, _, data, environment = read_tables(app)
    assert len(settings) + len(app.dataframe[0].value) == len(SETTINGS)
    assert run.record.data.fingerprint in data["Value"][1]
    assert environment["Value"].tolist()[:3] == ["not recorded", "a processor", "not recorded"]
    names = [found.proto.label for found in app.get("download_button")]
    assert len(names) == 1 + len(run.record.checksums)
    assert "This run has no log." in text_of(app)
    assert f"Run {run.run_id} has no model files: " in text_of(app)
    assert app.multiselect[0].options == [f"Flatten + Dense · seed 0 · {other.record.metrics.test_accuracy:.1%} · "
                                          f"{other.run_id}"]  # fmt: skip
    app.multiselect[0].set_value([other.run_id]).run()
    app = button(app, "Compare 2 runs")
    assert app.session_state["compare"] == f"runs:{run.run_id},{other.run_id}"


def test_model_is_offered_with_its_code_and_size(
    open_run: Open, examples: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    app = open_run(run=run.run_id)
    app.session_state["run-Model"] = True
    app.run()
    assert not [*app.error, *app.warning]
    labels = [found.proto.label for found in app.get("download_button")]
    assert labels == [f"Download model (ZIP, {format_bytes(measure_models(run))})", "Download model card"]
    assert app.code[0].value.startswith("# pip install ai-edge-litert pillow\n")
    assert "The ZIP file contains model.tflite, a model card and labels.json." in text_of(app)
    assert app.code[0].value.count("import") == 5
    monkeypatch.setattr("core.ui.run.model.find_onnx_problem", lambda run: "")
    monkeypatch.setattr("core.ui.run.model.convert_onnx", lambda run, path: path.write_bytes(b"onnx"))
    app = button(app.run(), "Convert to ONNX")
    assert not app.exception
    assert [found.proto.label for found in app.get("download_button")][2:] == ["Download ONNX file (4 B)"]
    assert ["onnxruntime" in code.value for code in app.code] == [False, True]


def test_every_state_has_a_sentence_and_what_to_do(
    open_run: Open, home: Home, store: RunStore, make_run: RunWriter, no_dispatcher: None
) -> None:
    deleted, cleared, damaged, broken = (make_run(seed=seed) for seed in range(4))
    bare = make_run(seed=4, predictions=False)
    store.delete(deleted.run_id)
    (damaged.path / "predictions.npz").write_bytes(b"x")
    (broken.path / "record.json").write_text("{")
    queue = JobQueue(home)
    failed, diverged, cancelled, trained = (queue_up(home, seed=seed) for seed in range(20, 24))
    for spec, reason in ((failed, "The disk is full."), (diverged, f"{DIVERGED}the loss is not finite.")):
        job = queue.claim()
        assert job is not None
        assert job.run_id == spec.run_id
        queue.settle(job, "failed", reason)
    queue.cancel(cancelled.run_id)
    queue.submit([cleared.spec])
    shutil.rmtree(cleared.path)
    for _ in range(2):
        job = queue.claim()
        assert job is not None
    queue.settle(job, "finished")
    waiting = queue_up(home, seed=30)
    expected = {
        "": ("Run", "No run is selected.", ""),
        "abc": ("Run", "Run 'abc' was not found", ""),
        deleted.run_id: ("deleted", "Restore it to see its results.", "Restore"),
        cleared.run_id: ("deleted", "deleted permanently. Train it again.", "Train again with changes"),
        damaged.run_id: ("damaged", "predictions.npz of run", "Train again with changes"),
        broken.run_id: ("damaged", "is invalid", ""),
        bare.run_id: ("finished", "This run has no predictions", "Train again with changes"),
        failed.run_id: ("failed", "The disk is full.", "Retry"),
        diverged.run_id: ("diverged", "the loss is not finite.", "Retry"),
        cancelled.run_id: ("cancelled", "This run has no log.", "Resume"),
        trained.run_id: ("training", "The log is empty.", "Cancel"),
        waiting.run_id: ("queued", "Position 1 of 1 in the queue.", "Move up"),
    }
    for run_id, (state, sentence, label) in expected.items():
        app = open_run(run=run_id) if run_id else open_run()
        assert len(app.title) == 1, run_id
        assert sentence in text_of(app), (run_id, text_of(app))
        assert not label or label in labels(app), (state, labels(app))
        if state != "Run":
            assert find_run(home, store, run_id).state == state
            assert any(f"{state}]" in text.value for text in app.markdown), state
        else:
            assert app.title[0].value == "Run"
    button(open_run(run=deleted.run_id), "Restore")
    assert store.path(deleted.run_id)


def test_note_is_saved(home: Home, make_run: RunWriter, open_run: Open) -> None:
    run_id = make_run().run_id
    app = open_run(run=run_id)
    app.text_input[0].set_value("the first")
    app.text_input[1].set_value("Paper, draft")
    app.text_area[0].set_value("<b>why</b>")
    button(app, "Save")
    assert NoteBook(home).read(run_id) == Note("the first", ("paper", "draft"), "<b>why</b>", version=1)
    button(app, "Add star")
    app.text_area[0].set_value("more")
    assert not button(app, "Save").error
    assert NoteBook(home).read(run_id) == Note("the first", ("paper", "draft"), "more", star=True, version=3)


def test_second_of_two_concurrent_changes_keeps_the_typed_text(home: Home, make_run: RunWriter, open_run: Open) -> None:
    run_id = make_run().run_id
    app = open_run(run=run_id)
    NoteBook(home).write(run_id, Note(text="theirs"))
    app.text_area[0].set_value("mine")
    button(app, "Save")
    assert "Another user changed the note" in app.error[0].value
    assert app.text_area[0].value == "mine"
    assert NoteBook(home).read(run_id).text == "theirs"
    button(app, "Reload note")
    assert app.text_area[0].value == "theirs"


def test_title_names_a_backbone_that_is_not_the_default(open_run: Open, make_run: RunWriter) -> None:
    for backbone, name in (("conv_pool", "GAP"), ("pixels", "GAP · No convolutions")):
        assert open_run(run=make_run(backbone=backbone).run_id).title[0].value == f"{name} on Digits, seed 0"
