"""Pages for users of different roles."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import streamlit.config
from streamlit.runtime.secrets import secrets_singleton
from streamlit.testing.v1 import AppTest

from core.access.action import READ_ONLY
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.spec import RunSpec
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.ui.access import LOGIN_REQUIRED
from tests.support.login import AUTH, HEADROOM, claim
from tests.support.page import Open
from tests.support.run_writer import RunWriter

SECRETS = {"auth": AUTH, "headroom": HEADROOM}


@pytest.fixture(autouse=True)
def _fresh_dashboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reset the dashboard to its state after a start."""
    monkeypatch.setattr("core.ui.access._latest", None)
    LOGIN_REQUIRED.clear()
    yield
    LOGIN_REQUIRED.clear()


def user(name: str, **changes: object) -> dict[str, object]:
    return claim(**{"email": f"{name}@example.org", "iat": time.time() - 60, **changes})


@pytest.fixture
def visit(open_page: Open) -> Open:
    def run(
        page: str, who: dict[str, object] | None = None, secrets: dict[str, Any] | None = None, **params: str
    ) -> AppTest:
        app = open_page(
            page, user=who or {"is_logged_in": False}, secrets=SECRETS if secrets is None else secrets, **params
        )
        assert not app.exception
        return app

    return run


def read(app: AppTest) -> list[str]:
    """Return all text of a login page."""
    assert [title.value for title in app.title] == ["Headroom"]
    assert not [*app.sidebar.children.values(), *app.selectbox, *app.dataframe, *app.slider]
    return [error.value.replace("\\", "") for error in app.error]


def find(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label.startswith(label))


@pytest.mark.parametrize("page", ["compare", "train"])
def test_user_without_login_sees_a_button_and_no_data(visit: Open, make_run: RunWriter, page: str) -> None:
    make_run(predictions=False)
    app = visit(page)
    assert read(app) == []
    assert [button.label for button in app.button] == ["Log in"]


@pytest.mark.parametrize(
    ("who", "sentence", "buttons"),
    [
        (
            user("eve", email="eve@elsewhere.org"),
            "'eve@elsewhere.org' has no role on this dashboard.",
            ["Log in", "Log out"],
        ),
        (
            user("tom", email_verified=False),
            "Your email address 'tom@example.org' is not verified.",
            ["Log in", "Log out"],
        ),
        (user("tom", iat=1.0), "Your login has expired after 12 hours.", ["Log in", "Log out"]),
    ],
)
def test_unauthorized_user_sees_the_reason(
    visit: Open, who: dict[str, object], sentence: str, buttons: list[str]
) -> None:
    app = visit("runs", who)
    [message] = read(app)
    assert message.startswith(sentence)
    assert [button.label for button in app.button] == buttons


def test_invalid_settings_deny_access(visit: Open) -> None:
    app = visit("runs", user("ada"), {"auth": AUTH})
    assert read(app) == ["secrets.toml has a section [auth] but no section [headroom.roles]. Login needs both."]
    assert not app.button


def test_unreadable_file_denies_access(visit: Open, tmp_path: Path) -> None:
    """Streamlit itself treats an unreadable file as a missing one."""
    kept = streamlit.config.get_option("secrets.files")
    broken = tmp_path / "secrets.toml"
    try:
        streamlit.config.set_option("secrets.files", [str(broken)])
        for text in (b"[auth\n", b"\xff\xfe"):
            broken.write_bytes(text)
            app = visit("runs", user("ada"), {})
            assert read(app) == [
                "Cannot read secrets.toml. Check that it is valid TOML and that the dashboard may read it."
            ]
    finally:
        streamlit.config.set_option("secrets.files", kept)
        secrets_singleton._reset()


def test_deleted_file_does_not_allow_access(visit: Open) -> None:
    visit("runs", user("ada"))
    app = visit("runs", user("ada"), {})
    assert read(app)[0].startswith("The login settings are missing from secrets.toml.")


def test_everything_is_allowed_without_configuration(visit: Open) -> None:
    app = visit("train", {"email": "user@named.by.a.proxy"}, {})
    assert not find(app, "Train 6 runs").disabled
    assert not app.sidebar.text
    assert "Log out" not in [button.label for button in app.button]


@pytest.mark.parametrize("page", ["compare", "evidence", "draw"])
def test_viewer_sees_pages_and_the_user_name(visit: Open, make_run: RunWriter, page: str) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    app = visit(page, user("vera"))
    assert not app.error
    assert [text.value for text in app.sidebar.text] == ["vera@example.org, viewer"]
    assert find(app, "Log out")


def test_only_administrators_see_the_path_of_the_home(visit: Open, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    menus: list[str] = []
    monkeypatch.setattr(st, "set_page_config", lambda **given: menus.append(given.get("menu_items", {}).get("About")))
    for name, shown in (("ada", True), ("vera", False)):
        visit("jobs", user(name))
        text = next(filter(None, reversed(menus)))
        assert "Executor: " in text
        assert (str(home.path) in text) == shown


def test_viewer_sees_that_training_needs_the_trainer_role(visit: Open) -> None:
    app = visit("train", user("vera"))
    button = find(app, "Train 6 runs")
    assert button.disabled
    assert button.help == "You need the trainer role to start training. Ask an administrator."
    assert f":material/lock: {button.help}" in [caption.value for caption in app.caption]
    assert not find(visit("train", user("tom")), "Train 6 runs").disabled


@pytest.mark.parametrize(
    ("name", "adds", "imports"), [("vera", False, False), ("tom", True, True), ("ada", True, True)]
)
def test_files_are_accepted_only_from_roles_that_may_import(visit: Open, name: str, adds: bool, imports: bool) -> None:
    train, runs = visit("train", user(name), dataset="Own images"), visit("runs", user(name))
    for app, may, sentence in (
        (train, adds, "You need the trainer role to add datasets. Ask an administrator."),
        (runs, imports, "You need the trainer role to import runs from elsewhere. Ask an administrator."),
    ):
        assert not app.warning
        assert bool(app.get("file_uploader")) == may
        assert (f":material/lock: {sentence}" in [caption.value for caption in app.caption]) == (not may)


def test_viewer_changes_no_queue_and_starts_no_process(visit: Open, home: Home, no_dispatcher: None) -> None:
    [job] = submit_all(home, [RunSpec()])
    app = visit("jobs", user("vera"))
    assert find(app, "Pause queue").disabled
    page = visit("run", user("vera"), run=job.run_id)
    for label in ("Move to front", "Move up", "Move down", "Cancel"):
        assert find(page, label).disabled
    assert not find(visit("run", user("tom"), run=job.run_id), "Cancel").disabled
    assert JobQueue(home).unfinished()[0].run_id == job.run_id


def test_only_the_page_of_a_trainer_processes_the_queue(visit: Open, home: Home) -> None:
    JobQueue(home).pause()
    JobQueue(home).submit([RunSpec()])  # as if the dispatcher had been lost
    visit("jobs", user("vera"))
    assert not (home.jobs / "dispatcher.lock").exists()


def show_run() -> None:
    """Show the actions below the table for a selected run."""
    import streamlit as st

    from core.store.note import NoteBook
    from core.ui.errors import handle_errors
    from core.ui.run.note import show_note
    from core.ui.run_actions import show_deleted_runs
    from core.ui.runs.selection import show_selected_runs
    from core.ui.session import home

    with handle_errors():
        run_id, notes = st.query_params["id"], NoteBook(home()).read_all()
        show_selected_runs([run_id], notes)
        show_note(run_id, notes[run_id])
        show_deleted_runs()


@pytest.mark.parametrize(
    ("name", "marks", "deletes"), [("vera", False, False), ("tom", True, False), ("ada", True, True)]
)
def test_notes_need_the_trainer_role_and_deletion_the_admin_role(
    home: Home, make_run: RunWriter, name: str, marks: bool, deletes: bool
) -> None:
    run, other = make_run(predictions=False), make_run(predictions=False, seed=1)
    RunStore(home).delete(other.run_id)
    NoteBook(home).write(run.run_id, Note(name="the first", text="of all"))
    app = AppTest.from_function(show_run, default_timeout=60)
    app.secrets.update(SECRETS)
    app.user = user(name)
    app.query_params["id"] = run.run_id
    app.run()
    assert not [*app.exception, *app.error]
    labels = [button.label for button in app.button]
    assert find(app, "Add star").disabled == find(app, "Archive").disabled == (not marks)
    assert ("Save" in labels) == marks
    assert ("the first" in [text.value for text in app.text]) == (not marks)
    assert find(app, "Delete").disabled == (not deletes)
    assert ("Delete permanently" in labels) == deletes
    captions = [caption.value for caption in app.caption]
    assert (":material/lock: You need the admin role to delete runs. Ask an administrator." in captions) == (
        name == "tom"
    )


def test_click_after_the_login_expired_does_nothing(visit: Open, home: Home) -> None:
    app = visit("train", user("tom"))
    app.user = user("tom", iat=time.time() - 13 * 3600)
    find(app, "Train 6 runs").click().run()
    assert read(app)[0].startswith("Your login has expired after 12 hours.")
    assert JobQueue(home).jobs() == []


def act_and_read() -> None:
    """Act as a fragment does, which runs without the login check before it."""
    from core.actions.run import clear_runs
    from core.ui.access import act
    from core.ui.errors import handle_errors
    from core.ui.session import store

    with handle_errors():
        act(clear_runs)
    with handle_errors():
        store()


@pytest.mark.parametrize("who", [{"is_logged_in": False}, {}, user("ada", iat=1.0), user("eve", email="eve@b.org")])
def test_login_check_cannot_be_bypassed(home: Home, who: dict[str, object]) -> None:
    app = AppTest.from_function(act_and_read, default_timeout=60)
    app.secrets.update(SECRETS)
    app.user = who
    app.run()
    assert len(app.error) == 2
    assert all(re.search(r"not logged in|has expired|has no role", error.value) for error in app.error)


def test_read_only_dashboard_shows_its_state(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "1")
    app = visit("train", {}, {})
    assert find(app, "Train 6 runs").disabled
    assert app.sidebar.caption[0].value == ":material/lock: This dashboard is read-only."
    monkeypatch.setenv(READ_ONLY, "maybe")
    assert read(visit("train", {}, {})) == ["Expected HEADROOM_READ_ONLY to be 0 or 1; got 'maybe'."]
