"""Parts of `benchmarks.gpu` that train with Headroom, in a temporary home."""

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks._gpu_task import Found, PartNotMeasuredError
from benchmarks.published import link_dataset
from benchmarks.training import HEADS, run_headroom, train_specs
from core.home import Home
from core.jobs.failure_reason import OUT_OF_GPU_MEMORY
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.environment import read_environment
from core.store.run import Run


@contextmanager
def open_home(dataset: str | None, reason: str | None, **environment: object) -> Iterator[Home]:
    """Yield a temporary home with the dataset; jobs started in the block see the environment variables.

    Raises:
        PartNotMeasuredError: with `reason`, if TensorFlow cannot use a GPU, or without a dataset.
    """
    if reason:
        raise PartNotMeasuredError(reason)
    if dataset is None:
        raise PartNotMeasuredError("Headroom reads --dataset, not --arrays.")
    before = {name: os.environ.get(name) for name in environment}
    os.environ |= {name: str(value) for name, value in environment.items()}
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # the dispatcher may still write
            home = Home(Path(folder))
            link_dataset(dataset, home)
            yield home
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}


def measure_training(dataset: str | None, seeds: int, epochs: int, slots: int, reason: str | None) -> Found:
    """Train all heads and seeds, `slots` jobs at a time, from a cold start until all runs are published."""
    with open_home(dataset, reason, HEADROOM_SLOTS=slots) as home:
        begin = time.perf_counter()
        runs = run_headroom(home, str(dataset), seeds, epochs)
        seconds, device = time.perf_counter() - begin, _read_gpu(runs)
    names = {head: [run.record.metrics.test_accuracy for run in runs if run.spec.head == head] for head in HEADS}
    found = {"runs": len(runs), "processes": slots, "seconds": seconds, "runs_per_hour": 3600 * len(runs) / seconds}
    found |= {"train_seconds": sum(run.record.cost.train_seconds or 0.0 for run in runs), "accuracies": names}
    found["epoch_seconds"] = {
        head: statistics.median(run.record.cost.epoch_seconds or 0.0 for run in runs if run.spec.head == head)
        for head in HEADS
    }
    return found | {"device": device}


def check_continuation(dataset: str | None, reason: str | None) -> Found:
    """Train 4 epochs at once, and 2 that are continued to 4; `equal` is whether all test probabilities are the same.

    `repeated` is whether they are the same after the same training in another home.
    """
    hashes: dict[str, list[str]] = {head: [] for head in HEADS}
    for steps in ((4,), (2, 4), (4,)):
        with open_home(dataset, reason) as home:
            for epochs in steps:
                runs = train_specs(home, [RunSpec(dataset=dataset, head=head, epochs=epochs) for head in HEADS])
            device = _read_gpu(runs)
            for run in runs:
                hashes[run.spec.head].append(_hash_predictions(run))
    return {
        "equal": all(found[0] == found[1] for found in hashes.values()),
        "repeated": all(found[0] == found[2] for found in hashes.values()),
        "device": device,
    }


def _read_gpu(runs: Sequence[Run]) -> str:
    """Return the devices that the runs were trained on, each once; read before their home is deleted."""
    names = {read_environment(run).gpu for run in runs}
    return ", ".join(sorted("not recorded" if name is None else name or "CPU" for name in names))


def _hash_predictions(run: Run) -> str:
    """Return a hash of the probabilities for all test images, which change with any weight."""
    return hashlib.sha256(np.ascontiguousarray(run.predictions.test_probs).tobytes()).hexdigest()


def check_memory(dataset: str | None, reason: str | None, cpu: bool) -> Found:
    """Train a network that needs more than 0.5% of the GPU's memory; `recognized` is whether the reason names it."""
    if cpu:
        raise PartNotMeasuredError("A CPU has no GPU memory.")
    with open_home(dataset, reason, HEADROOM_GPU_SHARE="0.005") as home:
        spec = RunSpec(dataset=dataset, head="dense", epochs=1, filters=512, units=4_096, batch_size=1_024)
        ids = [one.run_id for one in submit_all(home, [spec])]
        states = wait(home, ids)
        reasons = [job.reason for job in JobQueue(home).jobs() if job.run_id in ids]
        return {"state": states[ids[0]], "recognized": reasons == [OUT_OF_GPU_MEMORY], "reasons": reasons}
