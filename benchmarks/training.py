"""GAP and Flatten + Dense × 2 seeds: the published script four times in a row, against Headroom from a cold start.

    python -m benchmarks.training --dataset kmnist --epochs 25

Both sides run in turn on the same machine and the same arrays; a line of JSON gives the seconds of each, their ratio
(budget: 0.40) and the accuracies. Runs go to a temporary home. Data that does not come along is read from Headroom's
home, which a line on standard error names; nothing is written there.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.published import choose_home
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.spec import RunSpec
from core.store.runs import RunStore

HEADS = ("gap", "dense")
BUDGET = 0.40


def run_published(home: Home, dataset: str, head: str, seed: int, epochs: int) -> float:
    """Seconds are counted by the caller, from the start of the process to its end. Returns the test accuracy."""
    command = [sys.executable, "-m", "benchmarks.published", "--home", str(home.path), "--dataset", dataset]
    command += ["--head", head, "--seed", str(seed), "--epochs", str(epochs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1])["accuracy"])


def run_headroom(home: Home, dataset: str, seeds: int, epochs: int) -> dict[str, list[float]]:
    """Submits all runs to a home without a dispatcher and waits for them. Returns test accuracies by head."""
    specs = [RunSpec(dataset=dataset, head=head, seed=seed, epochs=epochs) for head in HEADS for seed in range(seeds)]
    submissions = submit_all(home, specs)
    wait(home, [submission.run_id for submission in submissions])
    runs = [RunStore(home).open(submission.run_id) for submission in submissions]
    return {head: [run.record.metrics.test_accuracy for run in runs if run.spec.head == head] for head in HEADS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", help="a dataset that is in the home")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        source = choose_home(options.dataset, home.path)
        if source != home:
            home.datasets.mkdir()
            (home.datasets / options.dataset).symlink_to(open_dataset(source, options.dataset).path)
        published: dict[str, list[float]] = {head: [] for head in HEADS}
        begin = time.perf_counter()
        for head in HEADS:
            for seed in range(options.seeds):
                published[head].append(run_published(home, options.dataset, head, seed, options.epochs))
        published_seconds = time.perf_counter() - begin
        begin = time.perf_counter()
        accuracies = run_headroom(home, options.dataset, options.seeds, options.epochs)
        seconds = time.perf_counter() - begin
    ratio = seconds / published_seconds
    found = {
        "benchmark": "training",
        **vars(options),
        "published_seconds": round(published_seconds, 1),
        "seconds": round(seconds, 1),
        "ratio": round(ratio, 3),
        "budget": BUDGET,
        "published_accuracies": published,
        "accuracies": accuracies,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
