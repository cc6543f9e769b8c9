"""The dispatcher continues with any damaged file."""

import shutil
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest

from core.errors import HomeError
from core.home import Home
from core.jobs.dispatcher import Dispatcher
from core.jobs.local_executor import LocalExecutor
from core.jobs.queue import JobQueue
from tests.support.damage import DAMAGES
from tests.support.markers import LONG


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
