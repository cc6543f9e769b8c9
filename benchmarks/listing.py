"""Time to list, filter and sort 10,000 runs: in a new process with an existing index, and again in the same process.

Prints one line of JSON. The budget is 0.15 s. Import time, which every command has, is reported separately. On a busy
machine, use `cold_cpu_seconds`.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNT = 10_000
BUDGET_SECONDS = 0.15


def measure(path: Path) -> dict[str, float]:
    """Return the times of the import, of the first list, and the median of ten more lists in this process."""
    begin = time.perf_counter()
    import pandas  # noqa: F401  # the first list imports it

    from core.home import Home
    from core.store.run_store import RunStore

    imported, cpu = time.perf_counter(), time.process_time()
    store = RunStore(Home(path), examples=path / "no-examples")
    assert list_dense(store) == COUNT // 2
    listed, cpu = time.perf_counter(), time.process_time() - cpu
    warm = []
    for _ in range(10):
        start = time.perf_counter()
        list_dense(store)
        warm.append(time.perf_counter() - start)
        time.sleep(0.25)  # two seconds after its last change, the folder counts as stable
    return {
        "import_seconds": imported - begin,
        "cold_seconds": listed - imported,
        "cold_cpu_seconds": cpu,
        "warm_seconds": statistics.median(warm),
    }


def list_dense(store) -> int:
    """List all runs with one filter and one sort order, like the Runs page."""
    frame = store.frame()
    dense = frame[frame["head"] == "dense"].sort_values("test_accuracy", ascending=False)
    return len(dense)


def main() -> None:
    from core.home import Home
    from core.spec import RunSpec
    from tests.support.run_writer import RunWriter

    with tempfile.TemporaryDirectory() as folder:
        write = RunWriter(Home(Path(folder)))
        first = RunSpec(epochs=3)
        for number in range(COUNT):
            head = ("gap", "dense")[number % 2]
            write(first.replace(head=head, seed=number), accuracy=0.8 + 0.1 * (number % 7) / 7, predictions=False)
        command = [sys.executable, "-m", "benchmarks.listing", folder]
        found = [json.loads(subprocess.check_output(command)) for _ in range(6)]
    seconds = {name: round(statistics.median(one[name] for one in found[1:]), 4) for name in found[0]}
    first_seconds = round(found[0]["cold_seconds"], 4)
    within = seconds["cold_seconds"] <= BUDGET_SECONDS and seconds["warm_seconds"] <= BUDGET_SECONDS
    print(json.dumps({"runs": COUNT, **seconds, "no_index_seconds": first_seconds, "within_budget": within}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]))))
    else:
        main()
