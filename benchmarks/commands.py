"""Time of whole commands that read, in a home with six runs.

    python -m benchmarks.commands

Prints one line of JSON per command: the median of whole commands, with the start of Python. The budget is 0.5 s for
commands that read, 3 s for an HTML report, also the first one of a home, and 5 s for a PDF. On a busy machine, compare
with `python_seconds`, the start of Python with NumPy.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from core.home import Home
from tests.support.run_writer import RunWriter

READ_SECONDS = 0.5
REPORT_SECONDS = {"html": 3.0, "pdf": 5.0}
REPEATS = 5
READING = (
    "--help", "jobs", "datasets", "models list", "report", "comparisons", "params --recipe kmnist-heads", "recipes",
    "runs",
)  # fmt: skip


def measure(command: Sequence[str], repeats: int = REPEATS) -> list[float]:
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - begin)
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        write = RunWriter(home)
        ids = [write(head=head, seed=seed, epochs=25).run_id for seed in range(3) for head in ("gap", "dense")]
        os.environ["HEADROOM_HOME"] = str(home.path)
        python = round(statistics.median(measure([sys.executable, "-c", "import numpy"])), 3)
        read = [*READING, f"show {ids[0]}", f"compare {' '.join(ids)}"]
        exports = {form: f"report export {' '.join(ids)} -o {folder}/report.{form}" for form in REPORT_SECONDS}
        for command in (*read, *exports.values()):
            words = command.split()
            seconds = measure([sys.executable, "-m", "core", *words], 1 + REPEATS)
            form = words[-1].rpartition(".")[2] if words[-2:-1] == ["-o"] else ""
            budget = REPORT_SECONDS.get(form, READ_SECONDS)
            median = statistics.median(seconds[1:])
            result = {
                "benchmark": "commands", "command": f"report export … .{form}" if form else " ".join(words[:1]),
                "seconds": round(median, 2), "first_seconds": round(seconds[0], 2), "python_seconds": python,
                "budget_seconds": budget, "within": (max(median, seconds[0]) if form else median) <= budget,
            }  # fmt: skip
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
