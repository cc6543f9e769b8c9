"""The Runs page in its states."""

from datetime import UTC
from functools import partial
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.cache import open_dataset
from core.displays.run_columns import DEFAULT_COLUMNS, RUN_COLUMNS, build_run_table
from core.home import Home
from core.jobs.comparison_choice import MAX_SELECTED_RUNS
from core.recipes import RECIPES
from core.spec import SETTINGS, RunSpec
from core.store.note import Note, NoteBook, join_notes
from core.store.run_store import RunStore
from core.ui.runs.train_again import list_params
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.page import Open
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


@pytest.fixture
def open_runs(open_page: Open) -> Open:
    return partial(open_page, "runs")


def show_selection() -> None:
    """Show the actions below the table for these selected runs."""
    import streamlit as st

    from core.store.note import NoteBook
    from core.ui.errors import handle_errors
    from core.ui.run_actions import show_deleted_runs
    from core.ui.runs.selection import show_selected_runs
    from core.ui.session import home, store

    with handle_errors():
        ids = [run_id for run_id in st.query_params["ids"].split(",") if store().path(run_id)]
        if ids:
            show_selected_runs(ids, NoteBook(home()).read_all())
        show_deleted_runs()


def select_runs(*ids: str) -> AppTest:
    app = AppTest.from_function(show_selection, default_timeout=60)
    app.query_params["ids"] = ",".join(ids)
    app.run()
    assert not [*app.exception, *app.error]
    return app


def button(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def test_empty_page_shows_what_to_do(open_runs: Open) -> None:
    app = open_runs()
    assert app.markdown[0].value == "**No runs yet.**"
    assert not [*app.error, *app.exception]


def test_page_lists_all_runs_with_their_notes(open_runs: Open, home: Home, make_run: RunWriter) -> None:
    ids = [make_run(seed=seed).run_id for seed in range(3)]
    hostile = "<img src=x onerror=alert(1)> [x](javascript:alert(1))"
    NoteBook(home).write(ids[0], Note(name=hostile, tags=("paper",), text="=1+1" + "x" * 9_000, star=True))
    NoteBook(home).write(ids[1], Note(archived=True))
    app = open_runs()
    assert not [*app.error, *app.exception]
    table = app.dataframe[0].value
    assert table["Run"].tolist() == [ids[2], ids[0]]
    assert table["Name"].tolist() == ["", hostile]
    assert table["★"].tolist() == ["", "★"]
    assert table["Note"].iloc[1] == "\u2060=1+1" + "x" * 196, "what is saved as CSV is no formula"
    assert not [text for text in [*app.markdown, *app.caption] if "onerror" in text.value]


def test_link_opens_a_search(open_runs: Open, make_run: RunWriter) -> None:
    make_run(accuracy=0.5)
    best = make_run(head="dense", accuracy=0.99)
    app = open_runs(runs_search="head:dense acc>0.9", runs_order="most accurate first")
    assert app.dataframe[0].value["Run"].tolist() == [best.run_id]
    assert app.text_input(key="runs_search").value == "head:dense acc>0.9"


def test_runs_are_filtered_by_the_name_of_their_dataset(open_runs: Open, home: Home, make_run: RunWriter) -> None:
    make_run()
    pets, birds, named, unnamed = (
        make_run(dataset="folder", folder="pets", data="a" * 16),
        make_run(dataset="folder", folder="birds", data="b" * 16),
        add_elsewhere(home, "jax", data="digits"), add_elsewhere(home, "flax"),
    )  # fmt: skip
    app = open_runs()
    assert app.selectbox(key="runs_dataset").options == ["Folder birds", "Digits", "Folder pets", "Own images"]
    for link, ids in (
        ("pets", [pets]), ("birds", [birds]), ("folder", [pets, birds, named, unnamed]),  # of former versions
    ):  # fmt: skip
        table = open_runs(runs_dataset=link).dataframe[0].value
        assert {*table["Run"]} == {run.run_id for run in ids}
    table = open_runs(runs_dataset="digits").dataframe[0].value
    assert {*table["Dataset"]} == {"Digits"}
    assert named.run_id in {*table["Run"]}


def test_all_runs_are_listed_with_the_chosen_columns_and_keep_their_selection(
    open_runs: Open, make_run: RunWriter
) -> None:
    for seed in range(205):
        make_run(seed=seed, predictions=False)
    app = open_runs(runs_columns=["head", "l2", "finished"])
    table = app.dataframe[0].value
    assert ([*table], len(table)) == (["★", "Run", "Head", "Finished (UTC)", "L2 penalty"], 205)
    assert app.query_params["runs_columns"] == ["head", "l2", "finished"]
    first, last = table["Run"].iloc[0], table["Run"].iloc[-1]
    select(app, 0, 204)
    assert "**2 runs selected**." in [text.value for text in app.markdown]
    app.text_input(key="runs_search").set_value(f"id:{last}").run()
    assert "**2 runs selected**, 1 of them not in the list with these filters." in [text.value for text in app.markdown]
    select(app)
    app.text_input(key="runs_search").set_value("").run()
    assert app.session_state["selected runs"] == [first]
    app.switch_page("pages/jobs.py").run()
    app.switch_page("pages/runs.py").run()
    assert "**1 run selected**." in [text.value for text in app.markdown]
    button(app, "Clear selection")
    assert not [text for text in app.markdown if "selected" in text.value]


def select(app: AppTest, *rows: int) -> None:
    """Select rows of the table, as the browser does."""
    key = f"runs-{hash(tuple(app.dataframe[0].value['Run']))}"
    app.session_state[key] = {"selection": {"rows": [*rows], "columns": [], "cells": []}}
    app.run()


def test_columns_have_different_headers_and_read_every_run(make_run: RunWriter) -> None:
    make_run(l2=0.1)
    frame = join_notes(RunStore(Home.default()).frame(), {})
    table = build_run_table(frame, [*RUN_COLUMNS], UTC)
    headers = [column.label for column in RUN_COLUMNS.values()]
    assert len({*headers}) == len(headers)
    assert len(table.columns) == len(headers) - 4, "no run has a name, tags or a note, or another backbone"
    assert set(SETTINGS) <= {*RUN_COLUMNS}


def test_different_backbones_are_a_column_with_the_names_of_own_models(make_run: RunWriter) -> None:
    for seed in range(3):
        make_run(seed=seed)
    frame = join_notes(RunStore(Home.default()).frame(), {})[:3]
    own = {
        "backbone": ["conv_pool", "model", "model"],
        "model": ["", "pets:0123456789abcdef", "birds:0123456789abcdef"],
    }
    table = build_run_table(frame.assign(**own), DEFAULT_COLUMNS, UTC)
    assert table["Backbone"].tolist() == ["Conv–pool blocks", "pets", "birds"]
    assert "Backbone" not in build_run_table(frame, DEFAULT_COLUMNS, UTC)


def test_invalid_search_shows_all_runs(open_runs: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_runs(runs_search="color:red")
    assert app.warning[0].value.startswith("Unknown search field 'color'.")
    assert len(app.dataframe[0].value) == 1


def test_search_without_matches_is_reported(open_runs: Open, make_run: RunWriter) -> None:
    make_run()
    assert open_runs(runs_search="nothing").info[0].value.startswith("No runs match these filters.")


def test_archived_runs_are_listed_on_request(open_runs: Open, home: Home, make_run: RunWriter) -> None:
    run = make_run()
    NoteBook(home).write(run.run_id, Note(archived=True))
    assert open_runs(runs_archived="true").dataframe[0].value["Run"].tolist() == [run.run_id]


def test_deleted_run_is_restored_by_undo(home: Home, make_run: RunWriter, store: RunStore, open_runs: Open) -> None:
    run = make_run()
    app = button(select_runs(run.run_id), "Delete")
    assert store.deleted() == [run.run_id]
    assert app.text[0].value == "1 deleted run can be restored."
    button(app, "Restore 1")
    assert store.path(run.run_id) == run.path


def test_star_and_archive_are_set_and_removed(home: Home, make_run: RunWriter, open_runs: Open) -> None:
    ids = [make_run(seed=seed).run_id for seed in range(2)]
    app = button(button(select_runs(*ids), "Add star"), "Archive")
    assert [NoteBook(home).read(run_id) for run_id in ids] == [Note(star=True, archived=True, version=2)] * 2
    button(button(app, "Remove star"), "Unarchive")
    assert NoteBook(home).read(ids[0]) == Note(version=4)


def test_differing_settings_are_next_to_the_metrics(make_run: RunWriter, open_runs: Open) -> None:
    app = select_runs(make_run().run_id, make_run(head="dense").run_id)
    table = app.dataframe[0].value
    assert [*table][1:3] == ["Run", "Head"]
    assert "Seed" not in table


def show_choice() -> None:
    import streamlit as st

    from core.ui.train.form import choose_configurations

    st.session_state["specs"] = choose_configurations().specs


_OWN = [
    RunSpec(),
    RunSpec(seed=7, epochs=400, learning_rate=0.0003, patience=4, dropout=0.85, batch_size=1000),
    RunSpec(head="mlp", hidden="128-7", augmentation="flip_horizontal=0.5,rotation=10", side=40),
    RunSpec(head="dense", units=5000, head_dropout=0.35, l2=0.003, train_images=900, padding="same", kernel_size=9),
    *RECIPES["digits-heads"].specs(),
]


@pytest.mark.parametrize("spec", _OWN, ids=lambda spec: spec.run_id)
def test_train_opens_with_the_settings_of_a_run(
    spec: RunSpec, open_runs: Open, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamlit.page_link", lambda *_, **__: None)  # the script has no pages
    params, lost = list_params(spec)
    assert not lost
    open_dataset(home, "digits")  # otherwise the number of images is unknown
    app = AppTest.from_function(show_choice, default_timeout=60)
    app.query_params.update(params)
    for _ in range(2):
        app.run()
        assert not [*app.exception, *app.error, *app.warning]
        assert spec in app.session_state["specs"]


def test_settings_that_train_does_not_offer_are_listed() -> None:
    assert list_params(RunSpec(validation_fraction=0.3, seed=12))[1] == ["seed", "validation_fraction"]


@pytest.mark.parametrize("page", ["compare", "predictions", "draw", "evidence"])
def test_class_name_of_an_imported_run_is_shown_as_text(page: str, open_page: Open, make_run: RunWriter) -> None:
    """An image in Markdown would be loaded from its URL by the browser of every user."""
    hostile = "![x](http://evil.example/a.png)"
    for head in ("gap", "dense"):
        rewrite(make_run(head=head), classes=[hostile, *"bcdefghij"], cpu=hostile)
    app = open_page(page, **({"evidence": "Checks"} if page == "evidence" else {}))
    assert not [*app.exception, *app.error]
    shown = [*app.markdown, *app.caption, *app.info, *app.title, *app.header, *app.header, *app.warning]
    texts = [str(element.value) for element in shown] + [fold.label for fold in app.expander]
    assert not [text for text in texts if "![x](http:" in text]


def test_bundle_of_selected_runs_is_created(make_run: RunWriter, open_runs: Open) -> None:
    app = button(select_runs(make_run().run_id), "Export bundle")
    assert any(button.proto.label.startswith("Download bundle") for button in app.get("download_button"))


def test_more_runs_than_a_comparison_allows_are_refused_with_the_limit(open_page: Open) -> None:
    ids = ",".join(f"{number:012x}" for number in range(MAX_SELECTED_RUNS + 1))
    app = open_page("compare", compare=f"runs:{ids}")
    (error,) = [error.value for error in app.error]
    assert error.startswith("A comparison has at most 200 runs; this selection has 201.")
    assert app.title[0].value == "Compare"


def test_table_is_built_again_only_when_runs_notes_or_filters_change(
    open_runs: Open, home: Home, make_run: RunWriter
) -> None:
    run = make_run()
    with patch("core.ui.runs.listing.build_run_table", wraps=build_run_table) as build:
        app = open_runs()
        app.run()
        assert build.call_count == 1
        NoteBook(home).write(run.run_id, Note(name="renamed"))
        assert app.run().dataframe[0].value["Name"].tolist() == ["renamed"]
        make_run(head="dense")
        assert len(app.run().dataframe[0].value) == 2
        app.selectbox(key="runs_order").set_value("name").run()
        assert app.run().dataframe[0].value["Name"].tolist() == ["renamed", ""]
        assert build.call_count == 4
