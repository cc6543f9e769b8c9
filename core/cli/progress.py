"""Bars on standard error: one for each training that is waited for, one for a download or an adding."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column

from core.cli.output import open_console
from core.datasets import download
from core.displays.progress import describe_progress
from core.displays.sweep import compute_share, describe_status, name_sweep_run
from core.home import Home
from core.jobs.progress import Progress as TrainingProgress
from core.jobs.queue import State
from core.jobs.sweep_plan import make_estimator
from core.jobs.sweep_status import read_sweep_status
from core.jobs.sweep_store import Sweep
from core.jobs.wait import OnProgress
from core.store.run_store import RunStore


def _bar(width: int) -> BarColumn:
    """In colours that every terminal tells apart."""
    return BarColumn(width, style="bright_black", complete_style="cyan", finished_style="green")


@contextmanager
def watch_trainings(names: Mapping[str, str]) -> Iterator[OnProgress]:
    """A bar for each run id under its name, where there is a terminal; yields what `core.jobs.wait.wait` reports to."""
    console = open_console(stderr=True)
    text = TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
    with Progress(name, _bar(20), text, console=console, disable=not console.is_terminal) as bars:
        tasks = {run_id: bars.add_task(name, total=1.0, text="queued") for run_id, name in names.items()}

        def follow(run_id: str, state: State, progress: TrainingProgress | None) -> None:
            share, words = describe_progress(state, progress)
            bars.update(tasks[run_id], completed=share, text=words)

        yield follow


@contextmanager
def watch_sweep(home: Home, sweep: Sweep, store: RunStore) -> Iterator[OnProgress]:
    """One bar for a whole sweep and one for each member that runs; yields what `core.jobs.wait.wait` reports to."""
    console = open_console(stderr=True)
    text = TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
    estimator = make_estimator(home, store)
    with Progress(name, _bar(20), text, console=console, disable=not console.is_terminal) as bars:
        whole = bars.add_task("Sweep", total=1.0, text="queued")
        specs = {spec.run_id: spec for spec in sweep.specs}
        tasks = {
            run_id: bars.add_task(name_sweep_run(spec, sweep), total=1.0, text="", visible=False)
            for run_id, spec in specs.items()
        }
        looked_at = -1.0

        def follow(run_id: str, state: State, progress: TrainingProgress | None) -> None:
            nonlocal looked_at
            share, words = describe_progress(state, progress)
            bars.update(tasks[run_id], completed=share, text=words, visible=state == "running")
            if console.is_terminal and time.monotonic() - looked_at >= 1.0:
                standing = read_sweep_status(home, sweep, store, estimator)
                bars.update(whole, completed=compute_share(standing), text=describe_status(standing))
                looked_at = time.monotonic()

        yield follow


@contextmanager
def watch_download(label: str) -> Iterator[download.Progress]:
    """A bar in bytes, where there is a terminal; yields what `core.datasets.cache.fetch_dataset` reports to."""
    with _show_share(label, DownloadColumn(), TransferSpeedColumn()) as follow:
        yield follow


@contextmanager
def watch_adding(label: str) -> Iterator[download.Progress]:
    """A bar in files, where there is a terminal; yields what `core.datasets.add.add_dataset` reports to."""
    with _show_share(label, MofNCompleteColumn(), TimeRemainingColumn()) as follow:
        yield follow


@contextmanager
def _show_share(label: str, *columns: ProgressColumn) -> Iterator[download.Progress]:
    console = open_console(stderr=True)
    name = TextColumn("{task.description}", markup=False)
    with Progress(name, _bar(40), *columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(label, total=None)

        def follow(done: int, total: int | None) -> None:
            bars.update(task, completed=done, total=total)

        yield follow
