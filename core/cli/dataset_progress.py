"""Progress bars on standard error for downloading and adding a dataset."""

from collections.abc import Iterator
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

from core.cli.output import open_console
from core.datasets import download


def show_bar(width: int) -> BarColumn:
    """Return a bar column in basic terminal colors."""
    return BarColumn(width, style="bright_black", complete_style="cyan", finished_style="green")


@contextmanager
def watch_download(label: str) -> Iterator[download.Progress]:
    """Show a progress bar in bytes if there is a terminal; yields the callback for `fetch_dataset`."""
    with _show_share(label, DownloadColumn(), TransferSpeedColumn()) as follow:
        yield follow


@contextmanager
def watch_adding(label: str) -> Iterator[download.Progress]:
    """Show a progress bar in files if there is a terminal; yields the callback for `add_dataset`."""
    with _show_share(label, MofNCompleteColumn(), TimeRemainingColumn()) as follow:
        yield follow


@contextmanager
def _show_share(label: str, *columns: ProgressColumn) -> Iterator[download.Progress]:
    console = open_console(stderr=True)
    name = TextColumn("{task.description}", markup=False)
    with Progress(name, show_bar(40), *columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(label, total=None)

        def follow(done: int, total: int | None) -> None:
            bars.update(task, completed=done, total=total)

        yield follow
