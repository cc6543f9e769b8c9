"""Upload of custom images on the Train and Data pages."""

import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.datasets.dataset_key import key_of_name
from core.datasets.fetch import read_fetch
from core.files import write_json
from core.home import Home
from core.ui.data.upload import propose_name
from tests.support.image_folder import make_members, make_zip


def wait_for_import(home: Home, key: str) -> None:
    end = time.monotonic() + 60
    while not ((found := read_fetch(home, key)) and found.phase == "done"):
        assert time.monotonic() < end, found
        time.sleep(0.05)


def _page() -> None:
    import streamlit as st

    from core.ui.data.upload import choose_folder

    st.write("chosen", choose_folder())


def test_page_shows_an_uploader_then_the_folders(home: Home, tmp_path: Path) -> None:
    page = AppTest.from_function(_page, default_timeout=30).run()
    assert page.info[0].value == "No image folders yet. Upload a ZIP archive to add one."
    assert page.button[0].disabled
    content = make_zip(tmp_path / "in.zip", make_members("all/")).read_bytes()
    page.file_uploader[0].upload("My Cats.zip", content, "application/zip").run()
    assert page.text_input[0].value == "my-cats"
    assert page.get("html")[0].proto.body.count("→ crop") == 4  # images that are not square, before they are added
    page.selectbox[0].select("pad").run()
    assert page.get("html")[0].proto.body.count("→ pad") == 4
    page.selectbox[0].select("crop").run()
    for name, message in (("../x", "Expected the name to be "), ("digits", "The name 'digits' belongs to a dataset")):
        page.text_input[0].input(name).run()
        assert page.error[0].value.startswith(message)  # at once
        assert page.button[0].disabled
    page.text_input[0].input("mine").run()
    assert not page.error
    page.button[0].click().run()
    assert not page.exception
    wait_for_import(home, "folder-mine")
    page.run()
    assert page.success[0].value == "Folder mine was added."
    assert page.selectbox[0].value == "mine"
    assert page.caption[0].value == "Images that are not square: the central square."
    page.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert page.error[0].value.startswith("Folder mine already exists. Use another name, ")
    page.text_input[0].input("a2").run()
    page.selectbox[1].select("pad").run()
    page.button[0].click().run()
    wait_for_import(home, "folder-a2")
    page.run()
    assert [box.value for box in page.selectbox] == ["a2", "crop"]  # what was added is selected
    assert page.caption[0].value.endswith("Images that are not square: the whole image with black borders.")
    page.selectbox[0].select("mine").run()
    assert page.selectbox[0].value == "mine"
    state = {"name": "folder-big", "phase": "reading", "pid": 2**22 + 1, "started_at": 1.0, "done_files": 7}
    write_json(home.datasets / ".fetch" / "folder-big.json", {**state, "total_files": 90})
    (home.datasets / ".fetch" / "folder-big.zip").write_bytes(b"archive")
    page.run()
    assert (
        page.warning[0].value == "The import of Folder big was interrupted after 7 of 90 files."
    )  # the button says more
    assert [button.label for button in page.button][:3] == ["Continue", "Discard", "Add folder"]
    page.button[0].click().run()
    assert "The archive of Folder big is not available." in page.error[0].value  # without its settings
    page.button[1].click().run()
    assert not page.warning


def test_proposed_name_is_a_valid_folder_name() -> None:
    assert propose_name("Ünïcode & more (2).tar.zip") == "n-code-more-2-tar"

    @given(st.text(max_size=60))
    def check(text: str) -> None:
        name = propose_name(text)
        assert not name or key_of_name(f"x{name}"[:40])

    check()
