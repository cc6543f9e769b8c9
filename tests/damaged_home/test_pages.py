"""Pages show at most one error message about a damaged file."""

import pytest
import streamlit as st

from core.home import Home
from core.store.run_store import RunStore
from tests.support.damage import DAMAGES, damaged
from tests.support.dispatcher import without_dispatcher
from tests.support.home_reader import OTHER, files_of, ids_of, is_chosen
from tests.support.markers import LONG
from tests.support.page import PAGES, navigated, open_page, text_of


@pytest.mark.parametrize(
    ("name", "pages"), [("notes.sqlite", ["runs"]), ("jobs/queue.sqlite", ["advisor", "jobs", "train"])]
)
def test_page_shows_the_sentence_of_a_damaged_side_file_once(full_home: Home, name: str, pages: list[str]) -> None:
    with damaged(full_home.path / name, DAMAGES["random bytes"]), navigated():
        for page in pages:
            app = open_page(page)
            assert not app.exception
            assert len([*app.error, *app.warning]) == 1
            assert "headroom doctor --repair" in text_of(app)
            assert [title.value for title in app.title] == [page.title()]
        if "train" in pages:
            assert app.slider(key="epochs")  # the form stays


def test_every_page_has_its_heading_with_a_damaged_queue(full_home: Home) -> None:
    """A page shows either its content or, if it needs the queue, an error message."""
    for number, page in enumerate(PAGES):
        damage = ("unreadable", "deep JSON")[number % 2]
        with damaged(full_home.path / "jobs/queue.sqlite", DAMAGES[damage]), navigated():
            app = open_page(page)
            assert not app.exception, page
            assert len(app.title) == 1, page
            messages = [message.value for message in [*app.error, *app.warning]]
            assert sum("queue.sqlite" in message for message in messages) == (page in ("advisor", "jobs", "train")), (
                page
            )
            assert len(messages) <= 1, page  # also of the interrupted import


KNOWN = {"It failed."}  # the import of another dataset
PAGES_OF = {
    "datasets": ("data", "library", "augmentation", "train"),
    "runs": ("compare", "curves", "evidence", "predictions", "run"),
    "jobs": ("jobs", "train", "run"), "reports": ("reports",), "comparisons": ("compare",), "notes.sqlite": ("runs",),
    "index.feather": ("runs", "compare"), "thumbnails": ("predictions",), "scripts": (), "features": (),
}  # fmt: skip
"""Pages that read the files of a folder of the home."""


def test_every_page_shows_at_most_one_message_about_a_damaged_file(full_home: Home) -> None:
    run_id = next(run.run_id for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == OTHER)
    params = {"data": {"dataset_shown": "folder-mine"}, "run": {"run": run_id}, "train": {"folder": "mine"}}
    number = 0
    for path in files_of(full_home):
        top = path.relative_to(full_home.path).parts[0]
        for page in PAGES_OF.get(top, ()):  # none for files that were moved aside
            for damage in DAMAGES:
                number += 1
                if not is_chosen(number, 200) or (page == "train" and not LONG):
                    continue
                st.cache_resource.clear()
                st.cache_data.clear()
                where = f"{path.relative_to(full_home.path)}, {damage}, {page}"
                with damaged(path, DAMAGES[damage]), navigated(), without_dispatcher(full_home):
                    app = open_page(page, **params.get(page, {}))
                assert not app.exception, where
                assert len(app.title) == 1, where
                texts = [message.value for message in [*app.error, *app.warning] if message.value not in KNOWN]
                assert len(texts) <= 1, (where, texts)
                assert str(full_home.path) not in text_of(app), where
    assert number > 500
