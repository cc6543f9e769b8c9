"""Example runs: trains `digits-heads` with three seeds and saves the files that a fresh clone needs.

    python -m examples.make

Model files are large, so model.tflite is saved only for the first seed of each head, and model.keras for none. The
activation maps, maps.npz, are saved for all runs.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from core.home import EXAMPLES, Home
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.recipes import RECIPES
from core.store.run_store import RunStore

_SEEDS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        os.environ["HEADROOM_EXAMPLES"] = str(home.path / "none")  # the existing examples would count as cached runs
        submissions = submit_all(home, RECIPES["digits-heads"].specs(seeds=_SEEDS))
        wait(home, [submission.run_id for submission in submissions])
        for old in EXAMPLES.iterdir():
            if old.is_dir() and (old / "record.json").is_file():
                shutil.rmtree(old)
        for submission in submissions:
            run = RunStore(home, examples=home.runs).open(submission.run_id)
            excluded = ["model.keras", "log.txt", *(["model.tflite"] if run.spec.seed else [])]
            shutil.copytree(run.path, EXAMPLES / run.run_id, ignore=shutil.ignore_patterns(*excluded))
            print(run.run_id, run.spec.head, run.spec.seed, run.record.metrics.test_accuracy, file=sys.stderr)


if __name__ == "__main__":
    main()
