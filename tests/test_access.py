"""Who may do what: the table of roles, logins, and every action with somebody who may not."""

import ast
import importlib
import inspect
import io
import pkgutil
import shutil
import time
import zipfile
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import core.actions
from core.access.action import ACTIONS, READ_ONLY, check_own, is_read_only
from core.access.login import Login
from core.access.role import OWNER, Role, User
from core.access.role_table import RoleTable
from core.datasets.cache import open_dataset
from core.datasets.fetch import read_fetch
from core.errors import AccessError, LoginError
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.sweep_store import keep_sweep
from core.reports.build import build_document
from core.reports.report import Report
from core.reports.report_store import ReportStore
from core.spec import RunSpec
from core.store.bundle import export_bundle
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.conftest import without_dispatcher
from tests.finished_run import RunWriter
from tests.test_layering import ROOT, module_of, read_imports

for module in pkgutil.iter_modules(core.actions.__path__):
    importlib.import_module(f"core.actions.{module.name}")

NOW = 1_800_000_000.0
ROLES = {
    "viewer": ["@example.org", "@kiosk.org"],
    "trainer": ["tom@example.org", "@lab.example.org"],
    "admin": ["Ada@Example.org"],
}
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "a secret of thirty-two characters",
    "client_id": "headroom",
    "client_secret": "hidden",
    "server_metadata_url": "http://localhost:9400/.well-known/openid-configuration",
}
TABLE = RoleTable.parse(ROLES)
LOGIN = Login.parse(AUTH, {"roles": ROLES})


def claim(**changes: object) -> dict[str, object]:
    claims = {"is_logged_in": True, "email": "tom@example.org", "email_verified": True, "iat": NOW - 60, **changes}
    return {name: value for name, value in claims.items() if value is not None}


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("ada@example.org", Role.ADMIN),
        ("ADA@EXAMPLE.ORG", Role.ADMIN),
        ("tom@example.org", Role.TRAINER),
        ("anybody@example.org", Role.VIEWER),
        ("anybody@lab.example.org", Role.TRAINER),
        ("anybody@other.example.org", None),
        ("anybody@evil-example.org", None),
        ("anybody@example.org.evil.com", None),
        ("anybody@example.org@evil.com", None),
        ("anybody@evil.com@example.org", None),
        ("anybody@example.org.", None),
        ("anybody@example.org\n", None),
        ("any body@example.org", None),
        ("@example.org", None),
        ("example.org", None),
        ("", None),
        ("\u0061nybody@ex\u0430mple.org", None),  # a Cyrillic letter that looks the same
        ("anybody@example.or\u0261", None),
        ("Tom@Example.org\u200b", None),
        ("tom@\u212aiosk.org", None),  # the sign of kelvin, which is a k in small letters
    ],
)
def test_address_has_the_role_that_the_table_gives_it(address: str, role: Role | None) -> None:
    assert TABLE.find(address) == role


@given(st.text(max_size=40), st.sampled_from(["", "@example.org", "@lab.example.org"]))
@example("tom", "@EXAMPLE.org")
def test_no_address_but_a_listed_one_has_a_role(text: str, domain: str) -> None:
    role = TABLE.find(text + domain)
    if role is not None:
        name, _, found = (text + domain).rpartition("@")
        assert name.isascii()
        assert "@" not in name
        assert found.lower() in ("example.org", "kiosk.org", "lab.example.org")


@pytest.mark.parametrize(
    ("auth", "settings", "sentence"),
    [
        (AUTH, None, r"Expected \[headroom.roles\] beside \[auth\] in secrets.toml; got none."),
        (None, {"roles": ROLES}, r"Expected \[auth\] beside \[headroom\] in secrets.toml; got none."),
        (AUTH, {}, "to list who has which role; got nothing."),
        (AUTH, {"roles": {}}, "to list who has which role; got {}."),
        (AUTH, {"roles": []}, "to list who has which role"),
        (AUTH, {"rolls": ROLES}, "got 'rolls'."),
        (AUTH, {"roles": {"owner": ["a@b.org"]}}, "to have the keys viewer, trainer, admin; got 'owner'."),
        (AUTH, {"roles": {"admin": "a@b.org"}}, "to be a list; got 'a@b.org'."),
        (AUTH, {"roles": {"admin": ["b.org"]}}, "Expected name@domain or @domain under admin .* got 'b.org'."),
        (AUTH, {"roles": {"admin": ["*"]}}, "got '\\*'."),
        (AUTH, {"roles": {"admin": ["@"]}}, "got '@'."),
        (AUTH, {"roles": {"admin": ["@b.org@c.org"]}}, "got '@b.org@c.org'."),
        (AUTH, {"roles": {"admin": [7]}}, "got 7."),
        (AUTH, {"roles": {"admin": ["a@b.org"], "viewer": ["A@b.org"]}}, "one role for a@b.org .* admin and viewer."),
        (AUTH, {"roles": ROLES, "login_hours": 0}, "between 0 and 720; got 0."),
        (AUTH, {"roles": ROLES, "login_hours": "12"}, "got '12'."),
        (AUTH, {"roles": ROLES, "login_hours": True}, "got True."),
        (AUTH, {"roles": ROLES, "unsaid_is_verified": "no"}, "true or false; got 'no'."),
        ({**AUTH, "cookie_secret": "short"}, {"roles": ROLES}, "at least 32 characters; got fewer."),
        ({**AUTH, "cookie_secret": ""}, {"roles": ROLES}, "to have cookie_secret; got none."),
        ({**AUTH, "redirect_uri": "http://localhost:8501/"}, {"roles": ROLES}, "to end in /oauth2callback"),
        ({**AUTH, "client_secret": ""}, {"roles": ROLES}, "to have client_secret; got none."),
        ({**AUTH, "our_own": {}}, {"roles": ROLES}, "without an underscore; got 'our_own'."),
        ({**AUTH, "own": {}}, {"roles": ROLES}, r"Expected \[auth.own\] in secrets.toml to have client_id; got none."),
        ("yes", {"roles": ROLES}, r"Expected \[auth\]"),
        (dict(list(AUTH.items())[:2]), {"roles": ROLES}, "got none of them."),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_relied_on_are_named(auth: object, settings: object, sentence: str) -> None:
    with pytest.raises(AccessError, match=sentence):
        Login.parse(auth, settings)


def test_login_has_the_providers_of_its_section_and_those_below_it() -> None:
    shared = {name: AUTH[name] for name in ("redirect_uri", "cookie_secret")}
    own = {name: AUTH[name] for name in ("client_id", "client_secret", "server_metadata_url")}
    parsed = Login.parse({**AUTH, "client_kwargs": {"prompt": "login"}, "okta": own}, {"roles": ROLES})
    assert parsed
    assert parsed.providers == ("default", "okta")
    alone = Login.parse({**shared, "okta": own}, {"roles": ROLES})
    assert alone
    assert alone.providers == ("okta",)
    assert Login.parse(None, None) is None


def test_person_is_their_verified_address() -> None:
    assert LOGIN
    assert LOGIN.authenticate(claim(), NOW) == User("tom@example.org", Role.TRAINER)
    assert LOGIN.authenticate(claim(email="ADA@example.org", email_verified="true"), NOW).name == "ada@example.org"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"is_logged_in": None}, "got nobody"),
        ({"is_logged_in": False}, "got nobody"),
        ({"is_logged_in": "True"}, "got nobody"),
        ({"iat": None}, "got one without"),
        ({"iat": True}, "got one without"),
        ({"iat": NOW - 12 * 3600 - 1}, "of the last 12 hours; got an older one"),
        ({"iat": NOW + 3600}, "of the last 12 hours"),
        ({"iat": float("nan")}, "of the last 12 hours"),
        ({"email": None}, "got one without"),
        ({"email": ""}, "got one without"),
        ({"email": ["tom@example.org"]}, "got one without"),
        ({"email_verified": None}, "not known to be one"),
        ({"email_verified": False}, "not known to be one"),
        ({"email_verified": "false"}, "not known to be one"),
        ({"email_verified": 1}, "not known to be one"),
        ({"email": "tom@elsewhere.org"}, "given a role here; got 'tom@elsewhere.org'"),
    ],
)
def test_login_that_is_not_to_be_trusted_lets_nobody_in(changes: dict[str, object], sentence: str) -> None:
    assert LOGIN
    with pytest.raises(AccessError, match=sentence):
        LOGIN.authenticate(claim(**changes), NOW)


def test_provider_that_never_says_verified_can_be_trusted_by_name_but_not_against_its_word() -> None:
    trusting = Login.parse(AUTH, {"roles": ROLES, "unsaid_is_verified": True, "login_hours": 0.5})
    assert trusting
    assert trusting.authenticate(claim(email_verified=None), NOW).role is Role.TRAINER
    with pytest.raises(AccessError, match="not known to be one"):
        trusting.authenticate(claim(email_verified=False), NOW)
    with pytest.raises(LoginError, match=r"last 0\.5 hours"):
        trusting.authenticate(claim(iat=NOW - 1801), NOW)


def test_what_belongs_to_somebody_is_theirs_and_of_admins() -> None:
    check_own(User("tom@example.org", Role.TRAINER), "tom@example.org", "a report")
    check_own(User("ada@example.org", Role.ADMIN), "tom@example.org", "a report")
    with pytest.raises(AccessError, match=r"Expected a report of your own, or an admin; got one of 'ada@example.org'."):
        check_own(User("tom@example.org", Role.TRAINER), "ada@example.org", "a report")


@pytest.mark.parametrize(("value", "read_only"), [("", False), ("0", False), ("1", True)])
def test_read_only_is_said_by_the_environment(monkeypatch: pytest.MonkeyPatch, value: str, read_only: bool) -> None:
    monkeypatch.setenv(READ_ONLY, value)
    assert is_read_only() == read_only


def test_nonsense_about_read_only_lets_nobody_write(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "yes")
    with pytest.raises(AccessError, match=r"Expected HEADROOM_READ_ONLY to be 0 or 1; got 'yes'."):
        ACTIONS["clear_runs"](OWNER, home)


# Every action, called as a page calls it


class Scene:
    """A home in which every action has something to change."""

    def __init__(self, home: Home, elsewhere: Path) -> None:
        self.home = home
        make_run, other = RunWriter(home), RunWriter(Home(elsewhere))
        foreign = other(seed=9)
        export_bundle(other.store, [foreign.run_id], elsewhere / "bundle", models=False, pictures=False)
        self.bundle = (elsewhere / "bundle").read_bytes()
        self.kept, self.removed = make_run().run_id, make_run(seed=1).run_id
        RunStore(home).remove(self.removed)
        data = open_dataset(home, "digits").info.fingerprint
        self.queued, self.failed, self.new = (RunSpec(epochs=4, seed=seed, data=data) for seed in range(3))
        self.queue = JobQueue(home)
        submit_all(home, [self.queued, self.failed])
        job = self.queue.job(self.failed.run_id)
        assert job
        self.queue.settle(job, "failed", "It broke.")
        submit_all(home, [RunSpec(epochs=5)])
        shelf, report = ReportStore(home), Report(title="Ours", runs=(self.kept,))
        self.draft, self.deleted = (shelf.create(report, "somebody@example.org") for _ in range(2))
        self.draft = shelf.save(self.draft, report.change(title="Mine"), "somebody@example.org")
        shelf.remove(self.deleted.id)
        self.sweep = keep_sweep(home, "digits-heads", ["epochs"], [self.failed])

    def archive(self) -> io.BytesIO:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("train/cat/1.png", b"no picture")
        file.seek(0)
        return file

    def calls(self) -> dict[str, tuple[Any, ...]]:
        """What each action is called with; one that is missing here fails the tests below."""
        return {
            "train_runs": ([self.new],),
            "train_sweep": ("digits-heads", ["epochs"], [self.new], None),
            "retry_sweep": (self.sweep, "failed"),
            "retry_job": (self.failed.run_id, "failed"),
            "cancel_jobs": ([self.queued.run_id],),
            "move_job": (self.queued.run_id, 1),
            "pause_queue": (),
            "resume_queue": (),
            "process_queue": (),
            "fetch_data": ("digits",),
            "add_data": ("pets", self.archive()),
            "describe_run": (self.kept, Note(name="mine")),
            "star_runs": ([self.kept], True),
            "archive_runs": ([self.kept], True),
            "delete_runs": ([self.kept],),
            "restore_runs": ([self.removed],),
            "clear_runs": (),
            "import_runs": (self.bundle,),
            "create_report": (self.draft.report,),
            "duplicate_report": (self.draft.report,),
            "save_report": (self.draft, self.draft.report.change(title="Other")),
            "undo_report": (self.draft,),
            "publish_report": (self.draft, build_document(self.draft.report, RunStore(self.home))),
            "delete_report": (self.draft.id,),
            "restore_reports": ([self.deleted.id],),
            "clear_reports": (),
        }

    def act(self, name: str, user: User) -> None:
        given = {"models": False} if name == "import_runs" else {}
        ACTIONS[name](user, self.home, *self.calls()[name], **given)

    def look(self) -> dict[str, object]:
        """Every file of the home with its content, and the tables; locks and derived files left out."""
        files = {
            str(path.relative_to(self.home.path)): path.read_bytes()
            for path in self.home.path.rglob("*")
            if path.is_file() and path.suffix not in (".lock", ".feather") and "sqlite" not in path.name
        }
        return {
            **files,
            "jobs": self.queue.jobs(),
            "pause": self.queue.paused(),
            "notes": NoteBook(self.home).read_all(),
        }


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One for all tests in which nothing may change."""
    folder = tmp_path_factory.mktemp("access")
    with without_dispatcher(Home(folder / "home")):
        yield Scene(Home(folder / "home"), folder / "elsewhere")


@pytest.fixture
def scene(untouched: Scene, tmp_path: Path) -> Iterator[Scene]:
    """A copy of it, to be changed."""
    home = Home(tmp_path / "home")
    shutil.copytree(untouched.home.path, home.path)
    changed = copy(untouched)
    changed.home, changed.queue = home, JobQueue(home)
    with without_dispatcher(home):
        yield changed


@pytest.mark.parametrize("name", ACTIONS)
def test_action_by_somebody_who_may_not_changes_nothing(untouched: Scene, name: str) -> None:
    before = untouched.look()
    for role in [role for role in Role if role < ACTIONS[name].role]:
        with pytest.raises(AccessError, match=f"^Expected an? {ACTIONS[name].role.label} to .*; got a {role.label}.$"):
            untouched.act(name, User("somebody@example.org", role))
    assert untouched.look() == before
    assert ACTIONS[name].role > Role.VIEWER


@pytest.mark.parametrize("name", ACTIONS)
def test_dashboard_for_reading_only_changes_nothing(
    untouched: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = untouched.look()
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(AccessError, match=r"^Expected a dashboard that may .*; got one for reading only.$"):
        untouched.act(name, OWNER)
    assert untouched.look() == before


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "process_queue"])
def test_action_by_somebody_who_may_changes_something(scene: Scene, name: str) -> None:
    if name == "resume_queue":
        scene.queue.pause()
    before = scene.look()
    scene.act(name, User("somebody@example.org", ACTIONS[name].role))
    assert scene.look() != before
    for key in ("digits", "folder-pets"):
        while (progress := read_fetch(scene.home, key)) and progress.alive:
            time.sleep(0.05)


@pytest.mark.parametrize("name", ["save_report", "undo_report", "publish_report", "delete_report"])
def test_report_of_somebody_else_is_changed_by_admins_alone(scene: Scene, name: str) -> None:
    before = scene.look()
    with pytest.raises(AccessError, match=r"^Expected a report of your own, or an admin; got one of 'somebody@"):
        scene.act(name, User("tom@example.org", Role.TRAINER))
    assert scene.look() == before
    scene.act(name, User("ada@example.org", Role.ADMIN))
    assert scene.look() != before


def test_owner_of_a_report_stays(scene: Scene) -> None:
    taken = scene.draft.report.change(title="Taken", owner="ada@example.org")
    ACTIONS["save_report"](User("ada@example.org", Role.ADMIN), scene.home, scene.draft, taken)
    assert ReportStore(scene.home).read(scene.draft.id).report.owner == "somebody@example.org"


def test_who_acts_stands_in_the_queue(scene: Scene) -> None:
    user = User("tom@example.org", Role.TRAINER)
    scene.act("train_runs", user)
    scene.act("pause_queue", user)
    job, pause = scene.queue.job(scene.new.run_id), scene.queue.paused()
    assert job
    assert pause
    assert job.submitted_by == pause.submitted_by == "tom@example.org"


# No page writes in another way

READING = {
    "core.datasets": {
        "cache": {"DatasetStatus", "list_datasets"}, "fetch": {"FetchProgress", "list_added", "read_fetch"},
        "key": None, "view": {"open_view", "read_info"},
    },
    "core.jobs": {
        "estimate": {"Estimator"}, "progress": None, "queue": {"Job", "JobQueue"}, "sweep": None,
        "standing": {"MemberState", "SweepStanding", "read_standing"},
        "sweep_store": {"MAX_BUDGET_MINUTES", "Sweep", "list_sweeps"},
    },
    "core.store": {
        "bundle": {"export_bundle"}, "comparison": None, "difference": None, "foreign": {"MODELS"},
        "note": {"MOST_NAME", "MOST_TEXT", "Note", "NoteBook", "join_notes", "read_tags"}, "test_set_runs": None,
        "record": {"Cost", "Data", "Metrics"}, "robustness": {"NAME"},
        "run": {"Run", "read_history"}, "runs": {"RunStore"}, "search": None,
    },
    "core.reports": {
        "address": None, "build": None, "default": None, "document": None, "format": None, "report": None,
        "formats": {"html.Html", "html.load_scripts", "html.write_policy"},
        "reproduction": None, "setting": None, "shelf": {"Draft", "Entry", "Published", "ReportStore"}, "words": None,
    },
    "core.files": {},
    "core.training": {},
}  # fmt: skip
"""What pages may import of the packages that write: names that only read; None stands for a whole module."""

METHODS: dict[type, set[str]] = {
    RunStore: {"damaged", "find", "frame", "generation", "open", "open_all", "path", "removed"},
    JobQueue: {"count", "ended", "has", "has_work", "job", "jobs", "newest_number", "paused", "running", "unfinished"},
    NoteBook: {"path", "read", "read_all"},
    ReportStore: {"entries", "locate", "open", "read", "removed", "versions"},
}
"""What pages may ask these for; every other method of them writes."""

HARMLESS = (
    "job.cancel", "st.write", "knob.write", "entry.amount.write", "FORMATS[name].write", "Html.write",
    "old.change", "old.move", "old.remove", "old.replace",
)  # fmt: skip
"""Attributes of other things that have the name of a method that writes."""

LIBRARIES = ("os", "shutil", "sqlite3", "subprocess", "fcntl")
PATHS = {"mkdir", "open", "rename", "replace", "rmdir", "symlink_to", "touch", "unlink", "write_bytes", "write_text"}

PAGE_SOURCES = sorted(
    [
        *(path for folder in ("core/ui", "core/door", "pages") for path in (ROOT / folder).rglob("*.py")),
        *(ROOT / name for name in ("dashboard.py", "asgi.py")),
    ]
)


def find_writing(module: str, source: str) -> Iterator[str]:
    """What in a source would write without being asked who does it."""
    tree = ast.parse(source)
    for one in read_imports(module, tree):
        if one.imported.partition(".")[0] in LIBRARIES:
            yield str(one)
        for package, modules in READING.items():
            if f"{one.imported}.".startswith(f"{package}."):
                inner, _, name = one.imported.removeprefix(package).strip(".").partition(".")
                if inner not in modules or not (modules[inner] is None or name in modules[inner]):
                    yield str(one)
    writing = {
        name
        for kind, reading in METHODS.items()
        for name, _ in inspect.getmembers(kind)
        if not name.startswith("_") and name not in reading
    } - {"home"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            on = ast.unparse(node.value)
            harmless = f"{on}.{node.attr}" in HARMLESS
            if (node.attr in writing and not harmless) or (node.attr in PATHS and "path" in on.lower()):
                yield f"{module} has {on}.{node.attr} in line {node.lineno}"
        if isinstance(node, ast.Name) and node.id == "open":
            yield f"{module} has open in line {node.lineno}"


@pytest.mark.parametrize("path", PAGE_SOURCES, ids=module_of)
def test_page_writes_through_actions_alone(path: Path) -> None:
    assert list(find_writing(module_of(path), path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "from core.jobs.submit import submit_all",
        "from core.jobs import submit",
        "import core.jobs.submit",
        "def f():\n    from core.store.bundle_import import import_bundle",
        "from core.datasets.fetch import start_fetch",
        "from core.files import write_json",
        "from core.store.note import NoteBook\nNoteBook(home()).change(ids, star=True)",
        "store().remove(run_id)",
        "f = store().restore",
        "JobQueue(home()).pause()",
        "queue.move(run_id, 1)",
        "import subprocess",
        "import os.path",
        "open('x', 'w')",
        "path.write_text('')",
    ],
)
def test_writing_past_the_actions_is_found(source: str) -> None:
    assert list(find_writing("core.ui.somewhere", source))


@pytest.mark.parametrize(
    "source",
    [
        "from core.jobs.queue import JobQueue\nJobQueue(home()).unfinished()",
        "from core.store.comparison import Comparison",
        "from core.actions.run import delete_runs\nact(delete_runs, ids)",
        "facts = job.cancel",
    ],
)
def test_reading_is_not_taken_for_writing(source: str) -> None:
    assert not list(find_writing("core.ui.somewhere", source))
