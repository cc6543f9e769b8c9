"""Runs of a comparison with comparable times and latencies: those that one machine measured."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.machine import Machine, list_frame_machines, list_machines

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Timed:
    """The runs whose times are shown.

    Attributes:
        machine: the machine that measured the latencies of most runs, the first one of several.
        run_ids: its runs.
        others: the other machines, each with the number of its runs.
    """

    machine: Machine
    run_ids: frozenset[str]
    others: dict[Machine, int]

    @property
    def note(self) -> str:
        """Name the machine, and those whose times are left out."""
        if not self.others:
            return f"Times were measured on one thread of {self.machine}."
        others = [f"{format_plural(count, 'run')} on {machine}" for machine, count in self.others.items()]
        return f"Times are those of {self.machine}. Not shown, because they are not comparable: {', '.join(others)}."


def find_timed(comparison: Comparison) -> Timed:
    """Choose the machine of a comparison."""
    records = [run.record for run in comparison.runs]
    machines = list_machines((record.cpu, record.cores) for record in records)
    measured = [record.cost.latency_seconds is not None for record in records]
    return _choose([record.run_id for record in records], machines, measured)


def find_timed_rows(frame: "pd.DataFrame") -> Timed:
    """Choose the machine of a run list, which is not empty."""
    return _choose(frame["run_id"].tolist(), list_frame_machines(frame), frame["latency_seconds"].notna().tolist())


def _choose(run_ids: Sequence[str], machines: Sequence[Machine], measured: Sequence[bool]) -> Timed:
    votes = [machine for machine, known in zip(machines, measured, strict=True) if known] or machines
    (main, _), *others = Counter(votes).most_common()
    own = frozenset(run_id for run_id, machine in zip(run_ids, machines, strict=True) if machine == main)
    return Timed(main, own, dict(others))
