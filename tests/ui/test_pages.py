"""Every page through Streamlit's own test runner, over homes as they come: empty, full, damaged, asked for nonsense."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.datasets.add import add_dataset
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.recipes import RECIPES
from core.spec import HEADS, RunSpec
from core.store.runs import RunStore
from core.ui.evidence import SECTIONS
from tests.support.markers import LONG
from tests.support.page import PAGES, navigated, open_page, read_tables
from tests.support.paths import ROOT
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

REPORT = ["compare", "parameters", "curves", "predictions", "evidence"]
TICKED = "runs of my choice"

Open = Callable[..., AppTest]


@pytest.fixture(name="open_page")
def _open_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page as a link does. Whatever happens on it, no exception may reach the person."""
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    opened: list[AppTest] = []

    def run(page: str, /, **params: str | list[str]) -> AppTest:
        opened.append(open_page(page, **params))
        return opened[-1]

    with navigated():
        yield run
    for app in opened:
        assert not app.exception
        assert not [error.value for error in app.error if "Something went wrong" in error.value]


@pytest.fixture
def two_heads(make_run: RunWriter) -> list[str]:
    """Two heads × two seeds; their run ids."""
    return [
        make_run(head=head, seed=seed, accuracy=accuracy).run_id
        for seed in range(2)
        for head, accuracy in (("gap", 0.85), ("dense", 0.95))
    ]


def text_of(app: AppTest) -> str:
    """All that stands on the page, and in the bar beside it."""
    parts = [
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.error,
        app.warning,
        app.info,
        app.text,
    ]
    parts += [app.success, app.code]
    return "\n".join(str(element.value) for elements in parts for element in elements)


def open_reproduction(app: AppTest) -> None:
    app.session_state["reproduce"] = True
    app.run()


# States of the home


@pytest.mark.parametrize("page", REPORT)
def test_page_of_an_empty_home_says_what_to_do_and_links_there(open_page: Open, page: str) -> None:
    app = open_page(page)
    assert app.header[0].value == "No runs yet"
    assert "Train a first comparison" in [link.label for link in app.get("page_link")]
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_page_of_one_run_has_a_title_and_no_complaint(open_page: Open, make_run: RunWriter, page: str) -> None:
    make_run()
    app = open_page(page)
    assert len(app.title) == 1
    assert not [*app.error, *app.warning]


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_comparison_has_a_title_and_no_complaint(open_page: Open, two_heads: list[str], page: str) -> None:
    app = open_page(page)
    assert len(app.title) == 1
    assert not [*app.error, *app.warning]
    app.run()  # as after any click: from what is cached
    assert not [*app.error, *app.warning]


def test_compare_leads_with_what_was_found(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare")
    assert re.search(
        r"GAP has 17\.5× fewer parameters than Flatten \+ Dense, no difference in .* \([\d.]+ points lower, .*\.$",
        app.title[0].value,
    )
    assert app.metric[0].value == "24,586"
    open_reproduction(app)
    assert "python -m core compare " + " ".join(sorted(two_heads, key=two_heads.index)[:1]) in text_of(app)


@pytest.mark.parametrize("page", REPORT)
def test_damaged_run_folder_leaves_the_good_ones_on_the_page(
    open_page: Open, home: Home, two_heads: list[str], page: str
) -> None:
    (home.runs / "0123456789ab").mkdir()
    (home.runs / "ba9876543210").mkdir()
    (home.runs / "ba9876543210" / "record.json").write_text("{")
    app = open_page(page)
    assert len(app.title) == 1
    assert not app.error
    if page == "compare":
        assert "ba9876543210" in text_of(app)


def test_record_that_is_damaged_in_its_place_leaves_the_newest_whole_comparison(
    open_page: Open, home: Home, two_heads: list[str], make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.index._TICK_SECONDS", 0.0)  # as if nothing had been published for a while
    newest = [make_run(RunSpec(epochs=25, head=head, seed=seed)) for seed in range(2) for head in ("gap", "dense")]
    app = open_page("compare")
    open_reproduction(app)
    assert all(run.run_id in text_of(app) for run in newest)
    for run in newest:
        os.truncate(run.path / "record.json", 100)
    time.sleep(0.5)  # looking at every record waits a multiple of the time it took
    app.run()
    assert not app.error
    assert all(run_id in text_of(app) for run_id in two_heads)
    assert "4 damaged run folders" in [fold.label for fold in app.expander]
    assert f"Expected run '{newest[0].run_id}' to have a valid record.json" in text_of(app)


@pytest.mark.parametrize("page", ["compare", "predictions", "evidence"])
def test_damaged_predictions_are_named_in_one_sentence(
    open_page: Open, home: Home, two_heads: list[str], page: str
) -> None:
    (home.runs / two_heads[0] / "predictions.npz").write_bytes(b"not what the worker wrote")
    st.cache_resource.clear()  # runs of the same id were shown in other tests, whole
    app = open_page(page)
    assert len(app.error) == 1
    assert app.error[0].value.startswith(
        f"Expected predictions.npz of run {two_heads[0]} as it was written; got other bytes"
    )


@pytest.mark.parametrize("page", ["parameters", "train"])
def test_damaged_predictions_do_not_touch_pages_that_need_none(
    open_page: Open, home: Home, two_heads: list[str], page: str
) -> None:
    (home.runs / two_heads[0] / "predictions.npz").unlink()
    assert not open_page(page).error


def test_pictures_that_are_gone_leave_the_figures(open_page: Open, home: Home, two_heads: list[str]) -> None:
    path = home.datasets / "digits" / "dataset.json"
    fingerprint = open_dataset(home, "digits").info.fingerprint
    path.write_text(path.read_text().replace(fingerprint, "0123456789abcdef"))
    app = open_page("predictions")
    assert "cannot be shown" in app.info[0].value
    assert "Which class is taken for which" in [heading.value for heading in app.subheader]


def test_new_run_appears_at_the_next_look(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("compare")
    assert app.title[0].value.startswith("After 3 epochs of 25: GAP has 24,586 parameters")
    make_run(head="dense")
    assert "than Flatten + Dense" in app.run().title[0].value


# Evidence


@pytest.mark.parametrize("section", list(SECTIONS))
@pytest.mark.parametrize("heads", [("gap",), ("gap", "dense"), ("gap", "gap_dense", "dense")])
def test_every_section_of_the_evidence_stands_for_any_number_of_heads(
    open_page: Open, make_run: RunWriter, heads: tuple[str, ...], section: str
) -> None:
    for head in heads:
        make_run(head=head)
    app = open_page("evidence", evidence=section)
    assert not [*app.error, *app.warning]
    assert app.button_group(key="evidence").value == section
    assert not [*app.run().error, *app.warning]  # as after any click: from what is cached


def test_stress_that_is_chosen_is_drawn_with_its_images(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("evidence", evidence="Robustness", stress="Blur")
    assert any("from left to right at 0, 0.5, 1, 1.5, 2, 3 (pixels)" in caption.value for caption in app.caption)
    assert any("Does global pooling buy shift invariance?" in text.value for text in app.markdown)


def test_runs_that_were_not_put_to_stress_say_so(open_page: Open, make_run: RunWriter) -> None:
    run = make_run(head="gap")
    rewrite(run, labels=run.predictions.test_labels)
    app = open_page("evidence", evidence="Robustness")
    assert [info.value[:37] for info in app.info] == ["These runs were not put to stress: th"]


def test_check_that_failed_has_its_page_of_explanation(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("evidence", evidence="Checks")
    fold = next(fold for fold in app.expander if "H06 Too few seeds" in fold.label)
    assert "with two seeds" in fold.label
    assert "**What to do:**" in fold.markdown[0].value


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
    app = open_page("evidence", evidence="Disagreements", second_head="GAP")
    assert [info.value for info in app.info] == ["Choose two heads that differ."]
    app.selectbox(key="second_head").set_value("Flatten + Dense").run()
    assert not [*app.error, *app.info]


def test_images_of_a_cell_are_counted_by_the_matrix(open_page: Open, two_heads: list[str], home: Home) -> None:
    app = open_page("evidence", evidence="Disagreements", right="both wrong")
    runs = [RunStore(home).open(run_id) for run_id in two_heads[:2]]
    right = [run.predictions.test_probs.argmax(axis=1) == run.predictions.test_labels for run in runs]
    count = int((~right[0] & ~right[1]).sum())
    assert f"{count} test image{'' if count == 1 else 's'}: both wrong." in text_of(app)


def test_cost_sets_the_heads_among_all_runs_on_the_same_images(
    open_page: Open, two_heads: list[str], make_run: RunWriter
) -> None:
    make_run(head="dense", units=32, epochs=5)
    app = open_page("evidence", evidence="Cost", cost="Training in all (s)")
    assert "All 5 finished runs that were tested on the same images" in text_of(app)
    front = read_tables(app)[-1]["Setting"].tolist()
    assert front == ["Flatten + Dense · 256 dense units · 3 epochs"]  # all take as long, and it is the most accurate
    assert "not measured" in read_tables(app)[0].to_string()  # older records have no tail of a batch of 32
    app.selectbox(key="cost").set_value("latency_32_p95_seconds").run()
    assert "none has this figure. Runs that are trained from now on hold it." in text_of(app)
    assert not [*app.error, *app.warning]


def test_knobs_are_those_that_differ_in_the_runs_shown(
    open_page: Open, two_heads: list[str], make_run: RunWriter
) -> None:
    for blocks in (1, 2):
        make_run(head="gap", epochs=5, blocks=blocks)
    app = open_page("evidence", evidence="Knobs", knob="Soup")
    assert [warning.value for warning in app.warning] == ["Expected knob to be one of 'Blocks', 'Epochs'; got 'Soup'."]
    assert app.selectbox(key="knob").options == ["Blocks", "Epochs"]
    app.selectbox(key="knob").set_value("epochs").run()
    assert not [*app.error, *app.warning]
    app.button_group(key="knob_runs").set_value("this comparison").run()
    assert "No two of these runs differ in one knob alone" in text_of(app)
    assert "Sweep over a knob" in [link.label for link in app.get("page_link")]


# What stands in the URL


NONSENSE = {
    "compare": ["nonsense", "<b>", "x" * 5000, "", "%00", "digits-heads;epochs=-3"],
    "runs": ["", "zzz", "../../etc", "0123456789ab,,;;"],
    "image": ["-1", "999999", "abc", "1e3", "", "²"],
    "page": ["-1", "99999", "abc", ""],
    "show": ["nothing", "0", ""],
    "by": ["year", ""],
    "order": ["sideways", ""],
    "class": ["eleven", ""],
    "seed": ["77", "x", ""],
    "smoothing": ["2", "-1", "abc", "nan", "inf"],
    "splits": ["test", ""],
    "log": ["maybe"],
    "single": ["2"],
    "side": ["", "1", "1000000", "nan"],
    "channels": ["0"],
    "classes": ["1"],
    "layers_of": ["nobody", ""],
    "calculator_blocks": ["9"],
    "calculator_filters": ["x"],
    "calculator_units": ["-1"],
    "recipe": ["soup", ""],
    "dataset": ["cifar"],
    "backbone": ["resnet"],
    "heads": ["Soup"],
    "epochs": ["0", "many"],
    "learning_rate": ["30"],
    "batch_size": ["-5"],
    "train_images": ["1e9"],
    "seeds": ["0"],
    "kernel_size": ["0"],
    "padding": ["full"],
    "loss": ["hinge", ""],
    "l2": ["30"],
    "dimensions": ["4D", ""],
    "evidence": ["Hearsay", ""],
    "models_of": ["77", "x"],
    "right": ["nobody"],
    "right_page": ["-1", "99999"],
    "target": ["0", "101", "nan"],
    "stress": ["heat", ""],
    "cost": ["money", ""],
    "cost_log": ["maybe"],
    "knob_runs": ["nobody", ""],
    "calculator_backbone": ["resnet"],
}
SEEN_ON = {
    "image": "predictions", "page": "predictions", "show": "predictions", "order": "predictions",
    "class": "predictions", "seed": "predictions", "by": "curves", "smoothing": "curves", "splits": "curves",
    "log": "curves", "single": "curves", "side": "parameters", "channels": "parameters", "classes": "parameters",
    "layers_of": "parameters", "calculator_blocks": "parameters", "calculator_filters": "parameters",
    "calculator_units": "parameters", "recipe": "train", "dataset": "train", "backbone": "train", "heads": "train",
    "epochs": "train", "learning_rate": "train", "batch_size": "train", "train_images": "train", "seeds": "train",
    "kernel_size": "train", "padding": "train", "loss": "train", "l2": "train", "dimensions": "parameters",
    "calculator_backbone": "parameters", "evidence": "evidence", "models_of": "evidence", "right": "evidence",
    "right_page": "evidence", "target": "evidence", "stress": "evidence", "cost": "evidence", "cost_log": "evidence",
    "knob_runs": "evidence",
}  # fmt: skip
SECTION = {
    "models_of": "Disagreements", "right": "Disagreements", "right_page": "Disagreements", "target": "Convergence",
    "stress": "Robustness", "cost": "Cost", "cost_log": "Cost", "knob_runs": "Knobs",
}  # fmt: skip


# What a page takes in its stride: an empty list of splits or heads is what a person leaves behind who ticks none.
EMPTY_IS_A_CHOICE = {"splits", "runs"}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_in_the_url_ends_in_a_sentence_and_the_default(
    open_page: Open, two_heads: list[str], name: str
) -> None:
    for value in NONSENSE[name] if LONG else NONSENSE[name][:2]:
        params = {name: value} | ({"compare": TICKED} if name == "runs" else {})
        params |= {"evidence": SECTION[name]} if name in SECTION else {}
        app = open_page(SEEN_ON.get(name, "compare"), **params)
        assert not app.exception, value
        said = [element.value for element in [*app.error, *app.warning]]
        assert all(re.search(r"^Expected .*; got .*\.", sentence) for sentence in said), said
        assert said or (name in EMPTY_IS_A_CHOICE and not value), value
        if name != "runs":
            assert [sentence for sentence in said if f"Expected {name} " in sentence] or not value, said
            assert app.title, "the page stands all the same"
            assert name not in app.query_params or not value


def test_sentence_names_the_value_and_what_was_expected(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="abc", by="year")
    assert [warning.value for warning in app.warning] == [
        "Expected by to be one of 'epoch', 'seconds'; got 'year'.",
        "Expected smoothing between 0 and 0.95; got 'abc'.",
    ]
    assert app.slider(key="smoothing").value == 0.0
    assert not app.run().warning  # said once


def test_good_values_beside_a_bad_one_are_kept(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="0.5", by="year", log="true")
    assert len(app.warning) == 1
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="log").value is True


def test_one_value_is_asked_where_a_link_has_two(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing=["0.1", "0.2"], splits=["training", "validation"])
    assert [warning.value for warning in app.warning] == ["Expected smoothing between 0 and 0.95; got '0.1 and 0.2'."]


def test_name_that_no_page_knows_is_named(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothness="0.5")
    assert [warning.value for warning in app.warning] == ["Expected a setting that some page has; got 'smoothness'."]
    assert "smoothness" not in app.query_params


def test_settings_of_another_page_are_no_complaint(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", smoothing="0.5", side="64", show="wrong", epochs="3")
    for page in PAGES:
        assert not [*app.warning, *app.error, *app.exception]
        app.switch_page(f"pages/{page}.py").run()
    assert not [*app.warning, *app.error, *app.exception]


def test_every_setting_of_a_page_survives_a_visit_to_the_others(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", smoothing="0.5")
    app.switch_page("pages/train.py").run()
    app.slider(key="epochs").set_value(7).run()
    app.switch_page("pages/parameters.py").run()
    app.slider(key="calculator_blocks").set_value(1).run()
    app.switch_page("pages/train.py").run()
    assert (app.slider(key="epochs").value, app.slider(key="blocks").value) == (7, 2)
    app.switch_page("pages/curves.py").run()
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="single").value is True


def test_unknown_comparison_is_named_and_another_is_shown(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare="soup")
    assert re.fullmatch(r"Expected compare to be one of 'digits-heads.*'; got 'soup'\.", app.warning[0].value)
    assert "17.5×" in app.title[0].value


@pytest.mark.parametrize("image", ["999999", "abc", "-1"])
def test_unknown_image_is_named_with_what_was_expected(open_page: Open, two_heads: list[str], image: str) -> None:
    app = open_page("predictions", image=image)
    assert [warning.value for warning in app.warning] == [f"Expected image between 0 and 359; got '{image}'."]
    assert "Which class is taken for which" in [heading.value for heading in app.subheader]


# Predictions


def test_class_filter_starts_empty_whatever_the_classes_are_called(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions")
    assert app.selectbox(key="class").value is None
    assert "any" not in app.selectbox(key="class").options
    assert any("360 of 360 test images" in caption.value for caption in app.caption)
    app = open_page("predictions", **{"class": "3"})
    assert app.selectbox(key="class").value == "3"
    assert not any("360 of 360 test images" in caption.value for caption in app.caption)


def test_another_filter_turns_to_the_first_page(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", page="15")
    assert app.number_input(key="page").value == 15
    app.selectbox(key="class").set_value("3").run()
    assert app.number_input(key="page").value == 1
    assert not [*app.warning, *app.error]


def test_dialog_tells_the_probability_of_the_true_class(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7")
    assert re.search(r"GAP gives it \*\*[\d.]+%\*\*", text_of(app))


def test_strip_says_which_seed_it_shows(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare")
    assert "The surest first, by the runs with seed 0." in [caption.value for caption in app.caption]


def test_link_to_an_image_opens_it(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("predictions", image="7")
    assert any("Test image 7" in caption.value for caption in app.caption)


def test_link_to_ticked_runs_compares_them(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED, runs=f"{two_heads[0]}, {two_heads[1][:8]}")
    assert "(one seed: a result, not a verdict)" in app.title[0].value


def test_ticked_runs_that_are_not_there_are_named(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED, runs="feedfeedfeed")
    assert "Expected the id of a finished run; got 'feedfeedfeed'." in [error.value for error in app.error]


def test_no_ticked_runs_ask_for_some(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED)
    assert "Tick some below" in app.error[0].value


def test_link_keeps_its_settings(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves", by="seconds", smoothing="0.5", log="true")
    assert app.slider(key="smoothing").value == 0.5
    assert app.toggle(key="log").value is True
    assert "Accuracy by training time" in [heading.value for heading in app.subheader]


def pictures(app: AppTest) -> list[bytes]:
    return [chart.proto.SerializeToString() for chart in app.get("vega_lite_chart")]


def test_picture_is_the_same_again_and_another_for_another_setting(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("curves")
    first = pictures(app)
    assert len(first) == 2
    assert pictures(app.run()) == first
    app.slider(key="smoothing").set_value(0.9).run()
    assert not set(pictures(app)) & set(first)


# The calculator


def totals(app: AppTest) -> dict[str, str]:
    table = next(table for table in read_tables(app) if "In the head" in table.columns)
    return dict(zip(table["Head"], table["Parameters"], strict=True))


def test_calculator_starts_with_the_published_totals(open_page: Open) -> None:
    found = totals(open_page("parameters"))
    assert (found["GAP"], found["Flatten + Dense"]) == ("24,586", "431,242")
    assert list(found) == [head.label for head in HEADS.values()]


def test_calculator_follows_its_sliders(open_page: Open) -> None:
    app = open_page("parameters")
    app.slider(key="side").set_value(64).run()
    found = totals(app)
    assert found["GAP"] == "24,586"
    assert found["Flatten + Dense"] == f"{320 + 18_496 + (14 * 14 * 64 + 1) * 256 + 2_570:,}"


def test_calculator_says_when_the_maps_vanish(open_page: Open) -> None:
    app = open_page("parameters", side="8")
    app.slider(key="calculator_blocks").set_value(5).run()
    assert "Choose fewer blocks or larger images than 8 × 8 × 1." in app.warning[0].value


# Train


@pytest.fixture
def digits(home: Home) -> None:
    open_dataset(home, "digits")


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_train_shows_parameters_before_the_click(open_page: Open, home: Home, digits: None) -> None:
    app = open_page("train")
    table = read_tables(app)[0]
    assert dict(zip(table["Head"], table["Parameters"], strict=True)) == {"GAP": "24,586", "Flatten + Dense": "431,242"}
    assert "Train 4 runs" in labels(app)
    assert JobQueue(home).jobs() == []


def test_train_offers_the_comparison_when_all_is_cached(open_page: Open, make_run: RunWriter) -> None:
    for seed in range(2):
        for head in ("gap", "dense"):
            make_run(RunSpec(head=head, seed=seed))
    app = open_page("train")
    assert "Show the comparison" in labels(app)
    assert "4 of 4 runs are cached" in app.success[0].value


def test_train_counts_what_is_cached(open_page: Open, make_run: RunWriter) -> None:
    make_run(RunSpec())
    app = open_page("train")
    assert "1 of 4 runs are cached" in app.success[0].value
    assert "Train 3 runs" in labels(app)


def test_train_refuses_blocks_that_do_not_fit_the_images(open_page: Open, digits: None) -> None:
    app = open_page("train")
    blocks = app.slider(key="blocks")
    blocks.set_value(blocks.max).run()
    assert "Choose fewer blocks" in app.error[0].value


def test_train_keeps_a_knob_that_only_one_of_the_heads_uses(open_page: Open, digits: None) -> None:
    app = open_page("train")
    app.slider(key="units").set_value(8).run()
    table = read_tables(app)[0].set_index("Head")
    assert table.loc["Flatten + Dense", "Parameters"] == f"{320 + 18_496 + (1_600 * 8 + 8) + (8 * 10 + 10):,}"
    assert table.loc["GAP", "Parameters"] == "24,586"


def test_train_without_a_head_says_so(open_page: Open, digits: None) -> None:
    app = open_page("train")
    app.pills(key="heads").set_value([]).run()
    assert "Expected at least one head; got none." in [warning.value for warning in app.warning]
    assert not [label for label in labels(app) if label.startswith("Train")]


def test_train_offers_to_fetch_a_dataset_that_is_not_here(open_page: Open) -> None:
    app = open_page("train", recipe="kmnist-heads")
    assert "KMNIST is not on this machine yet." in [info.value for info in app.info]
    assert "Fetch KMNIST" in labels(app)


def test_link_opens_the_same_form(open_page: Open, digits: None) -> None:
    app = open_page(
        "train", epochs="3", learning_rate="0.01", blocks="1", seeds="1", train_images="500", heads="Flatten"
    )
    assert not app.warning
    assert app.slider(key="epochs").value == 3
    assert app.select_slider(key="learning_rate").value == 0.01
    assert app.slider(key="train_images").value == 500
    assert read_tables(app)[0]["Head"].tolist() == ["Flatten"]
    assert "Train 1 run" in labels(app)


def test_only_what_differs_from_the_recipe_is_in_the_link(open_page: Open, digits: None) -> None:
    app = open_page("train", epochs="25", blocks="3", recipe="digits-heads")
    assert app.query_params == {"blocks": "3"}


def test_another_recipe_brings_its_own_values(open_page: Open, digits: None) -> None:
    app = open_page("train", epochs="3", heads="Flatten", train_images="500")
    app.selectbox(key="recipe").set_value("kmnist-heads").run()
    assert app.selectbox(key="dataset").value == "kmnist"
    assert app.slider(key="epochs").value == 25
    assert app.pills(key="heads").value == ["gap", "dense"]
    app.selectbox(key="recipe").set_value("digits-heads").run()
    assert app.slider(key="train_images").value == 1437
    assert not [*app.warning, *app.error]


def test_another_dataset_is_trained_on_whole(open_page: Open, digits: None) -> None:
    app = open_page("train", train_images="500")
    app.selectbox(key="dataset").set_value("kmnist").run()
    app.selectbox(key="dataset").set_value("digits").run()
    assert app.slider(key="train_images").value == 1437


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_has_a_form(open_page: Open, digits: None, recipe: str) -> None:
    app = open_page("train", recipe=recipe)
    assert app.selectbox(key="recipe").value == recipe
    assert not [*app.error, *app.exception, *app.warning]


def test_text_that_is_no_setting_is_said_in_a_sentence(open_page: Open, digits: None) -> None:
    app = open_page("train", heads="Flatten + MLP", hidden="64-x", augment="flip_sideways=1")
    assert any(error.value.startswith("Expected hidden to be up to five widths") for error in app.error)
    app.text_input(key="hidden").set_value("32-16").run()
    assert any("flip_sideways" in error.value for error in app.error)


@pytest.fixture
def photos(home: Home, tmp_path: Path) -> None:
    """An added folder of twenty tiny images in two classes."""
    for name, grey in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (40, 40), (grey + number,) * 3).save(tmp_path / "photos" / name / f"{number}.png")
    add_dataset(home, "photos", tmp_path / "photos", side=32)


def test_added_folder_is_trained_on_from_the_form(open_page: Open, home: Home, photos: None) -> None:
    app = open_page("train", recipe="folder-heads", image_side="32", blocks="2", seeds="1")
    assert app.selectbox(key="folder").value == "photos"
    assert not [*app.error, *app.exception]
    assert read_tables(app)[0]["Head"].tolist() == ["GAP", "Flatten + Dense"]
    assert "Train 2 runs" in labels(app)


def test_face_recipe_offers_the_attributes(open_page: Open) -> None:
    app = open_page("train", recipe="celeba-heads", attribute="Smiling")
    assert app.selectbox(key="attribute").value == "Smiling"
    assert any("python -m core datasets add celeba PATH" in info.value for info in app.info)


def test_more_epochs_are_asked_for_every_run(
    open_page: Open, home: Home, two_heads: list[str], no_dispatcher: None
) -> None:
    app = open_page("curves")
    next(button for button in app.button if button.label == "Train 10 more epochs").click().run()
    stored = [RunStore(home).open(run_id).spec for run_id in two_heads]
    wanted = {spec.replace(epochs=spec.epochs + 10).run_id for spec in stored}
    assert {job.run_id for job in JobQueue(home).jobs()} == wanted


def test_growth_chart_marks_where_the_calculator_stands(open_page: Open) -> None:
    app = open_page("parameters", side="224", dimensions="1D")
    assert not [*app.error, *app.exception]
    assert "Parameters of the head by the side of the input" in [heading.value for heading in app.subheader]


# Trainings that run, and that ended


def queue_up(home: Home, **knobs: object) -> RunSpec:
    """A job in the table, with nobody to run it."""
    spec = RunSpec(data=open_dataset(home, "digits").info.fingerprint, **knobs)
    JobQueue(home).submit([spec])
    return spec


@pytest.fixture
def ended(home: Home) -> Callable[[RunSpec, str], None]:
    """Ends the job of a spec in a state, as the dispatcher writes it."""

    def end(spec: RunSpec, state: str) -> None:
        with closing(sqlite3.connect(JobQueue(home).path)) as table, table:
            table.execute("UPDATE job SET state = ?, ended_at = ?", (state, time.time() - 600))

    return end


def test_latest_tells_settings_apart_and_when(
    open_page: Open, home: Home, ended: Callable[[RunSpec, str], None]
) -> None:
    ended(queue_up(home, epochs=3, blocks=1, train_images=500), "failed")
    app = open_page("train")
    assert "3 epochs · 500 training images · 1 block · 10 min ago" in [caption.value for caption in app.caption]
    assert "Try again" in labels(app)


def test_show_opens_the_comparison_whatever_is_in_the_link(
    open_page: Open, home: Home, make_run: RunWriter, ended: Callable[[RunSpec, str], None]
) -> None:
    for epochs in (3, 4):
        for head in ("gap", "dense"):
            run = make_run(head=head, epochs=epochs)
    JobQueue(home).submit([run.spec])
    ended(run.spec, "finished")
    app = open_page("train", epochs="7", compare="digits-heads · 3 epochs")
    app.button(key=f"show-{run.run_id}").click().run()
    assert "24,586" in [metric.value for metric in app.metric]
    assert app.sidebar.selectbox[0].value == "digits-heads · 4 epochs"
    assert not [*app.warning, *app.error]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_try_again_queues_the_same_spec(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None], state: str
) -> None:
    spec = queue_up(home, epochs=3)
    ended(spec, state)
    app = open_page("train")
    app.button(key=f"again-{spec.run_id}").click().run()
    assert [job.spec for job in JobQueue(home).unfinished()] == [spec]
    assert "0 running, 1 queued" in [heading.value for heading in app.subheader]
    assert "Try again" not in labels(app)


def test_what_runs_stands_before_the_choices(open_page: Open, home: Home, no_dispatcher: None) -> None:
    for seed in range(7):
        queue_up(home, seed=seed)
    app = open_page("train")
    headings = [heading.value for heading in app.subheader]
    assert headings.index("0 running, 7 queued") < headings.index("Before you start")
    assert app.expander[0].label == "3 more queued"
    assert labels(app).count("Stop") == 7


def test_stopping_what_has_just_ended_is_said_in_a_sentence(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None]
) -> None:
    spec = queue_up(home)
    app = open_page("train")
    ended(spec, "finished")
    app.button(key=f"stop-{spec.run_id}").click().run()
    assert not app.exception


def test_slots_that_are_none_leave_the_rest_of_the_page(
    open_page: Open, home: Home, monkeypatch: pytest.MonkeyPatch, ended: Callable[[RunSpec, str], None]
) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "0")
    ended(queue_up(home), "failed")
    app = open_page("train")
    assert app.error[0].value.startswith("Expected HEADROOM_SLOTS")
    assert "Latest" in [heading.value for heading in app.subheader]


# Jobs


def test_jobs_of_an_empty_home_shows_the_way_to_train(open_page: Open) -> None:
    app = open_page("jobs")
    assert "#### No trainings yet." in [text.value for text in app.markdown]
    assert [link.proto.label for link in app.get("page_link")] == ["Train a first comparison"]
    assert not app.dataframe


def test_jobs_shows_what_runs_with_its_log_and_cancels_it(open_page: Open, home: Home, no_dispatcher: None) -> None:
    spec = queue_up(home, epochs=4)
    queue_up(home, seed=1)
    job = JobQueue(home).claim()
    assert job is not None
    folder = home.jobs / spec.run_id
    folder.mkdir()
    (folder / "log.txt").write_text("Training goes on.\n")
    said = '{"phase": "training", "epoch": 1, "epochs": 4, "step": 1, "steps": 2, "loss": 0.5, "eta_seconds": 60}'
    (folder / "progress.json").write_text(said)
    app = open_page("jobs")
    assert "#### 1 running, 1 queued." in [text.value for text in app.markdown]
    table = app.dataframe[0].value
    assert table[["State", "Progress", "Epoch", "Loss", "Time left"]].values.tolist() == [
        ["training", 37.5, "2 of 4", "0.500", "1 min 0 s"], ["queued", 0.0, "–", "–", "–"],
    ]  # fmt: skip
    assert [code.value for code in app.code] == ["Training goes on."]
    app.button(key=f"cancel-{spec.run_id}").click().run()
    (job,) = JobQueue(home).running()
    assert job.cancel
    assert app.dataframe[0].value["State"][0] == "stopping"
    assert app.button(key=f"cancel-{spec.run_id}").disabled


def test_job_in_a_link_that_is_not_there_is_named(open_page: Open, home: Home, no_dispatcher: None) -> None:
    spec = queue_up(home)
    app = open_page("jobs", job="abc")
    name = f"GAP · Digits · seed 0 · {spec.run_id}"
    assert [warning.value for warning in app.warning] == [f"Expected job to be one of {name!r}; got 'abc'."]
    assert app.selectbox(key="job").value == spec.run_id


def test_jobs_puts_a_queued_job_first(open_page: Open, home: Home, no_dispatcher: None) -> None:
    specs = [queue_up(home, seed=seed) for seed in range(3)]
    last = specs[-1].run_id
    app = open_page("jobs", job=f"GAP · Digits · seed 2 · {last}")
    app.button(key=f"First-{last}").click().run()
    assert [job.run_id for job in JobQueue(home).unfinished()] == [last, specs[0].run_id, specs[1].run_id]
    app.button(key=f"Down-{last}").click().run()
    assert list(app.dataframe[0].value["Run"]) == [specs[0].run_id, last, specs[1].run_id]
    assert app.selectbox(key="job").value == last


def test_paused_queue_says_so_on_both_pages_and_goes_on_from_either(
    open_page: Open, home: Home, no_dispatcher: None
) -> None:
    queue_up(home)
    app = open_page("jobs")
    next(button for button in app.button if button.label == "Pause the queue").click().run()
    sentence = "The queue was paused just now by test@example.com: nothing new is started."
    assert [warning.value for warning in app.warning] == [sentence]
    assert "Pause the queue" not in labels(app)
    other = open_page("train")
    assert [warning.value for warning in other.warning] == [sentence]
    other.button(key="go-on").click().run()
    assert JobQueue(home).paused() is None
    assert not other.warning


@pytest.mark.parametrize(("state", "label"), [("failed", "Retry"), ("cancelled", "Resume")])
def test_jobs_tells_why_one_ended_and_asks_for_it_again(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None], state: str, label: str
) -> None:
    spec = queue_up(home)
    reason = "Expected a test to end well; got nothing." if state == "failed" else ""
    job = JobQueue(home).claim()
    assert job is not None
    JobQueue(home).settle(job, "failed", reason)
    ended(spec, state)
    app = open_page("jobs")
    table = app.dataframe[0].value
    assert table["State"][0] == state
    if reason:
        assert table["Reason"][0] == reason
        assert [error.value for error in app.error] == [reason]
    else:
        assert "Reason" not in table
    app.button(key=f"{label}-{spec.run_id}").click().run()
    (job,) = JobQueue(home).unfinished()
    assert (job.spec, job.asked_by) == (spec, "test@example.com")
    assert "#### 0 running, 1 queued." in [text.value for text in app.markdown]


# TensorFlow is an island


_OPEN_ALL = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
for page in sys.argv[2:]:
    app = AppTest.from_file(Path(sys.argv[1]) / "dashboard.py", default_timeout=60)
    for name in [name for name in sys.modules if name.startswith("core.ui")]:  # as in a server just started
        del sys.modules[name]
    app.switch_page(f"pages/{page}.py").run()
    loaded = [name for name in ("tensorflow", "keras", "core.training") if name in sys.modules]
    print(page, len(app.sidebar.selectbox), bool(app.exception or app.error), loaded)
"""


def test_first_link_to_any_page_opens_it_in_its_frame_without_tensorflow(home: Home, two_heads: list[str]) -> None:
    command = [sys.executable, "-c", _OPEN_ALL, str(ROOT), *PAGES]
    env = os.environ | {"PYTHONPATH": str(ROOT), "HEADROOM_HOME": str(home.path)}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=ROOT)
    assert result.stdout.splitlines() == [f"{page} 1 False []" for page in PAGES]
