"""Time to compute the data of each display for 3 heads × 5 seeds × 10,000 test images.

Prints one line of JSON per display: the median of several repeats after a first one that reads from disk. The budget is
0.3 s per display. `first_seconds` is the time of the first repeat, which also imports the modules of the display.
"""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from core.displays.display import DISPLAYS
from core.home import Home
from core.spec import RunSpec
from core.store.comparison import Comparison
from tests.support.run_writer import RunWriter

BUDGET_SECONDS = 0.3
REPEATS = 7
IMAGES = 10_000
ACCURACIES = {"gap": 0.90, "gap_dense": 0.94, "dense": 0.95}
SEEDS = 5


def build_comparison(home: Home) -> Comparison:
    write = RunWriter(home)
    return Comparison.of(
        write(RunSpec(head=head, seed=seed), accuracy=accuracy, test_images=IMAGES)
        for head, accuracy in ACCURACIES.items()
        for seed in range(SEEDS)
    )


def measure_frame(name: str, comparison: Comparison) -> dict[str, object]:
    seconds, used = [], []
    for _ in range(REPEATS + 1):
        display = DISPLAYS[name](comparison)  # a new instance has no cached data
        begin, begin_used = time.perf_counter(), time.process_time()
        display.frame()
        seconds.append(time.perf_counter() - begin)
        used.append(time.process_time() - begin_used)
    median = statistics.median(seconds[1:])
    return {
        "benchmark": "frames", "display": name, "seconds": round(median, 4), "first_seconds": round(seconds[0], 4),
        "processor_seconds": round(statistics.median(used[1:]), 4), "budget_seconds": BUDGET_SECONDS,
        "within": median <= BUDGET_SECONDS,
    }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        os.environ["HEADROOM_HOME"] = str(home.path)
        comparison = build_comparison(home)
        for name in DISPLAYS:
            print(json.dumps(measure_frame(name, comparison)), flush=True)


if __name__ == "__main__":
    main()
