"""Makes the example runs anew: trains `digits-heads` with three seeds and keeps what a fresh clone needs to show them.

    python -m examples.make

Model files are large, so only the first seed of each head keeps its model.tflite; none keeps model.keras. All keep
their activation maps, maps.npz.
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
        os.environ["HEADROOM_EXAMPLES"] = str(home.path / "none")  # those that are here would answer
        submissions = submit_all(home, RECIPES["digits-heads"].specs(seeds=_SEEDS))
        wait(home, [submission.run_id for submission in submissions])
        for old in EXAMPLES.iterdir():
            if old.is_dir() and (old / "record.json").is_file():
                shutil.rmtree(old)
        for submission in submissions:
            run = RunStore(home, examples=home.runs).open(submission.run_id)
            left_out = ["model.keras", "log.txt", *(["model.tflite"] if run.spec.seed else [])]
            shutil.copytree(run.path, EXAMPLES / run.run_id, ignore=shutil.ignore_patterns(*left_out))
            print(run.run_id, run.spec.head, run.spec.seed, run.record.metrics.test_accuracy, file=sys.stderr)


if __name__ == "__main__":
    main()
