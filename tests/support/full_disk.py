"""A full disk, mounted for one process: `python -m tests.support.full_disk FOLDER` runs jobs on it and prints JSON.

`run` starts it.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.datasets.cache import open_dataset, pin
from core.errors import HomeError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.progress import read_log
from core.jobs.queue import JobQueue
from core.jobs.run_list import list_runs
from core.jobs.submit import submit
from core.spec import RunSpec
from core.store.history import read_history
from core.store.run_store import RunStore
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

BYTES = 40 * 2**20
MODEL_LEFT_BYTES = 3 * 2**20  # less than the trained model needs
EXPORT_LEFT_BYTES = 11 * 2**20  # enough for the model, but not for its LiteRT export


def run(folder: Path) -> dict[str, Any]:
    """Mount a small disk over `folder` for one process, which ends the mount with it."""
    folder.mkdir()
    apart = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        *([] if os.geteuid() == 0 else ["--map-root-user"]),
        "sh",
        "-c",
    ]
    mount = f'mount -t tmpfs -o size={BYTES} headroom "$1"'
    try:
        subprocess.run([*apart, mount, "sh", str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the permission to mount a separate disk")
    command = [*apart, f'{mount} && exec "$2" -m tests.support.full_disk "$1"', "sh", str(folder), sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Disk:
    """Fill and free the rest of the disk."""

    def __init__(self, path: Path) -> None:
        self.filler = path / "filler"

    def fill(self, left_bytes: int = 0) -> None:
        free = os.statvfs(self.filler.parent)
        with self.filler.open("wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - left_bytes)

    def free(self) -> None:
        self.filler.unlink()


def main(folder: Path) -> dict[str, Any]:
    home, disk = Home(folder / "home"), Disk(folder)
    open_dataset(home, "digits")
    cached = RunWriter(home)(seed=7).run_id
    queue, store = JobQueue(home), RunStore(home, examples=folder / "none")
    large = pin(home, RunSpec(head="dense", train_images=200, epochs=1))
    long = pin(home, RunSpec(filters=2, batch_size=4, epochs=1000))
    found: dict[str, Any] = {"cached": cached}

    def describe(name: str, spec: RunSpec) -> None:
        until(lambda: spec.run_id not in {job.run_id for job in queue.unfinished()})
        job = queue.job(spec.run_id)
        assert job is not None
        last = read_log(home, spec.run_id).splitlines()[-1]
        found[name] = {"state": job.state, "attempt": job.attempt, "reason": job.reason, "last": last}

    def has_ended(handle: Path) -> bool:
        try:
            return len(handle.read_text().split()) > 1
        except FileNotFoundError:  # and the dispatcher has noticed
            return True

    queue.submit([large])
    disk.fill(MODEL_LEFT_BYTES)
    dispatcher = subprocess.Popen([sys.executable, "-m", "core.jobs", str(home.path)], stderr=subprocess.DEVNULL)
    try:
        describe("no space for the model", large)
        found["listed"] = list(store.frame()["run_id"])
        disk.free()
        disk.fill(EXPORT_LEFT_BYTES)
        queue.submit([large])
        describe("no space for the export", large)
        disk.free()
        queue.submit([large, long])
        describe("space again", large)
        until(lambda: len(read_history(home.jobs / long.run_id / "history.jsonl")) > 1)
        disk.fill()
        fill_page(home.jobs / long.run_id / "log.txt")
        until(lambda: has_ended(home.jobs / "processes" / f"{long.run_id}-1"))
        time.sleep(0.5)  # while no process can record the result
        found["whole while full"] = store.path(cached) is not None and cached in list(store.frame()["run_id"])
        disk.free()
        describe("no space", long)
    finally:
        dispatcher.kill()
        dispatcher.wait()
    found["read-only"] = describe_read_only(home, large.replace(seed=3))
    return found


def describe_read_only(home: Home, spec: RunSpec) -> dict[str, Any]:
    """Return the responses of the same home when nothing on its disk can be written."""
    before = JobQueue(home).jobs()
    remount = ["mount", "-o", "remount,ro", str(home.path.parent)]
    until(lambda: subprocess.run(remount, check=False, capture_output=True).returncode == 0)  # no worker writes anymore
    messages = []
    for ask in (lambda: submit(home, spec), JobQueue(home).pause, lambda: JobQueue(home).cancel(spec.run_id)):
        try:
            ask()
        except HomeError as error:
            messages.append(str(error))
    same = JobQueue(home).jobs() == before
    return {
        "messages": messages,
        "same": same,
        "listed": len(list_runs(home)),
        "ensured": ensure_dispatcher(home),
    }


def fill_page(path: Path) -> None:
    """Fill the space that the disk has reserved for a file."""
    with path.open("ab", buffering=0) as file:
        file.write(b" " * (-path.stat().st_size % resource.getpagesize()))


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.05)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
