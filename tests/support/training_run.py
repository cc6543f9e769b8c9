"""Training jobs in processes forked as by the dispatcher."""

import json
import multiprocessing
import os
import resource
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from core.datasets.cache import open_dataset, pin
from core.files import write_json
from core.home import Home
from core.spec import RunSpec
from core.store.history import read_history
from core.store.run import Run
from tests.support.markers import LONG

SMALL = {"train_images": 200, "filters": 4, "batch_size": 16}
FILES = {
    "spec.json", "environment.json", "history.jsonl", "predictions.npz", "maps.npz", "layers.json", "model.keras",
    "model.tflite", "log.txt", "record.json",
}  # fmt: skip


def make_job(home: Home, **settings) -> Path:
    open_dataset(home, "digits")
    spec = pin(home, RunSpec(**{**SMALL, **settings}))
    folder = home.jobs / spec.run_id
    write_json(folder / "spec.json", spec.model_dump())
    (folder / "attempt").write_text("1\n")
    return folder


def _work(folder: Path, spare_bytes: int | None = None) -> None:
    """Run a job; with `spare_bytes` the process may use that much more memory than it does now."""
    with (folder / "log.txt").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.stdout.reconfigure(line_buffering=True)
    from core.training.train import run_worker

    if spare_bytes is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + spare_bytes,) * 2)
    sys.exit(run_worker([str(folder)], checkpoint_seconds=0))


def start(folder: Path, spare_bytes: int | None = None) -> BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["core.training.preload"])
    process = context.Process(target=_work, args=(folder, spare_bytes))
    process.start()
    return process


def train(folder: Path, spare_bytes: int | None = None) -> int:
    process = start(folder, spare_bytes)
    process.join(900 if LONG else 120)  # the longest tests train and export deep graphs
    return process.exitcode


def without_seconds(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) | {"seconds": 0} for line in (path / "history.jsonl").read_text().splitlines()]


def assert_same_training(first: Run, second: Run) -> None:
    assert without_seconds(first.path) == without_seconds(second.path)
    assert first.record.metrics == second.record.metrics
    for name in vars(first.predictions):
        assert np.array_equal(getattr(first.predictions, name), getattr(second.predictions, name))


def wait_until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def epochs_of(folder: Path) -> int:
    return len(read_history(folder / "history.jsonl"))
