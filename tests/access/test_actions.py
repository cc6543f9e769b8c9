"""Every action, called by users with and without the required role."""

import importlib
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
from PIL import Image

import core.actions
from core.access.action import ACTIONS, READ_ONLY, check_owner, is_read_only
from core.access.role import OWNER, Role, User
from core.actions.comparison import may_restore_comparison
from core.actions.report import may_restore
from core.advice.make_plan import make_plan
from core.advice.race import save_race
from core.datasets.cache import open_dataset
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import locked, read_fetch
from core.errors import AccessError
from core.files import write_json
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.sweep_store import keep_sweep
from core.models.add import add_model, remove_model
from core.recipes import RECIPES
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.report import Report
from core.reports.report_store import ReportStore
from core.reports.view_link import create_view_link
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.store.saved_comparison import delete_saved, open_saved, save_runs
from tests.support.dataset_writer import write_dataset
from tests.support.dispatcher import without_dispatcher
from tests.support.elsewhere_runs import build_content
from tests.support.paths import ROOT
from tests.support.races import make_races
from tests.support.run_writer import RunWriter

for module in pkgutil.iter_modules(core.actions.__path__):
    importlib.import_module(f"core.actions.{module.name}")


def test_what_belongs_to_somebody_is_theirs_and_of_admins() -> None:
    check_owner(User("tom@example.org", Role.TRAINER), "tom@example.org", "report")
    check_owner(User("ada@example.org", Role.ADMIN), "tom@example.org", "report")
    with pytest.raises(AccessError, match=r"^Only 'ada@example.org' or an administrator can change this report.$"):
        check_owner(User("tom@example.org", Role.TRAINER), "ada@example.org", "report")


@pytest.mark.parametrize(("value", "read_only"), [("", False), ("0", False), ("1", True)])
def test_read_only_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch, value: str, read_only: bool) -> None:
    monkeypatch.setenv(READ_ONLY, value)
    assert is_read_only() == read_only


def test_nonsense_about_read_only_lets_nobody_write(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READ_ONLY, "yes")
    with pytest.raises(AccessError, match=r"Expected HEADROOM_READ_ONLY to be 0 or 1; got 'yes'."):
        ACTIONS["clear_runs"](OWNER, home)


PROCESSES = ("process_queue", "revive_queue", "evaluate_own_model")  # start a process, which changes the home later
KERAS_FILE = ROOT / "tests" / "support" / "keras_files" / "keras-3.15.1-chain.keras"


def encode_png(value: int = 90, side: int = 4) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (value, value, value)).save(file, "PNG")
    return file.getvalue()


class Scene:
    """A home in which every action has something to change."""

    def __init__(self, home: Home, elsewhere: Path) -> None:
        self.home = home
        make_run = RunWriter(home)
        self.bundle = build_content(home, "mine")
        self.kept, self.removed = make_run().run_id, make_run(seed=1).run_id
        RunStore(home).delete(self.removed)
        data = open_dataset(home, "digits").info.fingerprint
        self.queued, self.failed, self.new = (RunSpec(epochs=4, seed=seed, data=data) for seed in range(3))
        self.queue = JobQueue(home)
        submit_all(home, [self.queued, self.failed])
        job = self.queue.job(self.failed.run_id)
        assert job
        self.queue.settle(job, "failed", "It broke.")
        submit_all(home, [RunSpec(epochs=5)])
        report_store, report = ReportStore(home), Report(title="Ours", runs=(self.kept,))
        self.draft, self.deleted = (report_store.create(report, "other@example.org") for _ in range(2))
        self.draft = report_store.save(self.draft, report.change(title="Mine"), "other@example.org")
        report_store.remove(self.deleted.id, "other@example.org")
        report_store.publish(self.draft, build_document(self.draft.report, RunStore(home)), "other@example.org")
        self.link = create_view_link(report_store, f"{self.draft.id}-1", "other@example.org")[1]
        CommentStore(home).post(self.draft.id, "Why?", "other@example.org")
        for name in ("mine", "gone"):
            write_dataset(home, ("cat", "dog"), name=name)
        remove_dataset(home, "folder-gone")
        self.saved, self.deleted_comparison = (
            save_runs(home, "Ours", (self.kept,), by="other@example.org").saved_id for _ in range(2)
        )
        delete_saved(home, self.deleted_comparison, "other@example.org")
        for name in ("own", "former"):
            add_model(home, name, KERAS_FILE)
        remove_model(home, "former")
        self.sweep = keep_sweep(home, "digits-heads", ["epochs"], [self.failed])
        races = make_races(home)
        for name in ("begun", "paused"):
            save_race(home, races[name])
        self.running, self.paused = races["begun"].race_id, races["paused"].race_id
        request = races["begun"].request
        self.plan = make_plan(home, RECIPES["digits-heads"], request, ["gap", "dense"], {}, {"epochs": 3})
        self._write_imports()

    def _write_imports(self) -> None:
        """Write one interrupted import, and one that seems to run while its lock is held."""
        folder = self.home.datasets / ".fetch"
        for key in ("folder-stopped", "folder-running"):
            state = {"name": key, "phase": "reading", "pid": 1, "started_at": 0.0, "done_files": 1, "total_files": 9}
            write_json(folder / f"{key}.json", state)
        (folder / "folder-stopped.zip").write_bytes(b"no archive")
        write_json(folder / "folder-stopped.settings", {})

    def archive(self) -> io.BytesIO:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("train/cat/1.png", b"no picture")
        file.seek(0)
        return file

    def calls(self) -> dict[str, tuple[Any, ...]]:
        """Return the arguments of each action; a missing action fails the tests below."""
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
            "revive_queue": (),
            "start_advice": (self.plan,),
            "continue_advice": (self.paused,),
            "pause_advice": (self.running,),
            "stop_advice": (self.running,),
            "fetch_data": ("digits",),
            "add_data": ("pets", self.archive()),
            "add_web_data": ("web", "https://example.com/pets.zip"),
            "cancel_import": ("folder-running",),
            "continue_import": ("folder-stopped",),
            "discard_import": ("folder-stopped",),
            "remove_data": ("folder-mine",),
            "add_own_model": ("new", io.BytesIO(KERAS_FILE.read_bytes()), "chain.keras"),
            "evaluate_own_model": ("own", "digits", ""),
            "remove_own_model": ("own",),
            "restore_own_models": (["former"],),
            "clear_own_models": (),
            "restore_data": (["folder-gone"],),
            "clear_data": (),
            "describe_run": (self.kept, Note(name="mine")),
            "star_runs": ([self.kept], True),
            "archive_runs": ([self.kept], True),
            "delete_runs": ([self.kept],),
            "restore_runs": ([self.removed],),
            "clear_runs": (),
            "add_runs": ([("run.zip", self.bundle)],),
            "keep_comparison": ("Mine", Comparison.of([RunStore(self.home).open(self.kept)])),
            "remove_comparison": (self.saved,),
            "rename_comparison": (self.saved, "Yours"),
            "restore_comparisons": ([self.deleted_comparison],),
            "clear_comparisons": (),
            "create_report": (self.draft.report,),
            "duplicate_report": (self.draft.report,),
            "save_report": (self.draft, self.draft.report.change(title="Other")),
            "add_report_image": (self.draft.id, encode_png(), "A gray image"),
            "undo_report": (self.draft,),
            "publish_report": (self.draft, build_document(self.draft.report, RunStore(self.home))),
            "delete_report": (self.draft.id,),
            "share_report": (f"{self.draft.id}-1", 30),
            "unshare_report": (self.draft.id, self.link),
            "restore_reports": ([self.deleted.id],),
            "clear_reports": (),
            "add_comment": (self.draft.id, "Because."),
            "edit_comment": (self.draft.id, 1, "How?"),
            "resolve_comment": (self.draft.id, 1),
            "delete_comment": (self.draft.id, 1),
        }

    def act(self, name: str, user: User) -> None:
        ACTIONS[name](user, self.home, *self.calls()[name])

    def read_state(self) -> dict[str, object]:
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
    with without_dispatcher(home), locked(home, "folder-running", wait=True):
        yield changed


@pytest.mark.parametrize("name", ACTIONS)
def test_action_by_somebody_who_may_not_changes_nothing(untouched: Scene, name: str) -> None:
    before = untouched.read_state()
    for role in [role for role in Role if role < ACTIONS[name].role]:
        with pytest.raises(
            AccessError, match=f"^You need the {ACTIONS[name].role.label} role to .*. Ask an administrator.$"
        ):
            untouched.act(name, User("other@example.org", role))
    assert untouched.read_state() == before
    assert ACTIONS[name].role > Role.VIEWER


@pytest.mark.parametrize("name", ACTIONS)
def test_dashboard_for_reading_only_changes_nothing(
    untouched: Scene, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = untouched.read_state()
    monkeypatch.setenv(READ_ONLY, "1")
    with pytest.raises(AccessError, match=r"^This dashboard is read-only.$"):
        untouched.act(name, OWNER)
    assert untouched.read_state() == before


@pytest.mark.parametrize("name", [name for name in ACTIONS if name not in PROCESSES])
def test_action_by_somebody_who_may_changes_something(scene: Scene, name: str) -> None:
    if name == "resume_queue":
        scene.queue.pause()
    before = scene.read_state()
    scene.act(name, User("other@example.org", ACTIONS[name].role))
    assert scene.read_state() != before
    for key in ("digits", "folder-pets", "folder-stopped"):
        while (progress := read_fetch(scene.home, key)) and progress.alive:
            time.sleep(0.05)


# Every action is in one of these sets: it changes something of one user, or something that all users share.
OWNED = {
    "save_report", "add_report_image", "undo_report", "publish_report", "delete_report", "restore_reports",
    "rename_comparison", "remove_comparison", "restore_comparisons", "edit_comment", "delete_comment",
    "share_report", "unshare_report",
}  # fmt: skip
SHARED = {
    "keep_comparison", "clear_comparisons",
    "start_advice", "continue_advice", "pause_advice", "stop_advice",
    "train_runs", "train_sweep", "retry_sweep", "retry_job", "cancel_jobs", "move_job", "pause_queue", "resume_queue",
    "process_queue", "revive_queue", "fetch_data", "add_data", "add_web_data",
    "remove_data", "restore_data", "clear_data", "add_own_model", "evaluate_own_model",
    "remove_own_model", "restore_own_models", "clear_own_models",
    "cancel_import", "continue_import", "discard_import",
    "describe_run", "star_runs", "archive_runs",
    "delete_runs", "restore_runs", "clear_runs", "add_runs", "create_report", "duplicate_report", "clear_reports",
    "add_comment", "resolve_comment",
}  # fmt: skip


def test_every_action_is_owned_or_shared() -> None:
    assert set(ACTIONS) == OWNED | SHARED
    assert not OWNED & SHARED


@pytest.mark.parametrize("name", sorted(OWNED))
def test_what_another_user_owns_is_changed_only_by_admins(scene: Scene, name: str) -> None:
    before = scene.read_state()
    with pytest.raises(
        AccessError, match=r"^Only 'other@.*' or an administrator can change this (report|saved comparison|comment)\.$"
    ):
        scene.act(name, User("tom@example.org", Role.TRAINER))
    assert scene.read_state() == before
    scene.act(name, User("ada@example.org", Role.ADMIN))
    assert scene.read_state() != before


def test_what_an_admin_deleted_is_restored_only_by_admins(scene: Scene) -> None:
    ada, other = User("ada@example.org", Role.ADMIN), User("other@example.org", Role.TRAINER)
    ACTIONS["delete_report"](ada, scene.home, scene.draft.id)
    assert [may_restore(one, scene.home, scene.draft.id) for one in (ada, other)] == [True, False]
    before = scene.read_state()
    with pytest.raises(AccessError, match=r"^Only 'ada@.*' or an administrator can change this report.$"):
        ACTIONS["restore_reports"](other, scene.home, [scene.deleted.id, scene.draft.id])
    assert scene.read_state() == before
    ACTIONS["restore_reports"](ada, scene.home, [scene.draft.id])
    ACTIONS["delete_report"](other, scene.home, scene.draft.id)
    assert may_restore(other, scene.home, scene.draft.id)
    ACTIONS["restore_reports"](other, scene.home, [scene.draft.id])


def test_comparison_that_an_admin_deleted_is_restored_only_by_admins(scene: Scene) -> None:
    ada, other = User("ada@example.org", Role.ADMIN), User("other@example.org", Role.TRAINER)
    ACTIONS["remove_comparison"](ada, scene.home, scene.saved)
    assert [may_restore_comparison(one, scene.home, scene.saved) for one in (ada, other)] == [True, False]
    assert may_restore_comparison(other, scene.home, scene.deleted_comparison)
    before = scene.read_state()
    with pytest.raises(AccessError, match=r"^Only 'ada@.*' or an administrator can change this saved comparison.$"):
        ACTIONS["restore_comparisons"](other, scene.home, [scene.deleted_comparison, scene.saved])
    assert scene.read_state() == before
    ACTIONS["restore_comparisons"](ada, scene.home, [scene.saved])
    assert open_saved(scene.home, scene.saved).deleted_by == ""


def test_owner_of_a_report_stays(scene: Scene) -> None:
    taken = scene.draft.report.change(title="Taken", owner="ada@example.org")
    ACTIONS["save_report"](User("ada@example.org", Role.ADMIN), scene.home, scene.draft, taken)
    assert ReportStore(scene.home).read(scene.draft.id).report.owner == "other@example.org"


def test_who_acts_stands_in_the_queue(scene: Scene) -> None:
    user = User("tom@example.org", Role.TRAINER)
    scene.act("train_runs", user)
    scene.act("pause_queue", user)
    job, pause = scene.queue.job(scene.new.run_id), scene.queue.paused()
    assert job
    assert pause
    assert job.submitted_by == pause.submitted_by == "tom@example.org"
