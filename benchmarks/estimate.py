"""How well times are foretold: each finished run of a home from all its others.

`python -m benchmarks.estimate [HOME]`; without a home the examples are asked. Prints one line of JSON.
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
    errors, inside = [], 0
    for place, work in enumerate(Work.list_finished(frame)):
        found = TimeEstimator(frame.drop(index=place)).training(work)
        seconds = float(frame["train_seconds"].iloc[place])
        if found is not None:
            errors.append(abs(found.seconds - seconds) / seconds)
            inside += found.low <= seconds <= found.high
    answer = {"benchmark": "estimate", "runs": len(errors), "median_error": round(median(errors), 3)}
    print(json.dumps({**answer, "largest_error": round(max(errors), 2), "inside_the_range": inside}))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
