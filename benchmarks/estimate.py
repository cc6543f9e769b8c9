"""Accuracy of time estimates: each finished run of a home is estimated from all others (leave-one-out).

`python -m benchmarks.estimate [HOME]`; uses the examples if no home is given. Prints one line of JSON.
"""

import json
import sys
from pathlib import Path
from statistics import median

from core.home import Home
from core.jobs.estimate import TimeEstimator, Work
from core.store.run_store import RunStore


def main(path: str | None) -> None:
    home = Home(Path(path)) if path else Home.default()
    frame = RunStore(home, examples=Path("no-examples") if path else None).frame()
    if not path:
        frame = frame[frame["source"] == "example"].assign(source="home").reset_index(drop=True)
    errors, covered = [], 0
    for index, work in enumerate(Work.list_finished(frame)):
        found = TimeEstimator(frame.drop(index=index)).estimate(work)
        seconds = float(frame["train_seconds"].iloc[index])
        if found is not None:
            errors.append(abs(found.seconds - seconds) / seconds)
            covered += found.low <= seconds <= found.high
    result = {"benchmark": "estimate", "runs": len(errors), "median_error": round(median(errors), 3)}
    print(json.dumps({**result, "largest_error": round(max(errors), 2), "inside_interval": covered}))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
