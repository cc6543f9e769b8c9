"""A second head on the same frozen backbone, against the first, which has the backbone's maps computed.

    python -m benchmarks.transfer --folder animals

Two heads are trained one after the other in a home of their own, on the images of a folder that was added to the
default home; a line of JSON gives the seconds of each, from submitting to the published run.
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
    parser.add_argument("--folder", required=True, help="the name of an added folder")
    parser.add_argument("--recipe", default="transfer-heads")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--backbone", default="mobilenet")
    options = parser.parse_args()
    source = Home.default()
    open_dataset(source, "folder", options.folder)  # says what to do when it is not here
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
    print(json.dumps({**found, "second_against_first": round(second / first, 3)}))


if __name__ == "__main__":
    main()
