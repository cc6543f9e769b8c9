"""Logging in: the pages as different people see them, and the road through a real provider in a real browser."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit.config
from playwright.sync_api import Browser, Page, expect
from streamlit.runtime.secrets import secrets_singleton
from streamlit.testing.v1 import AppTest

from core.access.action import READ_ONLY
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.spec import RunSpec
from core.store.note import Note, NoteBook
from core.store.runs import RunStore
from core.ui.access import ASKED
from tests.support.dashboard import CHROMIUM, browsing, find_port, serving, wait_until_up
from tests.support.login import AUTH, claim
from tests.support.page import navigated
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

HEADROOM = {"roles": {"viewer": ["@example.org"], "trainer": ["tom@example.org"], "admin": ["ada@example.org"]}}
SECRETS = {"auth": AUTH, "headroom": HEADROOM}

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _fresh_dashboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if it had been started anew."""
    monkeypatch.setattr("core.ui.access._latest", None)
    ASKED.clear()
    yield
    ASKED.clear()


def user(name: str, **changes: object) -> dict[str, object]:
    return claim(**{"email": f"{name}@example.org", "iat": time.time() - 60, **changes})


@pytest.fixture(name="open_page")
def _open_page(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))

    def run(
        page: str, who: dict[str, object] | None = None, secrets: dict[str, Any] | None = None, **params: str
    ) -> AppTest:
        app = AppTest.from_file(ROOT / "dashboard.py", default_timeout=60)
        app.secrets.update(SECRETS if secrets is None else secrets)
        app.user = who or {"is_logged_in": False}
        app.query_params.update(params)
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception
        return app

    with navigated():
        yield run


def read(app: AppTest) -> list[str]:
    """All that is written on a page of the door."""
    assert [title.value for title in app.title] == ["Headroom"]
    assert not [*app.sidebar.children.values(), *app.selectbox, *app.dataframe, *app.slider]
    return [error.value.replace("\\", "") for error in app.error]


def find(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


@pytest.mark.parametrize("page", ["compare", "train"])
def test_who_is_not_logged_in_sees_a_button_and_no_data(open_page: Open, make_run: RunWriter, page: str) -> None:
    make_run(predictions=False)
    app = open_page(page)
    assert read(app) == []
    assert [button.label for button in app.button] == ["Log in"]


@pytest.mark.parametrize(
    ("who", "sentence", "buttons"),
    [
        (user("eve", email="eve@elsewhere.org"), "Expected somebody who was given a role here", ["Log in", "Log out"]),
        (user("tom", email_verified=False), "Expected a verified e-mail address; got 'tom@", ["Log in", "Log out"]),
        (user("tom", iat=1.0), "Expected a login of the last 12 hours", ["Log in", "Log out"]),
    ],
)
def test_who_is_not_let_in_is_told_why(
    open_page: Open, who: dict[str, object], sentence: str, buttons: list[str]
) -> None:
    app = open_page("runs", who)
    [said] = read(app)
    assert said.startswith(sentence)
    assert [button.label for button in app.button] == buttons


def test_settings_that_cannot_be_relied_on_let_nobody_in(open_page: Open) -> None:
    app = open_page("runs", user("ada"), {"auth": AUTH})
    assert read(app) == ["Expected [headroom.roles] beside [auth] in secrets.toml; got none."]
    assert not app.button


def test_file_that_cannot_be_read_lets_nobody_in(open_page: Open, tmp_path: Path) -> None:
    """Streamlit itself takes it for one that is not there."""
    kept = streamlit.config.get_option("secrets.files")
    broken = tmp_path / "secrets.toml"
    try:
        streamlit.config.set_option("secrets.files", [str(broken)])
        for text in (b"[auth\n", b"\xff\xfe"):
            broken.write_bytes(text)
            app = open_page("runs", user("ada"), {})
            assert read(app) == ["Expected secrets.toml to be a TOML file that can be read; got another."]
    finally:
        streamlit.config.set_option("secrets.files", kept)
        secrets_singleton._reset()


def test_file_that_is_gone_does_not_open_the_door(open_page: Open) -> None:
    open_page("runs", user("ada"))
    app = open_page("runs", user("ada"), {})
    assert read(app)[0].startswith("Expected secrets.toml to say who may log in, as before; got nothing")


def test_without_configuration_everything_is_allowed(open_page: Open) -> None:
    app = open_page("train", {"email": "somebody@whom.a.proxy.names"}, {})
    assert not find(app, "Train 4 runs").disabled
    assert not app.sidebar.text
    assert "Log out" not in [button.label for button in app.button]


@pytest.mark.parametrize("page", ["compare", "evidence", "draw"])
def test_viewer_sees_pages_and_who_they_are(open_page: Open, make_run: RunWriter, page: str) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    app = open_page(page, user("vera"))
    assert not app.error
    assert [text.value for text in app.sidebar.text] == ["vera@example.org, viewer"]
    assert find(app, "Log out")


def test_viewer_is_told_that_training_is_for_trainers(open_page: Open) -> None:
    app = open_page("train", user("vera"))
    button = find(app, "Train 4 runs")
    assert button.disabled
    assert button.help == "Expected a trainer to train; got a viewer."
    assert f":material/lock: {button.help}" in [caption.value for caption in app.caption]
    assert not find(open_page("train", user("tom")), "Train 4 runs").disabled


@pytest.mark.parametrize(
    ("name", "adds", "imports"), [("vera", False, False), ("tom", True, False), ("ada", True, True)]
)
def test_files_are_taken_from_those_who_may_bring_them(open_page: Open, name: str, adds: bool, imports: bool) -> None:
    train, runs = open_page("train", user(name), dataset="Own images"), open_page("runs", user(name))
    for app, may, sentence in (
        (train, adds, "Expected a trainer to add images; got a viewer."),
        (runs, imports, f"Expected an admin to import runs; got a {'viewer' if name == 'vera' else 'trainer'}."),
    ):
        assert not app.warning
        assert bool(app.get("file_uploader")) == may
        assert (f":material/lock: {sentence}" in [caption.value for caption in app.caption]) == (not may)


def test_viewer_changes_no_queue_and_starts_no_process(open_page: Open, home: Home, no_dispatcher: None) -> None:
    [job] = submit_all(home, [RunSpec()])
    app = open_page("jobs", user("vera"))
    for label in ("Pause the queue", "First", "Up", "Down", "Cancel"):
        assert find(app, label).disabled
    assert not find(open_page("jobs", user("tom")), "Cancel").disabled
    assert JobQueue(home).unfinished()[0].run_id == job.run_id


def test_only_the_page_of_a_trainer_looks_after_the_queue(open_page: Open, home: Home) -> None:
    JobQueue(home).pause()
    JobQueue(home).submit([RunSpec()])  # as if the process that starts trainings had been lost
    open_page("jobs", user("vera"))
    assert not (home.jobs / "dispatcher.lock").exists()


def show_run() -> None:
    """What stands under the table when this run is ticked."""
    import streamlit as st

    from core.store.note import NoteBook
    from core.ui.chosen import show_chosen, show_removed
    from core.ui.frame import errors_as_sentences
    from core.ui.state import home

    with errors_as_sentences():
        show_chosen([st.query_params["id"]], NoteBook(home()).read_all())
        show_removed()


@pytest.mark.parametrize(
    ("name", "marks", "deletes"), [("vera", False, False), ("tom", True, False), ("ada", True, True)]
)
def test_marking_is_for_trainers_and_deleting_for_admins(
    home: Home, make_run: RunWriter, name: str, marks: bool, deletes: bool
) -> None:
    run, other = make_run(predictions=False), make_run(predictions=False, seed=1)
    RunStore(home).remove(other.run_id)
    NoteBook(home).write(run.run_id, Note(name="the first", text="of all"))
    app = AppTest.from_function(show_run, default_timeout=60)
    app.secrets.update(SECRETS)
    app.user = user(name)
    app.query_params["id"] = run.run_id
    app.run()
    assert not [*app.exception, *app.error]
    labels = [button.label for button in app.button]
    assert find(app, "Star").disabled == find(app, "Archive").disabled == (not marks)
    assert ("Save" in labels) == marks
    assert ("the first" in [text.value for text in app.text]) == (not marks)
    assert find(app, "Delete").disabled == (not deletes)
    assert ("Delete for good" in labels) == deletes
    said = [caption.value for caption in app.caption]
    assert (":material/lock: Expected an admin to delete runs; got a trainer." in said) == (name == "tom")


def test_click_after_the_login_expired_does_nothing(open_page: Open, home: Home) -> None:
    app = open_page("train", user("tom"))
    app.user = user("tom", iat=time.time() - 13 * 3600)
    find(app, "Train 4 runs").click().run()
    assert read(app)[0].startswith("Expected a login of the last 12 hours")
    assert JobQueue(home).jobs() == []


def act_and_read() -> None:
    """As a fragment does, which runs without the door before it."""
    from core.actions.run import clear_runs
    from core.ui.access import act
    from core.ui.frame import errors_as_sentences
    from core.ui.state import store

    with errors_as_sentences():
        act(clear_runs)
    with errors_as_sentences():
        store()


@pytest.mark.parametrize("who", [{"is_logged_in": False}, {}, user("ada", iat=1.0), user("eve", email="eve@b.org")])
def test_there_is_no_way_past_the_door(home: Home, who: dict[str, object]) -> None:
    app = AppTest.from_function(act_and_read, default_timeout=60)
    app.secrets.update(SECRETS)
    app.user = who
    app.run()
    assert len(app.error) == 2
    assert all(error.value.startswith("Expected") for error in app.error)


def test_dashboard_for_reading_only_says_so(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    app = open_page("train", {}, {})
    assert find(app, "Train 4 runs").disabled
    assert app.sidebar.caption[0].value == ":material/lock: This dashboard is for reading only."
    monkeypatch.setenv(READ_ONLY, "maybe")
    assert read(open_page("train", {}, {})) == ["Expected HEADROOM_READ_ONLY to be 0 or 1; got 'maybe'."]


# The whole road


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[str]:
    """A provider on this machine that knows vera and ada; its address."""
    port = find_port()
    people = [{"sub": name, "email": f"{name}@example.org", "email_verified": True} for name in ("vera", "ada")]
    words = [word for person in people for word in ("--user-claims", json.dumps(person))]
    with (tmp_path / "provider.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *words],
            env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_up(f"http://127.0.0.1:{port}/", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def dashboard(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: str, make_run: RunWriter
) -> Iterator[str]:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    make_run()
    port = find_port()
    auth = {**AUTH, "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback"}
    auth["server_metadata_url"] = f"{provider}/.well-known/openid-configuration"
    sections = {"auth": auth, "headroom.roles": HEADROOM["roles"]}
    lines = [
        line
        for section, entries in sections.items()
        for line in (f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in entries.items()))
    ]
    secrets = tmp_path / "secrets.toml"
    secrets.write_text("\n".join(lines))
    with serving(home, tmp_path / "dashboard.log", port, "--secrets.files", str(secrets), script="asgi.py") as address:
        yield address


def log_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name=name).click()
    expect(page.get_by_test_id("stSidebar").get_by_text(f"{name}@example.org")).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="End session").click()  # at the provider
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_people_log_in_do_what_they_may_and_log_out(browser: Browser, dashboard: str, home: Home) -> None:
    page = browser.new_context(viewport={"width": 1440, "height": 1000}).new_page()
    page.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    page.goto(f"{dashboard}/train")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert page.request.get(f"{dashboard}/api/runs").status == 401

    log_in(page, "vera")
    assert page.request.get(f"{dashboard}/api/runs").json()["total"] == 1
    page.goto(f"{dashboard}/train?epochs=7")
    expect(page.get_by_role("button", name=re.compile("^Train [0-9]+ runs?$"))).to_be_disabled()
    expect(page.get_by_text("Expected a trainer to train; got a viewer.")).to_be_visible()
    log_out(page)
    assert page.request.get(f"{dashboard}/api/runs").status == 401

    log_in(page, "ada")
    page.goto(f"{dashboard}/runs?runs_search=epochs:3")
    page.get_by_test_id("stDataFrame").locator("canvas").first.click(position={"x": 14, "y": 52}, force=True)
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("1 deleted run can be brought back.")).to_be_visible()
    assert len(RunStore(home).removed()) == 1
