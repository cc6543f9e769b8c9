# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = ["headroom", "tensorflow[and-cuda]", "jax[cuda12]"]
# [tool.uv.sources]
# headroom = { path = "..", editable = true }
# ///
"""Runs per hour on one GPU, for both heads of kmnist-heads and several seeds, and the test accuracy of each way.

    uv run benchmarks/gpu.py --dataset kmnist

`uv run` installs what the script needs into a separate environment. Ways to train the same runs:

- published: the published script in Keras, one process per run, one after another (one seed per head is enough);
  published_parallel: all of its runs, in several processes at a time.
- headroom, headroom_parallel: Headroom with one and with several processes. Both need TensorFlow with a GPU.
- continuation: whether a continued training equals one without a break. memory: whether a job that needs more GPU
  memory than its share fails with that reason.
- single: an epoch is one JAX program, one seed after another; single_parallel: in several processes at a time.
- stacked: the same program for all seeds of a head at once; stacked_product: its convolutions as matrix products.
- faces_keras, faces_single, faces_stacked, faces_stacked_product: the networks of celeba-heads on random images.
- features: the features of a frozen MobileNet, of 8,192 random images of 96×96×3, in Keras.
- scaling, scaling_product: a few epochs of GAP with 1 to 64 stacked seeds.

`agreement` checks that the JAX program and Keras compute the same losses and weights without dropout.

Prints one line of JSON per part: `seconds` of all its processes from their start, with imports and compilation,
`runs_per_hour` at these seconds, `train_seconds` without imports and compilation, and the highest GPU memory of a
process. `not_measured` contains the reason if a part cannot run. The last line adds `ratios` of the runs per hour to
those of the published script. Nothing is measured without a GPU; `--cpu` measures on the CPU, to test the script.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._gpu_headroom import check_continuation, check_memory, measure_training  # noqa: E402
from benchmarks._gpu_task import FACE_HEADS, Found, PartNotMeasuredError, work  # noqa: E402
from benchmarks.published import choose_home  # noqa: E402
from core.datasets.cache import open_dataset  # noqa: E402
from core.errors import JobError  # noqa: E402

HEADS = ("gap", "dense")
_COUNT_GPUS = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"


class Runner:
    """Starts tasks in processes and summarizes their results as a part.

    Args:
        deadline: value of `time.perf_counter()` at which tasks are stopped.
    """

    def __init__(self, common: Found, backend: str, deadline: float) -> None:
        self.common, self.deadline = common, deadline
        self.environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}

    def _start(self, task: Found) -> Found:
        left = self.deadline - time.perf_counter()
        if left < 1:
            raise PartNotMeasuredError("The time limit was reached.")
        command = [sys.executable, __file__, "--task", json.dumps(self.common | task)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=left, env=self.environment)
        except subprocess.TimeoutExpired:
            raise PartNotMeasuredError("The time limit was reached.") from None
        if done.returncode:
            raise PartNotMeasuredError((done.stderr.strip().splitlines() or ["The process crashed."])[-1][:300])
        return json.loads(done.stdout.splitlines()[-1])

    def run_tasks(self, kind: str, heads: Iterable[str], groups: list[list[int]], **options: Any) -> Found:
        """Run a task per head and group of seeds, `processes` of them at a time."""
        processes = options.pop("processes", 1)
        tasks = [{"kind": kind, "head": head, "seeds": seeds, **options} for head in heads for seeds in groups]
        processes = min(processes, len(tasks))
        begin = time.perf_counter()
        with ThreadPoolExecutor(processes) as pool:
            results = list(pool.map(self._start, tasks))
        seconds = time.perf_counter() - begin
        runs = sum(len(task["seeds"]) for task in tasks)
        found = {"runs": runs, "processes": processes, "seconds": seconds, "runs_per_hour": 3600 * runs / seconds}
        for name in ("train_seconds", "compile_seconds", "first_epoch_seconds"):
            found |= {name: sum(result[name] for result in results)} if name in results[0] else {}
        for name in ("difference", "megabytes"):
            found |= {name: max(result[name] for result in results)} if results[0].get(name) else {}
        shown = ("device", "backend", "epoch_seconds", "images_per_second")
        found |= {name: results[0][name] for name in shown if name in results[0]}
        if "accuracy" in results[0]:
            pairs = [(task["head"], result["accuracy"]) for task, result in zip(tasks, results, strict=True)]
            found["accuracies"] = {
                head: [one for name, values in pairs for one in values if name == head] for head in heads
            }
        return found


def list_parts(options: argparse.Namespace, runner: Runner, reason: str | None) -> dict[str, Callable[[], Found]]:
    """Return the parts by name. `reason` is why TensorFlow cannot use a GPU; None if it can."""
    seeds, epochs, run_tasks = list(range(options.seeds)), options.epochs, runner.run_tasks
    alone, jobs, faces = [[seed] for seed in seeds], options.processes, options.face_epochs
    plain = {"stacked": False, "product": False}
    stack, stack_product = {"stacked": True, "product": False}, {"stacked": True, "product": True}
    found = {
        "agreement": lambda: run_tasks("agreement", [*HEADS, FACE_HEADS[0]], [[0]]),
        "stacked_product": lambda: run_tasks("jax", HEADS, [seeds], **stack_product),
        "stacked": lambda: run_tasks("jax", HEADS, [seeds], **stack),
        "published": lambda: run_tasks("published", HEADS, [[0]]),
        "single": lambda: run_tasks("jax", HEADS, [seeds], **plain),
        "published_parallel": lambda: run_tasks("published", HEADS, alone, processes=jobs),
        "single_parallel": lambda: run_tasks("jax", HEADS, [seeds[0::2], seeds[1::2]], processes=jobs, **plain),
        "headroom": lambda: measure_training(options.dataset, options.seeds, epochs, 1, reason),
        "headroom_parallel": lambda: measure_training(options.dataset, options.seeds, epochs, jobs, reason),
        "continuation": lambda: check_continuation(options.dataset, reason),
        "memory": lambda: check_memory(options.dataset, reason, options.cpu),
        "faces_keras": lambda: run_tasks("keras", FACE_HEADS, [[0]], epochs=faces),
        "faces_single": lambda: run_tasks("jax", FACE_HEADS, [[0]], epochs=faces, **plain),
        "faces_stacked": lambda: run_tasks("jax", FACE_HEADS, [seeds], epochs=faces, **stack),
        "faces_stacked_product": lambda: run_tasks("jax", FACE_HEADS, [seeds], epochs=faces, **stack_product),
    }
    found["features"] = lambda: run_tasks("features", ["mobilenet"], [[0]])
    for name, form in (("scaling", stack), ("scaling_product", stack_product)):
        found[name] = lambda form=form: run_tasks("scaling", HEADS[:1], [[0]], counts=options.counts, epochs=2, **form)
    return found


def find_gpu() -> str | None:
    """Return name and memory of the first GPU; None without one."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return None


def explain_tensorflow(cpu: bool) -> str | None:
    """Return why TensorFlow cannot use a GPU, or the CPU if that is requested; None if it can."""
    done = subprocess.run([sys.executable, "-c", _COUNT_GPUS], capture_output=True, text=True)
    if done.returncode:
        return f"TensorFlow cannot be imported: {done.stderr.strip().splitlines()[-1]:.200}"
    return "TensorFlow finds no GPU." if done.stdout.split()[-1] == "0" and not cpu else None


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Run the selected parts and print their results."""
    begin, gpu = time.perf_counter(), find_gpu()
    path = options.arrays
    if path is None:
        data = open_dataset(choose_home(options.dataset, folder), options.dataset).arrays()
        path = folder / "arrays.npz"
        x, y = (data.train_images[..., 0], data.test_images[..., 0]), (data.train_labels, data.test_labels)
        np.savez(path, x_train=x[0], x_test=x[1], y_train=y[0], y_test=y[1])
    reason = explain_tensorflow(options.cpu) if gpu or options.cpu else None
    backend = "jax" if reason else "tensorflow"
    common = {"arrays": str(path), "epochs": options.epochs, "cpu": options.cpu, "scale": options.scale}
    runner = Runner(common, backend, begin + options.limit)
    chosen = list_parts(options, runner, reason)
    results: dict[str, Found] = {}
    for name in options.parts or chosen:
        try:
            if gpu is None and not options.cpu:
                raise PartNotMeasuredError("nvidia-smi finds no GPU.")
            found = chosen[name]()
        except (PartNotMeasuredError, JobError) as error:
            found = {"not_measured": str(error)}
        results[name] = {key: round(value, 7) if isinstance(value, float) else value for key, value in found.items()}
        print(json.dumps({"part": name, **results[name]}), flush=True)
    base = results.get("published", {}).get("runs_per_hour")
    same = {name: found["runs_per_hour"] for name, found in results.items() if "accuracies" in found}
    ratios = {name: round(value / base, 2) for name, value in same.items()} if base else {}
    print(json.dumps({"benchmark": "gpu", "gpu": gpu, **vars(options) | common, "ratios": ratios, "parts": results}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", help="an available dataset of gray images")
    parser.add_argument("--arrays", type=Path, help="a file in the format of Keras' mnist.npz, instead of a dataset")
    parser.add_argument("--parts", nargs="*", help="all by default")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--face-epochs", type=int, default=4, help="epochs of the networks of celeba-heads")
    parser.add_argument("--scale", type=float, default=1.0, help="number of random faces, as a multiple of 4,800")
    parser.add_argument("--counts", nargs="*", type=int, default=[1, 4, 16, 64], help="stacked seeds for scaling")
    parser.add_argument("--processes", type=int, default=16, help="processes at a time on the GPU")
    parser.add_argument("--limit", type=float, default=360, help="seconds after which the rest is not measured")
    parser.add_argument("--cpu", action="store_true", help="measure on the CPU, to test the script")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        try:
            print(json.dumps(work(json.loads(options.task))))
        except PartNotMeasuredError as error:
            sys.exit(str(error))
        return
    del options.task
    options.dataset = None if options.arrays else options.dataset
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
