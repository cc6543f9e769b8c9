"""Training time of GAP and Flatten + Dense × 2 seeds: the published script, four times in sequence, and Headroom.

    python -m benchmarks.training --dataset kmnist --epochs 25

Both run on the same machine and the same arrays, Headroom from a cold start until all runs are published. Prints one
line of JSON with the seconds of each, their ratio (budget: 0.40 at 8 epochs, 0.33 at 25), the seconds after that until
the evidence of the last run is computed and the ratio with them, the accuracies, and the time of the arithmetic: 3 ×
FLOPs per training image (forward pass, and backward pass for weights and activations) and 1 × FLOPs per validation or
test image, at the rate of a large matrix product on all cores. Runs are saved in a temporary home. Datasets that are
not bundled are read from the default home, whose path is printed to standard error; it is not modified.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.published import link_dataset
from core.errors import JobError
from core.home import Home
from core.jobs.evidence_work import list_requested
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.run import Run
from core.store.run_store import RunStore

HEADS = ("gap", "dense")
BUDGET = {8: 0.40, 25: 0.33}  # of the time of the published script, by epochs


_PRODUCT = """
import time, numpy as np
a, b = (np.random.default_rng(0).random((1024, 1024), np.float32) for _ in range(2))
a @ b
rates = []
for _ in range(30):
    begin = time.perf_counter()
    a @ b
    rates.append(2 * 1024**3 / (time.perf_counter() - begin))
print(sorted(rates)[len(rates) // 2])
"""


def measure_peak() -> float:
    """Return the total FLOPs per second of 1024×1024 float32 matrix products on all cores in parallel."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    workers = [
        subprocess.Popen([sys.executable, "-c", _PRODUCT], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(os.cpu_count() or 1)
    ]
    return sum(float(worker.communicate()[0]) for worker in workers)


def count_flops(runs: Sequence[Run]) -> int:
    """Return the FLOPs of training, validation and test of all runs."""
    total = 0
    for run in runs:
        data, epochs = run.record.data, run.record.trained_epochs
        passes = 3 * epochs * data.train_images + (epochs + 1) * data.validation_images + data.test_images
        total += passes * run.record.cost.flops
    return total


def run_published(home: Home, dataset: str, head: str, seed: int, epochs: int) -> float:
    """Run the published script in a new process, which the caller times, and return the test accuracy."""
    command = [sys.executable, "-m", "benchmarks.published", "--home", str(home.path), "--dataset", dataset]
    command += ["--head", head, "--seed", str(seed), "--epochs", str(epochs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["accuracy"])


def run_headroom(home: Home, dataset: str, seeds: int, epochs: int) -> list[Run]:
    """Train all heads and seeds in a home without a running dispatcher (see `train_specs`)."""
    specs = [RunSpec(dataset=dataset, head=head, seed=seed, epochs=epochs) for head in HEADS for seed in range(seeds)]
    return train_specs(home, specs)


def train_specs(home: Home, specs: Sequence[RunSpec]) -> list[Run]:
    """Submit all specs, wait and return their runs.

    Raises:
        JobError: with the reason of a job that failed.
    """
    ids = [submission.run_id for submission in submit_all(home, specs)]
    failed = [run_id for run_id, state in wait(home, ids).items() if state != "finished"]
    if failed:
        raise JobError(next(job.reason for job in JobQueue(home).jobs() if job.run_id in failed))
    return [RunStore(home).open(run_id) for run_id in ids]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", help="an available dataset")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        link_dataset(options.dataset, home)
        published: dict[str, list[float]] = {head: [] for head in HEADS}
        begin = time.perf_counter()
        for head in HEADS:
            for seed in range(options.seeds):
                published[head].append(run_published(home, options.dataset, head, seed, options.epochs))
        published_seconds = time.perf_counter() - begin
        begin = time.perf_counter()
        runs = run_headroom(home, options.dataset, options.seeds, options.epochs)
        seconds = time.perf_counter() - begin
        while list_requested(home):
            time.sleep(0.1)
        evidence_seconds = time.perf_counter() - begin - seconds
    accuracies = {head: [run.record.metrics.test_accuracy for run in runs if run.spec.head == head] for head in HEADS}
    flops, peak = count_flops(runs), measure_peak()
    ratio = seconds / published_seconds
    found = {
        "benchmark": "training",
        **vars(options),
        "published_seconds": round(published_seconds, 1),
        "seconds": round(seconds, 1),
        "ratio": round(ratio, 3),
        "budget": BUDGET.get(options.epochs),
        "evidence_seconds": round(evidence_seconds, 1),
        "ratio_with_evidence": round((seconds + evidence_seconds) / published_seconds, 3),
        "published_accuracies": published,
        "accuracies": accuracies,
        "flops": flops,
        "peak_flops_per_second": round(peak),
        "arithmetic_seconds": round(flops / peak, 1),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
