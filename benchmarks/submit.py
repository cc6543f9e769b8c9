"""Time to submit a cached run in a home with 1,000 runs, and check that no dispatcher is started.

    python -m benchmarks.submit

Prints one line of JSON; the budget is 0.05 s.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path

from core.home import Home
from core.jobs.submit import submit
from core.spec import RunSpec
from tests.support.run_writer import RunWriter

BUDGET_SECONDS = 0.05
COUNT = 1_000
REPEATS = 50


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        write = RunWriter(home)
        for seed in range(COUNT):
            write(RunSpec(seed=seed), predictions=False)
        seconds = []
        for seed in range(REPEATS):
            begin = time.perf_counter()
            submission = submit(home, RunSpec(seed=seed))
            seconds.append(time.perf_counter() - begin)
            assert submission.status == "finished"
        started = (home.jobs / "queue.sqlite").exists() or (home.jobs / "dispatcher.lock").exists()
    found = {
        "benchmark": "submit",
        "runs": COUNT,
        "median_seconds": round(statistics.median(seconds), 4),
        "max_seconds": round(max(seconds), 4),
        "budget_seconds": BUDGET_SECONDS,
        "started_anything": started,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
