"""Timeline of one run: CPU seconds and wall seconds of each phase of its worker, and of its evidence.

    python -m benchmarks.timeline --dataset kmnist --epochs 8

Trains one run in this process, without a dispatcher, in a temporary home. Prints one line of JSON per phase. A forked
worker does not spend the time of `imports`, which its dispatcher spends once. Datasets that are not bundled are read
from the default home.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.published import link_dataset
from core.datasets.cache import pin
from core.files import write_json
from core.home import Home
from core.spec import RunSpec


class Timeline:
    """The phases of a process and their begin, in CPU seconds and wall seconds."""

    def __init__(self) -> None:
        self._begins: list[tuple[str, float, float]] = []

    def begin(self, phase: str) -> None:
        """Begin a phase, which ends the one before; does nothing within it."""
        if not self._begins or self._begins[-1][0] != phase:
            self._begins.append((phase, time.process_time(), time.perf_counter()))

    def list_seconds(self) -> list[dict[str, Any]]:
        """Return the phases with their seconds. The last one has none."""
        pairs = zip(self._begins, self._begins[1:], strict=False)
        return [
            {"phase": phase, "cpu_seconds": round(cpu - before, 2), "seconds": round(wall - began, 2)}
            for (phase, before, began), (_, cpu, wall) in pairs
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="digits", help="an available dataset")
    parser.add_argument("--head", default="gap")
    parser.add_argument("--epochs", type=int, default=8)
    options = parser.parse_args()
    timeline = Timeline()
    timeline.begin("imports")
    from core.training import train
    from core.training.device import configure
    from core.training.evidence import compute_evidence
    from core.training.job import JobFolder

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        link_dataset(options.dataset, home)
        spec = pin(home, RunSpec(dataset=options.dataset, head=options.head, epochs=options.epochs))
        write_json(home.jobs / spec.run_id / "spec.json", spec.model_dump())
        (home.jobs / spec.run_id / "attempt").write_text("1\n")
        job = JobFolder(home.jobs / spec.run_id)
        report, record_epoch = job.report, job.record_epoch

        def follow(phase: str, **values: Any) -> None:
            timeline.begin("first epoch" if phase == "compiling" else phase)
            report(phase, **values)

        def follow_epoch(*values: Any) -> None:
            timeline.begin("further epochs")
            record_epoch(*values)

        job.report = lambda phase, **values: None if phase == "training" else follow(phase, **values)  # type: ignore
        job.record_epoch = follow_epoch  # type: ignore[method-assign]
        configure()
        run = train.train_job(job)
        timeline.begin("evidence")
        compute_evidence(home, run)
        timeline.begin("end")
    for line in timeline.list_seconds():
        print(json.dumps({"benchmark": "timeline", **vars(options), **line}))


if __name__ == "__main__":
    main()
