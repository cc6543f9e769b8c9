"""Notes of runs, and the search over them."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HomeError, NoteError, RunNotFoundError, SearchError
from core.home import EXAMPLES, Home
from core.store.differing_settings import list_differences
from core.store.note import Note, NoteBook, read_tags
from core.store.run_store import RunStore
from core.store.search import parse_search, search
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.markers import LONG
from tests.support.run_writer import RunWriter

HOSTILE_TEXT = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "=HYPERLINK(1)",
    "# **bold**",
    "'); DROP TABLE note",
]

RUN = "3f9a12bc44d0"


def test_note_is_read_as_written(home: Home) -> None:
    book = NoteBook(home)
    assert book.read_all() == {}
    assert not book.path.exists()
    note = Note("the first", ("paper", "draft"), "two\nlines", star=True)
    assert book.write(RUN, note) == replace(note, version=1)
    assert NoteBook(home).read_all() == {RUN: replace(note, version=1)}


@pytest.mark.parametrize("text", HOSTILE_TEXT)
def test_unusual_texts_are_kept_as_text(home: Home, text: str) -> None:
    kept = NoteBook(home).write(RUN, Note(name=text, text=text + "\u202e" + "x" * 9_000))
    assert NoteBook(home).read(RUN) == kept


def test_second_of_two_concurrent_changes_is_rejected(home: Home) -> None:
    mine = theirs = NoteBook(home)
    seen = mine.write(RUN, Note(text="as both saw it"))
    theirs.write(RUN, replace(seen, text="theirs"))
    with pytest.raises(NoteError, match=r"^Another user changed the note of run "):
        mine.write(RUN, replace(seen, text="mine"))
    assert mine.read(RUN).text == "theirs"


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (Note(name="x" * 101), "a name of at most 100 printable"),
        (Note(name="a\u202eb"), "printable characters"),
        (Note(name="two\nlines"), "printable characters"),
        (Note(tags=("a:b",)), "without colons"),
        (Note(tags=("",)), "tags of at most 40"),
        (Note(tags=("x" * 41,)), "tags of at most 40"),
        (Note(tags=tuple(map(str, range(21)))), "at most 20 tags; this one has 21"),
        (Note(text="x" * 10_001), "at most 10,000 characters; this one has 10,001"),
    ],
)
def test_invalid_note_is_rejected(home: Home, note: Note, message: str) -> None:
    with pytest.raises(NoteError, match=message):
        NoteBook(home).write(RUN, note)
    assert NoteBook(home).read_all() == {}


def test_star_keeps_the_text(home: Home) -> None:
    book = NoteBook(home)
    book.write(RUN, Note(text="words"))
    book.change([RUN, "0123456789ab"], star=True)
    assert book.read(RUN) == Note(text="words", star=True, version=2)
    assert book.read("0123456789ab").star


def test_damaged_table_is_reported(home: Home) -> None:
    home.path.mkdir()
    NoteBook(home).path.write_bytes(b"no database at all, but long enough to be taken for one" * 40)
    with pytest.raises(HomeError, match=r"^Cannot read or write .*notes\.sqlite: "):
        NoteBook(home).read_all()


def test_tags_are_parsed_from_a_line() -> None:
    assert read_tags(" Paper,draft  paper ") == ("paper", "draft")


# Deletion


def test_deleted_run_is_restored(make_run: RunWriter, store: RunStore) -> None:
    run = make_run()
    store.delete(run.run_id)
    assert (store.path(run.run_id), store.frame().empty, store.damaged()) == (None, True, {})
    assert store.deleted() == [run.run_id]
    store.restore(run.run_id)
    assert store.path(run.run_id) == run.path
    assert store.deleted() == []


def test_deleted_run_that_was_retrained_is_not_replaced(make_run: RunWriter, store: RunStore) -> None:
    store.delete(make_run().run_id)
    anew = make_run()
    store.restore(anew.run_id)
    assert store.open(anew.run_id).record == anew.record
    assert store.deleted() == []


def test_permanently_deleted_run_cannot_be_restored(make_run: RunWriter, store: RunStore) -> None:
    run = make_run()
    store.delete(run.run_id)
    store.clear()
    with pytest.raises(RunNotFoundError):
        store.restore(run.run_id)


def test_example_cannot_be_deleted(home: Home) -> None:
    store = RunStore(home, examples=EXAMPLES)
    with pytest.raises(RunNotFoundError, match="is an example and cannot be deleted"):
        store.delete(store.frame()["run_id"].iloc[0])


# Search


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    writer = RunWriter(Home(tmp_path_factory.mktemp("search") / "home"))
    writer(accuracy=0.5, predictions=False)
    writer(accuracy=0.95, seed=1, predictions=False)
    writer(head="dense", accuracy=0.95, predictions=False)
    return writer.store.frame().sort_values("finished_at", ignore_index=True).assign(
        name=["", "my best", ""], tags=["", "paper draft", "papers"], note=["", "", "see <b>this</b>"],
        star=[False, True, False], archived=[True, False, False],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2]),
        ("   ", [0, 1, 2]),
        ("head:gap", [0, 1]),
        ("-head:gap", [2]),
        ("HEAD:GAP acc>0.9", [1]),
        ("acc>90%", [1, 2]),
        ("acc<=0.6", [0]),
        ("tag:paper", [1]),
        ("-tag:paper", [0, 2]),
        ("is:star", [1]),
        ("-is:archived", [1, 2]),
        ("flatten", [2]),
        ('"my best"', [1]),
        ('name:"my best" seed:1', [1]),
        ("<b>", [2]),
        ("seed=0 params>100000", [2]),
        ("digits-heads", [0, 1, 2]),
        ("nothing-like-it", []),
        ("side>3", []),
        ("epochs:3", [0, 1, 2]),
        ("frozen:false", [0, 1, 2]),
        (".*", []),
    ],
)
def test_search_returns_matching_runs(frame: pd.DataFrame, text: str, rows: list[int]) -> None:
    assert search(frame, text).index.tolist() == rows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("color:red", "Unknown search field 'color'. Use a field such as"),
        ("acc>high", "Expected a number, as in acc>1; got"),
        ('acc:""', "Expected a number, as in acc>1; got"),
        ("head>gap", "Expected head: followed by a word"),
        ("is:mine", "Expected is:star, is:archived, is:elsewhere or is:withheld"),
        ('"open', "A quotation mark is not closed"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_invalid_search_is_rejected_with_the_expected_form(text: str, message: str) -> None:
    with pytest.raises(SearchError, match=message):
        parse_search(text)


_WORD = st.text(st.characters(categories=["Ll", "Lm", "Lo", "N"]), min_size=1, max_size=12).filter(
    lambda text: text.lower() == text
)


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from(["", "head", "tag", "name", "dataset"]), _WORD), max_size=6,
    )
)  # fmt: skip
def test_formatted_search_parses_to_itself(terms: list[tuple[bool, str, str]]) -> None:
    text = " ".join(f"{'-' * negated}{field}{':' * bool(field)}{word}" for negated, field, word in terms)
    found = parse_search(text)
    assert [(term.negated, term.field, term.value) for term in found] == terms


@settings(max_examples=150 if LONG else 40, deadline=None)
@given(text=st.text(max_size=60) | st.from_regex(r'(-?[a-z]{0,6}[:<>=]{0,2}[0-9a-z."%]{0,5} ?){0,5}', fullmatch=True))
def test_any_text_is_a_search_or_an_error_message(frame: pd.DataFrame, text: str) -> None:
    try:
        found = search(frame, text)
    except SearchError as error:
        found, message = frame, str(error)
    else:
        message = "No error."
    assert re.fullmatch(r"[A-Z].*\.", message, re.DOTALL)
    assert set(found.index) <= set(frame.index)


@given(word=_WORD)
@settings(max_examples=30, deadline=None)
def test_a_term_and_its_negation_partition_the_runs(frame: pd.DataFrame, word: str) -> None:
    both: list[Any] = [*search(frame, word).index, *search(frame, f"-{word}").index]
    assert sorted(both) == [0, 1, 2]


# Differing settings


def test_only_differing_settings_are_described(make_run: RunWriter) -> None:
    runs = [make_run(), make_run(seed=1, learning_rate=0.002)]
    table = list_differences(runs, ["a", "<b>"])
    assert list(table) == ["Run", "Learning rate", "Seed", "Test accuracy", "Measured at", "Test loss", "Parameters"]
    assert table["Learning rate"].tolist() == ["0.001", "0.002"]


def test_differences_of_runs_from_elsewhere_are_shown_without_what_they_lack(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(), make_run(learning_rate=0.002), add_elsewhere(home, bare=True)]
    table = list_differences(runs, ["a", "b", "c"])
    assert table["Learning rate"].tolist() == ["0.001", "0.002", "–"]
    assert table["Parameters"].tolist()[2] == table["Test loss"].tolist()[2] == "–"
    assert table["Measured at"].tolist()[2] == "final model"


def test_file_next_to_the_notes_is_not_a_run(home: Home, store: RunStore, tmp_path: Path) -> None:
    NoteBook(home).write(RUN, Note(text="of a deleted run"))
    assert (store.frame().empty, store.damaged()) == (True, {})
