"""Time and size of one report of 2 heads × 3 seeds as a self-contained HTML file, by the command a person types.

    python -m benchmarks.report

Prints one line of JSON. The budget is 3 s and 5 MB, in the median of several commands, each a process of its own; the
first one in a home also puts the scripts for the charts together, and is told apart.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.home import Home
from tests.finished_run import RunWriter

BUDGET_SECONDS = 3.0
BUDGET_BYTES = 5_000_000
REPEATS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, path = Home(Path(folder) / "home"), Path(folder) / "report.html"
        write = RunWriter(home)
        ids = [write(head=head, seed=seed, epochs=25).run_id for seed in range(3) for head in ("gap", "dense")]
        command = [sys.executable, "-m", "core", "report", "export", *ids, "-o", str(path)]
        seconds = []
        for _ in range(1 + REPEATS):
            begin = time.perf_counter()
            subprocess.run(
                command, env=os.environ | {"HEADROOM_HOME": str(home.path)}, check=True, stdout=subprocess.DEVNULL
            )
            seconds.append(time.perf_counter() - begin)
        median, size = statistics.median(seconds[1:]), path.stat().st_size
        answer = {
            "benchmark": "report", "first_seconds": round(seconds[0], 2), "seconds": round(median, 2),
            "budget_seconds": BUDGET_SECONDS, "bytes": size, "budget_bytes": BUDGET_BYTES,
            "within": median <= BUDGET_SECONDS and size <= BUDGET_BYTES,
        }  # fmt: skip
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
