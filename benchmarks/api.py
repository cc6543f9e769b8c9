"""Response times of the HTTP API with 1,000 runs: medians of local requests, and the server's memory afterwards.

    python -m benchmarks.api

Prints one line of JSON. The first requests for a report and a comparison compute them and are reported separately.
"""

import json
import os
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.spec import RunSpec
from core.store.comparison import Comparison
from tests.support.dashboard import find_port, serving
from tests.support.run_writer import RunWriter

RUNS = 1_000
REPEATS = 20
BUDGET_BYTES = 350_000_000


def measure(address: str) -> tuple[float, float]:
    """Return the seconds of the first request and the median of the following ones."""
    seconds = []
    for _ in range(1 + REPEATS):
        begin = time.perf_counter()
        with urllib.request.urlopen(address, timeout=120) as response:
            response.read()
        seconds.append(time.perf_counter() - begin)
    return round(seconds[0], 4), round(statistics.median(seconds[1:]), 4)


def read_memory(address: str) -> int:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    return round(float(next(line for line in lines if line.startswith("process_resident_memory_bytes")).split()[1]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        os.environ["HEADROOM_EXAMPLES"] = str(Path(folder) / "no-examples")
        write = RunWriter(home)
        chosen = [write(head=head, seed=seed, epochs=25) for seed in range(3) for head in ("gap", "dense")]
        for seed in range(RUNS - len(chosen)):
            write(RunSpec(epochs=3, seed=seed), predictions=False)
        comparison = Comparison.of(chosen)
        reports = ReportStore(home)
        draft = reports.create(write_default(comparison), "")
        reports.publish(draft, build_document(draft.report, write.store), "")
        ids = ",".join(run.run_id for run in chosen)
        paths = {
            "health": "healthz", "runs": "api/runs?limit=1000", "search": "api/runs?q=head:gap%20acc%3E0.5",
            "run": f"api/runs/{chosen[0].run_id}", "metrics": "metrics", "report": f"reports/{draft.id}",
            "comparison": f"api/compare?runs={ids}",
        }  # fmt: skip
        with serving(home, Path(folder) / "log", find_port(), script="asgi.py") as address:
            found = {name: measure(f"{address}/{path}") for name, path in paths.items()}
            memory = read_memory(address)
    first = {f"first_{name}_seconds": found[name][0] for name in ("report", "comparison")}
    later = {f"{name}_seconds": seconds for name, (_, seconds) in found.items()}
    within = memory <= BUDGET_BYTES
    print(json.dumps({"benchmark": "api", "runs": RUNS, **first, **later, "bytes": memory, "within": within}))


if __name__ == "__main__":
    main()
