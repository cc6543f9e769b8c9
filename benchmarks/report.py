"""Time and size of a report of 2 heads × 3 seeds as a self-contained HTML file.

    python -m benchmarks.report

Prints one line of JSON. The budget is 3 s and 5 MB for creating the file in a process that has imported Headroom, like
the dashboard. The time of the whole command, including imports, is also reported; the first command in a home also
bundles the scripts of the charts.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from core.home import Home
from core.reports.export import add_extras, export_report, open_edition
from core.reports.format import Edition
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter

BUDGET_SECONDS = 3.0
BUDGET_BYTES = 5_000_000
REPEATS = 5


def measure(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def open_with_images(ids: list[str], store: RunStore) -> Edition:
    return add_extras(open_edition(ids, store), "html", store)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, path = Home(Path(folder) / "home"), Path(folder) / "report.html"
        write = RunWriter(home)
        ids = [write(head=head, seed=seed, epochs=25).run_id for seed in range(3) for head in ("gap", "dense")]
        command = [sys.executable, "-m", "core", "report", "export", *ids, "-o", str(path)]
        env = os.environ | {"HEADROOM_HOME": str(home.path)}

        def call() -> None:
            subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)

        first, *calls = (measure(call) for _ in range(1 + REPEATS))
        _, *warm = (
            measure(lambda: export_report(open_with_images(ids, write.store), "html", path, write.store))
            for _ in range(1 + REPEATS)
        )
        median, size = statistics.median(warm), path.stat().st_size
        result = {
            "benchmark": "report", "seconds": round(median, 2), "budget_seconds": BUDGET_SECONDS, "bytes": size,
            "budget_bytes": BUDGET_BYTES, "command_seconds": round(statistics.median(calls), 2),
            "first_command_seconds": round(first, 2), "within": median <= BUDGET_SECONDS and size <= BUDGET_BYTES,
        }  # fmt: skip
        print(json.dumps(result))


if __name__ == "__main__":
    main()
