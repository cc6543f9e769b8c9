"""Lists of 100,000 runs: made-up records, of which only the index is read.

    python -m benchmarks.many_runs --runs 100000

Prints one line of JSON: CPU seconds of a new process for the first list, and of a later list, a search, the offered
comparisons and the costs of all configurations on one test set. There is no budget.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SEARCH = "head:gap acc>0.5"


def fill(folder: Path, count: int) -> None:
    """Write an index with copies of the runs of two heads × 20 seeds, and the folders that belong to its rows."""
    import pandas as pd

    from core.home import Home
    from core.spec import RunSpec
    from core.store.index import _build
    from core.store.run_store import RunStore
    from tests.support.run_writer import RunWriter

    home = Home(folder)
    write = RunWriter(home)
    runs = [write(RunSpec(head=head, seed=seed), predictions=False) for head in ("gap", "dense") for seed in range(20)]
    store = RunStore(home, examples=folder / "no-examples")
    store.frame()
    index = store._indexes[0]
    record = (runs[0].path / "record.json").read_bytes()
    rows = index.frame.loc[[number % len(runs) for number in range(count)]].reset_index(drop=True)
    rows["run_id"] = pd.Series([f"{number:012x}" for number in range(count)], dtype=rows["run_id"].dtype)
    rows["epochs"] = [1 + number // 200 for number in range(count)]  # 100 seeds per configuration
    for run_id in rows["run_id"]:
        (home.runs / run_id).mkdir()
        (home.runs / run_id / "record.json").write_bytes(record)
    stamps = index._scan()
    rows = pd.concat([index.frame, rows], ignore_index=True)
    index._save(_build(rows.astype(object).where(rows.notna(), None).to_dict("records"), stamps))


def measure(folder: Path) -> dict[str, float]:
    import pandas  # noqa: F401  # the first list imports it

    from core.analysis.cost import compute_costs
    from core.home import Home
    from core.store.comparison import Comparison, list_offers
    from core.store.run_store import RunStore
    from core.store.same_test_set import RunsOnTestSet
    from core.store.search import search

    store = RunStore(Home(folder), examples=folder / "no-examples")
    seconds: dict[str, float] = {}

    def clock(name: str, work: Callable[[], object]) -> None:
        begin = time.process_time()
        work()
        seconds[f"{name}_cpu_seconds"] = round(time.process_time() - begin, 3)

    clock("first_list", store.frame)
    time.sleep(2.5)  # two seconds after its last change, the folder counts as stable
    store.frame()
    clock("later_list", store.frame)
    frame = store.frame()
    clock("search", lambda: search(frame, SEARCH))
    clock("offers", lambda: list_offers(frame))
    real = next(path.parent.name for path in store.home.runs.glob("*/history.jsonl"))
    comparison = Comparison.of(store.open_all([real]))
    clock("costs", lambda: compute_costs(RunsOnTestSet.within(comparison, frame)))
    return {"runs": len(frame), **seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.home:
        print(json.dumps(measure(options.home)))
        return
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), options.runs)
        command = [sys.executable, "-m", "benchmarks.many_runs", "--home", folder]
        found = json.loads(subprocess.check_output(command))
    print(json.dumps({"benchmark": "many_runs", **found}))


if __name__ == "__main__":
    main()
