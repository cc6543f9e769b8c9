"""A home stays usable with any of its files damaged: each file × each kind of damage, and each value × each extreme."""

import copy
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from typer.main import get_command

from core.advice.race import list_damaged_races, list_races
from core.advice.status import read_race_status
from core.cli.app import app
from core.datasets.cache import list_datasets
from core.datasets.custom.interrupted_add import can_continue
from core.datasets.custom.removed import list_removed
from core.datasets.dataset_key import key_of, split_key
from core.datasets.dataset_view import open_view
from core.datasets.fetch import list_added, read_fetch
from core.datasets.findings.image_findings import name_files
from core.datasets.inspect import inspect_dataset
from core.displays.advice_text import build_advice_json
from core.displays.comparison_json import list_results
from core.displays.data_display import DATA_DISPLAYS
from core.displays.display import DISPLAYS
from core.displays.job_table import list_active_jobs, list_completed_jobs
from core.displays.progress import describe_progress
from core.displays.sweep import build_status_table, describe_status
from core.errors import HeadroomError, HomeError, RunDamagedError
from core.home import Home
from core.jobs.damaged import list_damaged_jobs
from core.jobs.dispatcher import Dispatcher
from core.jobs.health import read_health
from core.jobs.leftover import list_leftovers
from core.jobs.local_executor import LocalExecutor
from core.jobs.progress import read_log, read_progress
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.jobs.sweep_status import read_sweep_status
from core.jobs.sweep_store import list_damaged_sweeps, list_sweeps
from core.models.model_info import list_models, locate_weights, read_model_info
from core.models.own_layers import list_model_layers
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.reports.reproduction import build_reproduction
from core.spec import RunSpec
from core.store.activation_maps import read_maps
from core.store.comparison import Comparison, list_offers
from core.store.history import read_history
from core.store.note import NoteBook, join_notes
from core.store.run_store import RunStore
from core.store.saved_comparison import list_saved, list_saved_ids, open_deleted_saved, open_saved
from tests.support.command import ask, call
from tests.support.damage import DAMAGES, damaged
from tests.support.dispatcher import without_dispatcher
from tests.support.full_home import fill_home, list_missing
from tests.support.markers import LONG
from tests.support.page import PAGES, navigated, open_page, text_of
from tests.support.paths import ROOT

GOOD, OTHER = "gap", "dense"
MORE = 8
"""Factor by which `make test-all` has more cases: all of them would take hours."""


def is_chosen(number: int, every: int) -> bool:
    """Return whether a case is tested: one of `every`, MORE of them in `make test-all`."""
    return number % (max(1, every // MORE) if LONG else every) == 0


SIDE_FILES = ("notes.sqlite", "jobs/queue.sqlite", "index.feather")


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with a file of every kind: runs, notes, jobs, a sweep, a report and a dataset."""
    with pytest.MonkeyPatch.context() as patch:
        home = Home(tmp_path_factory.mktemp("full") / "home")
        patch.setenv("HEADROOM_HOME", str(home.path))
        patch.setenv("HEADROOM_EXAMPLES", str(home.path / "no-examples"))
        fill_home(home, tmp_path_factory.mktemp("outside"), (GOOD, OTHER))
        yield home


def files_of(home: Home) -> list[Path]:
    """Return the files that Headroom reads; the run GOOD stays whole."""
    good = next(run.path for run in RunStore(home).open_all(ids_of(home)) if run.spec.head == GOOD)
    skipped = (".lock", "-wal", "-shm", *([] if LONG else [".npy"]))
    return sorted(
        path for path in home.path.rglob("*")
        if path.is_file() and path.parent != good and not path.name.endswith(skipped)
    )  # fmt: skip


def ids_of(home: Home) -> list[str]:
    return sorted(RunStore(home).frame()["run_id"])


def read_home(home: Home, *, displays: bool = False, datasets: bool = True) -> list[str]:
    """Read a home as all pages do. Return the messages of what cannot be read; any other exception is a failure."""
    problems: list[str] = []

    def attempt(read: Callable[[], Any]) -> Any:
        try:
            return read()
        except HeadroomError as error:
            damage = isinstance(error, RunDamagedError) and "does not contain model" not in str(error)
            problems.append(str(error) if not damage or "or train it again" in str(error) else "no remedy")
            return None

    store = RunStore(home)
    frame = store.frame()  # lists never fail
    for problem in store.damaged().values():
        assert "headroom doctor --repair" in problem, problem
        problems.append(problem)
    list_damaged_sweeps(home)
    list_damaged_races(home)
    assert GOOD in set(frame["head"])
    list_offers(frame)
    list_runs(home, store)
    report_store = ReportStore(home)
    for entry in report_store.entries():
        attempt(lambda entry=entry: report_store.read(entry.draft.id))
        for version in entry.versions:
            attempt(lambda entry=entry, version=version: report_store.open(f"{entry.draft.id}-{version}"))
        problems.extend(filter(None, [entry.notice]))
    problems.extend(report_store.damaged().values())
    problems.extend(status.problem for status in list_datasets(home) if status.problem)
    for name in list_models(home):
        info = attempt(lambda name=name: read_model_info(home, name))
        if info:
            attempt(lambda info=info: list_model_layers(info.reference, None))
            attempt(lambda info=info: locate_weights(home, info.reference))
    list_added(home)
    read_fetch(home, "folder-a")
    read_health(home)
    join_notes(frame, attempt(NoteBook(home).read_all) or {})
    jobs = attempt(JobQueue(home).jobs) or []
    for read in (JobQueue(home).count, JobQueue(home).unfinished, JobQueue(home).paused):
        attempt(read)
    progress = {job.run_id: read_progress(home, job.run_id) for job in jobs}
    list_active_jobs(jobs, progress)
    list_completed_jobs(jobs, time.time(), store)
    for job in jobs:
        describe_progress(job.state, progress[job.run_id])
        read_log(home, job.run_id)
        read_history(home.jobs / job.run_id / "history.jsonl")
        attempt(lambda job=job: job.spec)
    for sweep in list_sweeps(home):
        status = attempt(lambda sweep=sweep: read_sweep_status(home, sweep, store))
        if status:
            describe_status(status)
            build_status_table(status, sweep.settings)
    for race in list_races(home):
        attempt(lambda race=race: build_advice_json(race, read_race_status(home, race, store)))
    runs = store.open_all(list(frame["run_id"]))
    for run in runs:
        for name in ("history", "predictions", "robustness"):
            attempt(lambda run=run, name=name: getattr(run, name))
        attempt(lambda run=run: read_maps(run))
    comparison = attempt(lambda: Comparison.of(runs))
    if comparison:
        build_reproduction(comparison)
        if displays:
            attempt(lambda: list_results(comparison, frame))
            attempt(lambda: write_default(comparison))
            for kind in DISPLAYS.values():
                if kind.name not in ("activation", "example"):  # need a class or an image
                    attempt(lambda kind=kind: draw(kind, comparison, home))
    if datasets:
        read_datasets(home, attempt)
    for saved_id in list_saved_ids(home):
        attempt(lambda saved_id=saved_id: open_saved(home, saved_id))
    for saved_id in list_saved_ids(home, deleted=True):
        attempt(lambda saved_id=saved_id: open_deleted_saved(home, saved_id))
    assert {saved.name for saved in list_saved(home)} <= {"kept"}
    list_offers(frame)
    assert list(store.deleted()) == []
    list_removed(home)
    can_continue(home, "folder-half")
    list_leftovers(home, 0)
    LocalExecutor(home).poll(f"{runs[0].run_id}-1")
    for problem in problems:
        assert problem.strip().endswith((".", "PATH")) or "headroom" in problem, problem
        assert len(problem) < 700, problem
        assert "\n" not in problem, problem
    return problems


def read_datasets(home: Home, attempt: Callable[[Callable[[], Any]], Any]) -> None:
    """Read every file of the available datasets, as the Data page does."""
    keys = {key_of(status.name, status.folder) for status in list_datasets(home) if status.available}
    for key in keys & {"folder-mine", *(["digits"] if LONG else [])}:
        data = attempt(lambda key=key: inspect_dataset(home, key))
        for read in (
            lambda data: data.statistics,
            lambda data: data.name_images("train", [0, 1]),
            lambda data: name_files(data.findings.images, data.dataset.path, (17, 6)) if data.findings else None,
            lambda data: [(view(data).frame(), view(data).describe()) for view in DATA_DISPLAYS.values()],
            lambda data: [view(data).chart() for view in DATA_DISPLAYS.values() if LONG],
        ):
            attempt(lambda read=read, data=data: read(data))
        attempt(lambda key=key: open_view(home, RunSpec(dataset=split_key(key)[0], folder=split_key(key)[1], side=8)))


def draw(kind: Any, comparison: Comparison, home: Home) -> None:
    context = {"home": home} if "home" in kind.__dataclass_fields__ else {}
    display = kind(comparison, **context)
    display.frame(), display.chart(), display.table(), display.describe()


def test_home_contains_a_file_of_every_kind_that_is_written(full_home: Home) -> None:
    assert [*list_missing(full_home)] == []


def list_cases(home: Home) -> Iterator[tuple[Path, str, bool]]:
    """Return every file with some kinds of damage each, in `make test-all` with more kinds."""
    for index, path in enumerate(files_of(home)):
        in_run = path.parent.parent == home.runs and path.name != "record.json"
        for number, damage in enumerate(DAMAGES):
            if is_chosen(index + number, 40):
                yield path, damage, False
                if in_run:
                    yield path, damage, True


def check(home: Home, where: str, *, displays: bool = False) -> list[str]:
    try:
        return read_home(home, displays=displays, datasets=LONG or where.startswith("datasets"))
    except Exception as error:
        raise AssertionError(where) from error


def test_any_damaged_file_leaves_the_rest_usable(full_home: Home) -> None:
    assert read_home(full_home, displays=True) == []
    before = ids_of(full_home)
    for number, (path, damage, resign) in enumerate(list_cases(full_home)):
        where = f"{path.relative_to(full_home.path)}: {damage}{', with its checksum' if resign else ''}"
        with damaged(path, DAMAGES[damage], resign=resign):
            content = path.read_bytes()[:1000] if path.is_file() else b""
            drawn = LONG and number % MORE == 0
            problems = check(full_home, where, displays=drawn)
            # Several reads, or several displays, each with the sentence.
            repeated = drawn or path.suffix == ".sqlite" or where.startswith("datasets")
            assert len(problems) == len({*problems}) or repeated, where
            assert path.is_symlink() or path.exists(), where  # reading deletes nothing
            computed = path.name == "index.feather" or path.parent.name.startswith(("statistics", "side-"))
            assert not content or computed or path.read_bytes()[:1000] == content, where
    assert ids_of(full_home) == before


def test_file_instead_of_any_folder_leaves_the_rest_usable(full_home: Home, tmp_path: Path) -> None:
    good = next(run.path for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == GOOD)
    kept = (good, full_home.runs, full_home.reports)  # the last two are reported as such
    folders = [path for path in sorted(full_home.path.rglob("*")) if path.is_dir() and path not in kept]
    for path in folders if LONG else [full_home.jobs / "processes"]:
        path.rename(tmp_path / "aside")
        try:
            path.touch()
            check(full_home, f"a file instead of {path.relative_to(full_home.path)}")
        finally:
            if path.is_dir():  # one that is computed from others, such as resized images
                shutil.rmtree(path)
            else:
                path.unlink()
            (tmp_path / "aside").rename(path)


# -- one value of a file ----------------------------------------------------------------------------------------------

EXTREMES = (
    -1, 0, 2**63, 10**400, 1e300, float("nan"), float("inf"), 0.5, True, None, "", "x" * 100_000, "\u202e\n", "../../x",
    "0001-01-01T00:00:00+00:00", [], {}, [[]] * 20_000, {"a": {"b": 1}},
)  # fmt: skip


def list_leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the path of each value; of lists, only the first member."""
    if path:
        yield path
    if path[:1] != ("document",):  # protected by the checksum of the published version
        members = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
        for name, member in members:
            yield from list_leaves(member, (*path, name))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = new
    return changed


def test_any_extreme_value_of_a_file_is_refused_or_harmless(full_home: Home) -> None:
    json_files = [path for path in files_of(full_home) if path.suffix == ".json" and path.parent.name != ".fetch"]
    number = 0
    for path in json_files:
        value = json.loads(path.read_bytes())
        for leaf in list_leaves(value):
            for extreme in EXTREMES:
                number += 1
                if not is_chosen(number, 500):
                    continue
                text = json.dumps(put(value, leaf, extreme))
                with damaged(path, lambda path, text=text: path.write_text(text) and None):
                    check(full_home, f"{path.name}: {leaf} = {extreme!r:.60}")
    assert number > 1000


def test_any_extreme_value_of_a_row_is_refused_or_harmless(full_home: Home) -> None:
    tables = {"notes.sqlite": ("note",), "jobs/queue.sqlite": ("job",)}
    values = ("'yesterday'", "-1", "9223372036854775807", "9e999", "''", "'{'", "x'ff00fe'", "'[1]'", "'{\"a\": 1}'",
              "'queued' || char(0)", "cast(x'ff41' as text)", "printf('%.*c', 200000, 'x')")  # fmt: skip
    number = 0
    for name, (table,) in tables.items():
        path = full_home.path / name
        with closing(sqlite3.connect(path)) as connection:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for column in columns:
            for value in values:

                def change(path: Path, column: str = column, value: str = value, table: str = table) -> None:
                    with closing(sqlite3.connect(path)) as connection, connection:
                        row = f"(SELECT max(rowid) FROM {table})"
                        connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {row}")

                number += 1
                with damaged(path, change):
                    if is_chosen(number, 24):
                        check(full_home, f"{name}: {column} = {value}")
                    jobs = JobQueue(full_home).jobs()
                    assert len(jobs) >= 2  # one row never hides the others
                    list_active_jobs(jobs, {})
                    list_completed_jobs(jobs, time.time(), RunStore(full_home))
                    assert NoteBook(full_home).read_all()


# -- dispatcher, commands, pages and repair ---------------------------------------------------------------------------


class IdleExecutor(LocalExecutor):
    """Executor that starts no process, so every attempt is lost."""

    slots = 2  # type: ignore[assignment]

    def start(self, handle: str, folder: Path) -> None: ...


def test_dispatcher_continues_with_any_damaged_file(
    full_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job whose files are damaged is started again, or ends with a reason."""
    monkeypatch.setattr("core.jobs.submit.ensure_dispatcher", lambda home: True)
    home, whole = Home(tmp_path / "home"), tmp_path / "whole"
    for name in ("jobs", "advice"):
        shutil.copytree(full_home.path / name, whole / name)
    names = [path.relative_to(whole) for path in sorted(whole.rglob("*")) if path.is_file()]
    cases = [*product(names, DAMAGES)] if LONG else [*product([n for n in names if n.name == "restart"], DAMAGES)]
    for name, damage in cases:
        shutil.rmtree(home.path, ignore_errors=True)
        shutil.copytree(whole, home.path)
        DAMAGES[damage](home.path / name)
        if name.name.startswith("queue.sqlite"):
            with suppress(HomeError):
                Dispatcher(home, IdleExecutor(home, warm=False)).step()
            continue
        dispatcher = Dispatcher(home, IdleExecutor(home, warm=False))
        for _ in range(2):
            dispatcher.step()
        job = JobQueue(home).job(name.parts[1]) if len(name.parts) == 3 and name.parts[0] == "jobs" else None
        assert job is None or job.attempt > 1 or job.reason, (name, damage)


@pytest.mark.parametrize("name", SIDE_FILES)
def test_damaged_side_file_is_named_with_its_repair_and_moved_aside(full_home: Home, name: str) -> None:
    path = full_home.path / name
    damages = ("random bytes", "truncated", "unreadable", "folder") if name != "index.feather" else ("folder",)
    for damage in damages:
        with damaged(path, DAMAGES[damage]):
            result = call("runs")
            assert (result.exit_code, GOOD in result.stdout) == (0, True)
            assert result.stderr.count("headroom doctor --repair") == (0 if name == "index.feather" else 1), damage
            repaired = call("doctor", "--repair").stdout
            assert f"{path.name} was damaged" in repaired, damage
            assert call("doctor", "--repair").stdout == "No damaged file was found.\n"
            assert "doctor" not in call("runs").stderr
    assert len([*path.parent.glob(f"{path.name}.damaged-*[0-9]")]) == len(damages)  # nothing is deleted


# Commands that change the home or start processes, and are tested with damaged files elsewhere.
WRITING = {
    "train", "token", "report publish", "datasets download", "datasets add", "datasets remove",
    "bundle import", "jobs cancel", "jobs resume", "jobs retry", "jobs pause", "jobs unpause",
    "jobs revive", "jobs first", "jobs up", "jobs down", "runs fetch", "report create", "export mlflow",
    "datasets clear-trash", "datasets restore", "import", "models add", "models remove", "models restore",
    "report share", "report unshare", "serve",
}  # fmt: skip


def list_read_commands(home: Home, good: str) -> list[list[str]]:
    """Return every command of the application that does not change the home, with its required arguments."""
    outside = str(home.path.parent)
    arguments = {
        "show": [good], "compare": [good], "analyse": [good], "params": ["--recipe", "digits-heads"],
        "report links": [next(path.name for path in home.reports.glob("r*"))],
        "report export": [good, "-o", f"{outside}/report.csv"],
        "bundle export": [good, "-o", f"{outside}/bundle.zip", "--no-models"],
        "export tensorboard": [good, "-o", f"{outside}/events"],
    }  # fmt: skip

    def walk(command: Any, words: list[str]) -> Iterator[list[str]]:
        name = " ".join(words)
        if words and name not in WRITING and getattr(command, "invoke_without_command", True):
            yield [*words, *arguments.get(name, [])]
        for member, found in getattr(command, "commands", {}).items():
            if not found.hidden:
                yield from walk(found, [*words, member])

    return [*walk(get_command(app), [])]


def test_every_read_command_works_with_any_damaged_file(full_home: Home) -> None:
    good = next(run.run_id for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == GOOD)
    commands = list_read_commands(full_home, good)
    assert len(commands) > 10
    for index, path in enumerate(files_of(full_home)):
        for number, damage in enumerate(DAMAGES):
            if index % (3 if LONG else 6) or (index // 6 + number) % len(DAMAGES):
                continue
            with damaged(path, DAMAGES[damage]):
                for position, command in enumerate(commands):
                    if (index // 6 + position) % (2 if LONG else 6):
                        continue
                    result = call(*command)
                    assert "Unexpected error" not in result.stderr, (path, damage, command, result.stderr)
                assert good in {row["run_id"] for row in ask("runs")}


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


def test_damaged_jobs_and_sweeps_are_named_and_moved_aside(full_home: Home) -> None:
    queue, sweep = full_home.jobs / "queue.sqlite", next((full_home.jobs / "sweeps").glob("*.json"))

    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE job SET run_id = '../../x' WHERE number = 3")

    before = len(JobQueue(full_home).jobs())
    with damaged(queue, spoil), damaged(sweep, DAMAGES["truncated"]):
        assert len(JobQueue(full_home).jobs()) == before - 1
        messages = list_damaged_jobs(full_home)
        assert ["'../../x'" in messages[0], sweep.stem in messages[1]] == [True, True]
        for words in (["jobs"], ["doctor"], ["sweep"]):
            shown = call(*words).output
            assert [message in shown for message in messages] == [words != ["sweep"], True], words
        with navigated(), without_dispatcher(full_home):
            app = open_page("jobs")
        assert [item.label for item in app.expander if "Damaged" in item.label] == ["Damaged jobs and sweeps: 2"]
        repaired = call("doctor", "--repair").stdout
        assert "Jobs with an invalid run ID: 1." in repaired
        assert f"{sweep.name} was damaged." in repaired
        assert list_damaged_jobs(full_home) == []
        assert call("doctor", "--repair").stdout == "No damaged file was found.\n"
        with closing(sqlite3.connect(queue)) as connection:
            assert connection.execute("SELECT count(*) FROM damaged_job").fetchone() == (1,)


def test_damaged_run_is_moved_aside(full_home: Home) -> None:
    path = next(run.path for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == OTHER)
    content = (path / "record.json").read_bytes()
    (path / "record.json").write_bytes(b"[]")
    assert call("doctor", "--repair").stdout.startswith(f"Run {path.name} was damaged. It is now ")
    assert RunStore(full_home).damaged() == {}
    [aside] = full_home.runs.glob(f".damaged-{path.name}-*")
    (aside / "record.json").write_bytes(content)
    aside.rename(path)
    assert RunStore(full_home).open(path.name)


def test_one_function_writes_every_message_of_a_damaged_run() -> None:
    allowed = {"core/errors.py", "core/store/damage.py"}
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "core").rglob("*.py")
        for line in path.read_text().splitlines()
        if "RunDamagedError(" in line and path.relative_to(ROOT).as_posix() not in allowed
    ]
    assert found == ["core/store/run.py: raise RunDamagedError(problem)"]  # an optional file is missing
