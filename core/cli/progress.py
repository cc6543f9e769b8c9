"""Progress bars on standard error for jobs and sweeps."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.progress import Progress, TextColumn
from rich.table import Column

from core.cli.dataset_progress import show_bar
from core.cli.output import open_console
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


@contextmanager
def watch_trainings(names: Mapping[str, str]) -> Iterator[OnProgress]:
    """Show one progress bar per run ID if there is a terminal; yields the callback for `core.jobs.wait.wait`."""
    console = open_console(stderr=True)
    text = TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
    with Progress(name, show_bar(20), text, console=console, disable=not console.is_terminal) as bars:
        tasks = {run_id: bars.add_task(name, total=1.0, text="queued") for run_id, name in names.items()}

        def follow(run_id: str, state: State, progress: TrainingProgress | None) -> None:
            share, description = describe_progress(state, progress)
            bars.update(tasks[run_id], completed=share, text=description)

        yield follow


@contextmanager
def watch_sweep(home: Home, sweep: Sweep, store: RunStore) -> Iterator[OnProgress]:
    """Show one progress bar for the sweep and one per running job; yields the callback for `core.jobs.wait.wait`."""
    console = open_console(stderr=True)
    text = TextColumn("{task.fields[text]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    name = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
    estimator = make_estimator(home, store)
    with Progress(name, show_bar(20), text, console=console, disable=not console.is_terminal) as bars:
        whole = bars.add_task("Sweep", total=1.0, text="queued")
        specs = {spec.run_id: spec for spec in sweep.specs}
        tasks = {
            run_id: bars.add_task(name_sweep_run(spec, sweep), total=1.0, text="", visible=False)
            for run_id, spec in specs.items()
        }
        checked_at = -1.0

        def follow(run_id: str, state: State, progress: TrainingProgress | None) -> None:
            nonlocal checked_at
            share, description = describe_progress(state, progress)
            bars.update(tasks[run_id], completed=share, text=description, visible=state == "running")
            if console.is_terminal and time.monotonic() - checked_at >= 1.0:
                status = read_sweep_status(home, sweep, store, estimator)
                bars.update(whole, completed=compute_share(status), text=describe_status(status))
                checked_at = time.monotonic()

        yield follow
