"""The Compare page: the headline, the selection of runs, and damaged runs."""

import os
import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from core.displays.markdown import escape_markdown
from core.home import Home
from core.jobs.comparison_choice import FORMS
from core.spec import RunSpec
from core.store.comparison import list_offers
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.page import TICKED, Open, text_of
from tests.support.run_writer import RunWriter


def open_reproduction(app: AppTest) -> None:
    app.session_state["reproduce"] = True
    app.run()


# States of the home


def test_compare_begins_with_the_headline(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare")
    assert re.search(
        r"GAP has 17\.5× fewer parameters than Flatten \+ Dense, "
        r"worse accuracy, [\d.]+ points lower \(95% interval −[\d.]+ to −[\d.]+\)\.$",
        app.title[0].value,
    )
    assert app.metric[0].value == "24,586"
    (caveats,) = [info.value for info in app.info if "Caveat" in info.value]
    assert re.fullmatch(r"\*\*Caveats\*\*\n(\n- .+\.){2,}", caveats)
    open_reproduction(app)
    assert "compare " + " ".join(sorted(two_heads, key=two_heads.index)[:1]) in text_of(app)


def test_html_with_models_states_its_size(open_page: Open, examples: list[Run]) -> None:
    app = open_page("compare")
    app.session_state["share"] = True
    (choice,) = [box for box in app.run().checkbox if box.label.startswith("HTML with models")]
    assert re.fullmatch(r"HTML with models \(about 1\.2\d MB more\)", choice.label)
    assert not choice.disabled
    for run in examples:
        (run.path / "model.tflite").unlink(missing_ok=True)
    (choice,) = [box for box in app.run().checkbox if box.label.startswith("HTML with models")]
    assert (choice.label, choice.disabled) == ("HTML with models", True)


def test_damaged_record_leaves_the_newest_valid_comparison(
    open_page: Open, home: Home, two_heads: list[str], make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.index._FINE_TICK_SECONDS", 0.0)
    monkeypatch.setattr("core.store.index._TICK_SECONDS", 0.0)  # as if no run had been published for a while
    newest = [make_run(RunSpec(epochs=25, head=head, seed=seed)) for seed in range(2) for head in ("gap", "dense")]
    app = open_page("compare")
    open_reproduction(app)
    assert all(run.run_id in text_of(app) for run in newest)
    for run in newest:
        os.truncate(run.path / "record.json", 100)
    time.sleep(0.5)  # the next scan of all records waits a multiple of the duration of the last
    app.run()
    assert not app.error
    assert all(run_id in text_of(app) for run_id in two_heads)
    assert "4 damaged run folders" in [fold.label for fold in app.expander]
    assert f"record.json of run '{newest[0].run_id}' is invalid" in text_of(app)


def test_new_run_appears_at_the_next_rerun(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page("compare")
    assert app.title[0].value.startswith("After 3 instead of 25 epochs: GAP has 24,586 parameters")
    make_run(head="dense")
    assert "than Flatten + Dense" in app.run().title[0].value


# URL values


def test_unknown_comparison_is_reported_and_nothing_else_is_shown(
    open_page: Open, home: Home, two_heads: list[str]
) -> None:
    app = open_page("compare", compare="soup")
    assert [title.value for title in app.title] == ["Compare"]
    message = f"Expected a comparison such as {FORMS}; got 'soup'. Select another comparison."
    assert [error.value for error in app.error] == [escape_markdown(message)]
    assert not app.header
    app.sidebar.selectbox[0].set_value(list_offers(RunStore(home).frame())[0].key).run()
    assert "17.5×" in app.title[0].value


# Predictions


def test_strip_shows_its_seed(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare")
    assert (
        "Test images that exactly one head predicts correctly, most confident first. Predictions of seed 0. Click an "
        "image to see all class probabilities."
    ) in [caption.value for caption in app.caption]


def test_link_to_selected_runs_compares_them(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED, runs=f"{two_heads[0]}, {two_heads[1][:8]}")
    assert "(single seed: no statistical conclusion)" in app.title[0].value


def test_missing_selected_runs_are_reported(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED, runs="feedfeedfeed")
    assert "Run 'feedfeedfeed' was not found; it may have been deleted." in [error.value for error in app.error]
    app = open_page("compare", compare=f"runs:{two_heads[0]},feedfeedfeed,{two_heads[1]}")
    message = "1 of 3 selected runs cannot be shown. Run 'feedfeedfeed' was not found; it may have been deleted."
    assert [warning.value for warning in app.warning] == [message]
    assert "(single seed: no statistical conclusion)" in app.title[0].value


def test_page_without_selected_runs_asks_for_a_selection(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("compare", compare=TICKED)
    assert "Select runs on the Runs page" in app.error[0].value


def test_many_variants_have_a_short_page_with_folded_images(open_page: Open, make_run: RunWriter) -> None:
    compare = "runs:" + ",".join(make_run(filters=filters).run_id for filters in range(4, 36, 4))
    for params, count in (({}, 0), ({"image": "3"}, 1)):
        app = open_page("compare", compare=compare, **params)
        names = [one.proto.component_name for one in app.get("bidi_component")]
        assert any("gallery" in name for name in names) == bool(count)
    parameters = open_page("parameters", compare=compare)
    assert [tab.label for tab in parameters.tabs][:2] == ["Parameters per layer", "Architecture"]
    cost = open_page("evidence", evidence="cost", compare=compare)
    assert "the highest and the lowest of 8 settings" in text_of(cost)


def test_four_variants_have_one_row_of_images_per_tab(open_page: Open, make_run: RunWriter) -> None:
    runs = [make_run(head=head) for head in ("gap", "gap_dense", "gmp_dense", "dense")]
    few, more = (open_page("compare", compare=f"runs:{','.join(run.run_id for run in runs[:n])}") for n in (3, 4))
    assert "First test images" in [header.value for header in few.header]
    assert [tab.label for tab in more.tabs] == ["First test images", "Only one head correct"]
