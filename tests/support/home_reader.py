"""Reads a home as all pages do, to test that it stays usable with a damaged file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.advice.race import list_damaged_races, list_races
from core.advice.status import read_race_status
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
from core.errors import HeadroomError, RunDamagedError
from core.home import Home
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
from tests.support.markers import LONG

GOOD, OTHER = "gap", "dense"
MORE = 8
"""Factor by which `make test-all` has more cases: all of them would take hours."""


def is_chosen(number: int, every: int) -> bool:
    """Return whether a case is tested: one of `every`, MORE of them in `make test-all`."""
    return number % (max(1, every // MORE) if LONG else every) == 0


def files_of(home: Home) -> list[Path]:
    """Return the files that Headroom reads, not those that it has moved aside; the run GOOD stays whole."""
    good = next(run.path for run in RunStore(home).open_all(ids_of(home)) if run.spec.head == GOOD)
    skipped = (".lock", "-wal", "-shm", *([] if LONG else [".npy"]))
    return sorted(
        path for path in home.path.rglob("*")
        if path.is_file() and path.parent != good and not path.name.endswith(skipped) and ".damaged-" not in str(path)
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


def check_home(home: Home, where: str, *, displays: bool = False) -> list[str]:
    try:
        return read_home(home, displays=displays, datasets=LONG or where.startswith("datasets"))
    except Exception as error:
        raise AssertionError(where) from error
