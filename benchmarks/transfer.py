"""Training time of a second head on the same frozen backbone, which reuses the cached features of the first.

    python -m benchmarks.transfer --folder animals

Two heads are trained in sequence in a temporary home, on a custom dataset of the default home. Prints one line of JSON
with the seconds per head, from submission to the published run.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.recipes import RECIPES
from core.store.run_store import RunStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True, help="name of a custom dataset")
    parser.add_argument("--recipe", default="transfer-heads")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--backbone", default="mobilenet")
    options = parser.parse_args()
    source = Home.default()
    open_dataset(source, "folder", options.folder)  # fails early if the dataset is not available
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.datasets.symlink_to(source.datasets)
        if source.weights.is_dir():
            home.weights.symlink_to(source.weights)
        recipe, seconds, accuracies = RECIPES[options.recipe], {}, {}
        for head in recipe.heads:
            changes = {"folder": options.folder, "epochs": options.epochs, "backbone": options.backbone}
            begin = time.perf_counter()
            submissions = submit_all(home, [recipe.spec_of(head, {**changes, "frozen": True})])
            wait(home, [submissions[0].run_id])
            seconds[head] = round(time.perf_counter() - begin, 1)
            accuracies[head] = RunStore(home).open(submissions[0].run_id).record.metrics.test_accuracy
    first, second = (seconds[head] for head in recipe.heads[:2])
    found = {"benchmark": "transfer", **vars(options), "seconds": seconds, "test_accuracies": accuracies}
    print(json.dumps({**found, "second_to_first_ratio": round(second / first, 3)}))


if __name__ == "__main__":
    main()
