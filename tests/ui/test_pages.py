"""Properties of every page: with an empty home, one run, a comparison, damaged runs, and without TensorFlow."""

import os
import subprocess
import sys

import pytest
import streamlit as st

from core.home import Home
from tests.support.markers import LONG
from tests.support.page import PAGES, Open, text_of
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

REPORT = ["compare", "parameters", "curves", "predictions", "evidence"]


# States of the home


def test_page_of_an_empty_home_shows_what_to_do_with_a_link(open_page: Open) -> None:
    app = open_page(REPORT[0])
    for page in REPORT:
        app.switch_page(f"pages/{page}.py").run()
        assert [title.value for title in app.title] == [page.title()]
        assert app.header[0].value == "No runs yet"
        assert "Train a first comparison" in [link.label for link in app.get("page_link")]
        assert not app.error


def test_page_of_one_run_has_a_title_and_no_warnings(open_page: Open, make_run: RunWriter) -> None:
    make_run()
    app = open_page(PAGES[0])
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert len(app.title) == 1, page
        assert not [*app.error, *app.warning, *app.exception], page


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_comparison_has_a_title_and_no_warnings(open_page: Open, two_heads: list[str], page: str) -> None:
    app = open_page(page)
    assert len(app.title) == 1
    assert not [*app.error, *app.warning]
    app.run()  # as after any click: from the cache
    assert not [*app.error, *app.warning]


def test_damaged_run_folder_leaves_the_valid_ones_on_the_page(
    open_page: Open, home: Home, two_heads: list[str]
) -> None:
    (home.runs / "0123456789ab").mkdir()
    (home.runs / "ba9876543210").mkdir()
    (home.runs / "ba9876543210" / "record.json").write_text("{")
    app = open_page("compare")
    assert "ba9876543210" in text_of(app)
    for page in REPORT:
        app.switch_page(f"pages/{page}.py").run()
        assert len(app.title) == 1, page
        assert not app.error, page


@pytest.mark.parametrize("page", ["compare", "predictions", "evidence"])
def test_damaged_predictions_are_reported_in_one_message(
    open_page: Open, home: Home, two_heads: list[str], page: str
) -> None:
    (home.runs / two_heads[0] / "predictions.npz").write_bytes(b"not what the worker wrote")
    st.cache_resource.clear()  # valid runs with the same IDs were shown in other tests
    app = open_page(page)
    assert len(app.error) == 1
    assert app.error[0].value.startswith(f"predictions.npz of run {two_heads[0]} is damaged (checksum mismatch).")


@pytest.mark.parametrize("page", ["parameters", "train"])
def test_damaged_predictions_do_not_affect_pages_without_them(
    open_page: Open, home: Home, two_heads: list[str], page: str
) -> None:
    (home.runs / two_heads[0] / "predictions.npz").unlink()
    assert not open_page(page).error


# Pages do not import TensorFlow


_OPEN_ALL = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
import tests.support.page
from tests.support.quick_altair import quicken_altair
quicken_altair()
for page in sys.argv[2:]:
    app = AppTest.from_file(Path(sys.argv[1]) / "dashboard.py", default_timeout=60)
    for name in [name for name in sys.modules if name.startswith("core.ui")]:  # as in a server just started
        del sys.modules[name]
    app.switch_page(f"pages/{page}.py").run()
    loaded = [name for name in ("tensorflow", "keras", "core.training") if name in sys.modules]
    pickers = [box for box in app.sidebar.selectbox if box.label == "Comparison"]
    print(page, len(pickers), bool(app.exception or app.error), loaded)
"""


def test_first_link_to_any_page_opens_it_in_its_frame_without_tensorflow(home: Home, two_heads: list[str]) -> None:
    pages = PAGES if LONG else PAGES[::4]
    command = [sys.executable, "-c", _OPEN_ALL, str(ROOT), *pages]
    env = os.environ | {"PYTHONPATH": str(ROOT), "HEADROOM_HOME": str(home.path)}
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=ROOT)
    assert result.stdout.splitlines() == [f"{page} 1 False []" for page in pages]
