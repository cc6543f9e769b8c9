"""The Evidence page: every section, and its settings."""

import pytest
import streamlit as st

from core.files import write_json
from core.home import Home
from core.jobs.queue import JobQueue
from core.store.activation_maps import NAME
from core.store.evidence import EVIDENCE
from core.store.run import IMPORTED
from core.store.run_store import RunStore
from core.ui.evidence.sections import SECTIONS
from tests.support.activation import ACTIVATION_MAPS, html_of, without_maps
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.run_rewriter import add_evidence_of, rewrite, without_evidence
from tests.support.run_writer import RunWriter


@pytest.mark.parametrize("heads", [("gap",), ("gap", "dense"), ("gap", "gap_dense", "dense")])
def test_every_section_is_drawn_for_any_number_of_heads(
    open_page: Open, make_run: RunWriter, heads: tuple[str, ...]
) -> None:
    for head in heads:
        make_run(head=head)
    app = open_page("evidence", evidence=list(SECTIONS)[-1])
    for section in SECTIONS:
        app.button_group(key="evidence").set_value(section).run()
        assert not [*app.error, *app.warning], section
        assert app.button_group(key="evidence").value == section
    assert not [*app.run().error, *app.warning]  # as after any click: from the cache


def test_selected_corruption_is_drawn_with_its_images(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("evidence", evidence="Robustness", corruption="Blur")
    assert any("from left to right at 0, 0.5, 1, 1.5, 2, 3 (pixels)" in caption.value for caption in app.caption)
    assert any("This tests one pair of heads at one severity." in text.value for text in app.markdown)


def test_runs_without_robustness_evaluation_are_reported(open_page: Open, make_run: RunWriter) -> None:
    run = make_run(head="gap")
    rewrite(run, labels=run.predictions.test_labels)
    app = open_page("evidence", evidence="Robustness")
    assert [info.value[:30] for info in app.info] == ["Robustness was not evaluated: "]


def test_robustness_and_latency_appear_when_they_are_computed(open_page: Open, home: Home, make_run: RunWriter) -> None:
    runs = [without_evidence(make_run(head=head)) for head in ("gap", "dense")]
    sentence = "Robustness and the latency of 32 images are being computed; queued jobs come first."
    app = open_page("evidence", evidence="Cost", cost="latency_32_seconds")
    assert [info.value for info in app.info] == [sentence]
    assert "New runs include it." not in text_of(app)
    app.button_group(key="evidence").set_value("robustness").run()
    assert [info.value for info in app.info] == [sentence]
    add_evidence_of(runs[0])
    app.run()
    partly = "Robustness and the latency of 32 images of 1 of 2 runs are being computed; queued jobs come first."
    assert [info.value for info in app.info] == [partly]
    assert text_of(app).count(partly) == 1
    add_evidence_of(runs[1])
    app.run()
    assert not [*app.info, *app.error, *app.warning]
    assert any("This tests one pair of heads at one severity." in text.value for text in app.markdown)
    app.button_group(key="evidence").set_value("cost").run()
    assert not [*app.info, *app.error, *app.warning]
    assert "1.00 ms, p95 2.00 ms" in str(read_tables(app)[0].to_dict())


@pytest.mark.parametrize("imported", [True, False])
def test_evidence_that_will_not_come_is_explained(open_page: Open, make_run: RunWriter, imported: bool) -> None:
    run = without_evidence(make_run(head="gap"))
    if imported:
        (run.path / IMPORTED).touch()
    else:
        write_json(run.path / EVIDENCE, {"model": "0" * 64, "cpu": "", "problem": "No."})
    app = open_page("evidence", evidence="Robustness")
    reason = "before these runs were exported" if imported else "its computation failed"
    assert [reason in info.value for info in app.info] == [True]


def test_failed_check_has_its_explanation(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("evidence", evidence="Checks")
    fold = next(fold for fold in app.expander if "H06 Too few seeds" in fold.label)
    assert "with two seeds" in fold.label
    assert "**What to do:**" in fold.markdown[0].value


def test_failed_check_of_the_data_shows_its_images_and_the_accuracy_without_them(
    open_page: Open, two_heads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("evidence", evidence="Checks")
    assert "<img" not in html_of(app)  # two of 360 test images leak: the check has passed and is closed
    monkeypatch.setattr("core.analysis.checks.leak.is_severe", lambda *counts: True)
    st.cache_resource.clear()
    app = open_page("evidence", evidence="Checks")
    fold = next(fold for fold in app.expander if "H18 Test images among the training images" in fold.label)
    assert fold.proto.expanded
    assert "2 of 360 test images are nearly training images. Test accuracy without them: GAP" in text_of(app)
    assert html_of(app).count('alt="Test image') == 2
    assert html_of(app).count('alt="Training image') >= 2
    assert [link.proto.query_string for link in app.get("page_link") if link.proto.label == "View the data"] == [
        "dataset_shown=digits"
    ]
    st.cache_resource.clear()


def test_under_trained_heads_are_trained_longer_together(
    open_page: Open, home: Home, two_heads: list[str], no_dispatcher: None
) -> None:
    app = open_page("evidence", evidence="Checks")
    next(button for button in app.button if button.label == "Train 10 more epochs").click().run()
    stored = [RunStore(home).open(run_id).spec for run_id in two_heads]
    wanted = {spec.replace(epochs=spec.epochs + 10).run_id for spec in stored}
    assert {job.run_id for job in JobQueue(home).jobs()} == wanted


def test_heads_of_a_pair_must_differ(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "gap_dense", "dense"):
        make_run(head=head)
    app = open_page("evidence", evidence="Agreement", second_head="GAP")
    assert [info.value for info in app.info] == ["Select two different heads."]
    app.selectbox(key="second_head").set_value("Flatten + Dense").run()
    assert not [*app.error, *app.info]


def test_images_of_a_cell_are_counted_by_the_matrix(open_page: Open, two_heads: list[str], home: Home) -> None:
    app = open_page("evidence", evidence="Agreement", cell="both wrong")
    runs = [RunStore(home).open(run_id) for run_id in two_heads[:2]]
    right = [run.predictions.test_probs.argmax(axis=1) == run.predictions.test_labels for run in runs]
    count = int((~right[0] & ~right[1]).sum())
    assert f"{count} test image{'' if count == 1 else 's'}: both wrong." in text_of(app)


def test_cost_shows_the_heads_among_all_runs_on_the_same_images(
    open_page: Open, two_heads: list[str], make_run: RunWriter
) -> None:
    make_run(head="dense", units=32, epochs=5)
    app = open_page("evidence", evidence="Cost", cost="Total training time (s)")
    assert "5 finished runs on the same test set" in text_of(app)
    front = read_tables(app)[-1]["Configuration"].tolist()
    assert front == ["Flatten + Dense · 256 dense units · 3 epochs"]  # all take equally long, it is the most accurate
    assert "not measured" in read_tables(app)[0].to_string()  # former records have no partial last batch of 32
    app.selectbox(key="cost").set_value("latency_32_p95_seconds").run()
    assert "was not measured. New runs include it." in text_of(app)
    assert not [*app.error, *app.warning]


def test_settings_are_those_that_differ_between_the_shown_runs(
    open_page: Open, two_heads: list[str], make_run: RunWriter
) -> None:
    for blocks in (1, 2):
        make_run(head="gap", epochs=5, blocks=blocks)
    app = open_page("evidence", evidence="Hyperparameters", setting="Soup")
    assert [warning.value for warning in app.warning] == [
        "Expected setting to be one of 'blocks', 'epochs'; got 'Soup'."
    ]
    assert app.selectbox(key="setting").options == ["Blocks", "Epochs"]
    app.selectbox(key="setting").set_value("epochs").run()
    assert not [*app.error, *app.warning]
    app.button_group(key="setting_runs").set_value("this comparison").run()
    assert "No two of these runs differ in exactly one hyperparameter" in text_of(app)
    assert "Sweep a hyperparameter" in [link.label for link in app.get("page_link")]


@pytest.mark.parametrize("heads", [("gap",), ("gap", "dense"), ("gap", "gap_dense", "dense")])
def test_activation_section_is_drawn_for_any_number_of_heads(
    open_page: Open, make_run: RunWriter, heads: tuple[str, ...]
) -> None:
    for head in heads:
        make_run(head=head)
    app = open_page("evidence", evidence=ACTIVATION_MAPS)
    assert not [*app.error, *app.warning, *app.info]
    assert html_of(app).count("var(--maps)") == 6 * len(heads)
    app.slider(key="opacity").set_value(20).run()
    assert '--maps:0.2"' in html_of(app)
    app.selectbox(key="map_class_index").set_value(7).run()
    assert "evidence for &quot;7&quot; at" in html_of(app)
    assert not [*app.error, *app.warning]


def test_data_table_describes_where_the_evidence_is(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    app = open_page("evidence", evidence="Activation maps")
    app.session_state["table-maps"] = True
    app.run()
    table = read_tables(app)[0]
    assert table["Head"].tolist() == ["GAP", "Flatten + Dense"] * 6
    assert table["Evidence"].str.startswith("strongest evidence for ").all()


def test_section_without_maps_has_a_reason_for_each_head(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        without_maps(make_run(head=head))
    app = open_page("evidence", evidence=ACTIVATION_MAPS)
    assert [info.value.partition(":")[0] for info in app.info] == ["GAP", "Flatten + Dense"]
    assert not app.error


def test_section_with_damaged_maps_reports_them(open_page: Open, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / NAME).write_bytes(b"something else")
    app = open_page("evidence", evidence="Activation maps")
    assert [error.value.startswith(f"{NAME} of run {run.run_id} is damaged") for error in app.error] == [True]


def test_dialog_of_an_image_shows_its_activation_maps(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("predictions", image="3")
    assert "Test image 3" in html_of(app)


def test_overfitted_heads_are_proposed_to_keep_their_best_epoch(open_page: Open, make_run: RunWriter) -> None:
    losses = [1.0, 0.5, 0.4, 0.4, 0.4, 0.6, 0.8, 0.9]
    row = {"seconds": 1.0, "loss": 0.1, "accuracy": 0.9, "val_accuracy": 0.9}
    history = [row | {"epoch": epoch, "val_loss": loss} for epoch, loss in enumerate(losses, 1)]
    history = [line | {"loss": 1.0 / line["epoch"]} for line in history]
    run = rewrite(make_run(epochs=8), history=history)
    app = open_page("evidence", evidence="Checks", runs=run.run_id)
    assert "Train again and keep the best epoch" in labels(app)
    kept = rewrite(make_run(epochs=8, keep="best_val_loss"), history=history, kept_epoch=3)
    app = open_page("evidence", evidence="Checks", runs=kept.run_id)
    assert "Train again and keep the best epoch" not in labels(app)


def test_metrics_section_shows_averages_classes_and_curves(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "gap_dense", "dense", "mlp", "flatten"):
        make_run(head=head)
    app = open_page("evidence", evidence="metrics")
    averages = read_tables(app)[0]
    assert averages["Metric"].tolist()[:3] == ["Accuracy", "Balanced accuracy", "Top-5 accuracy"]
    assert "GAP + Dense" in averages
    app = open_page("evidence", evidence="metrics", metrics="curves", curve_class="3", curve="precision_recall")
    assert app.selectbox(key="curve_class").value == 3
    assert "Average precision" in read_tables(app)[0]
    assert not [*app.error, *app.warning]
    app = open_page("evidence", evidence="metrics", metrics="classes", class_metric="roc_auc")
    assert app.button_group(key="class_metric").value == "roc_auc"


def test_sections_without_data_contain_a_sentence(open_page: Open, make_run: RunWriter) -> None:
    for head in ("gap", "dense"):
        make_run(head=head, accuracy=1.0)
    app = open_page("evidence", evidence="Agreement")
    assert "All predictions are correct." in [text.value for text in app.markdown]
