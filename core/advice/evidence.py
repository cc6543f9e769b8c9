"""Evidence from the runs of a race: learning curves, correct predictions on validation and, at the end, test images."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.advice.candidate import Candidate
from core.advice.candidates import cost_of
from core.advice.decision import Finalist
from core.advice.job_machine import find_job_machine, is_own
from core.advice.race import Race
from core.advice.request import Metric
from core.errors import AdviceError, RunError
from core.spec import RunSpec
from core.store.metrics import compute_predicted
from core.store.run import Run
from core.store.run_store import RunStore


@dataclass
class Evidence:
    """The finished runs of a race, each opened once."""

    store: RunStore
    _runs: dict[str, Run | None] = field(default_factory=dict)

    def find(self, spec: RunSpec) -> Run | None:
        """Return the finished run of a spec; None if it is missing or damaged."""
        return self.open(spec.run_id)

    def open(self, run_id: str) -> Run | None:
        """Return a finished run; None if it is missing or damaged."""
        if self._runs.get(run_id) is None:
            path = self.store.path(run_id)
            try:
                self._runs[run_id] = Run.open(path) if path else None
            except RunError:
                self._runs[run_id] = None
        return self._runs[run_id]

    def find_longest(self, race: Race, candidate: Candidate, rung: int) -> Run | None:
        """Return the run of a candidate with the first seed that reaches a rung, with the most epochs."""
        specs = (candidate.spec_of(epochs, 0) for epochs in reversed(race.rungs[rung:]))
        return next((run for spec in specs if (run := self.find(spec))), None)

    def read_latency(self, run: Run) -> float | None:
        """Return the latency of a run; None if it was measured on another machine than that of the jobs."""
        own = is_own(in_home=run.path.is_relative_to(self.store.home.runs), elsewhere=run.record.elsewhere)
        machine = find_job_machine(self.store.frame) if own else None
        fits = machine is not None and machine.fits(run.record.machine)
        return run.record.cost.latency_seconds if fits else None

    def list_runs(self, race: Race, candidate: Candidate, seeds: int) -> list[Run] | None:
        """Return the complete runs of a candidate with the first `seeds` seeds; None if one is missing."""
        runs = [self.find(candidate.spec_of(race.rungs[-1], seed)) for seed in range(seeds)]
        return [run for run in runs if run] if all(runs) else None


def read_curve(run: Run, metric: Metric) -> NDArray[np.float64]:
    """Return the validation accuracy after each epoch, of shape (epochs,), without the epochs of a diverged run.

    For the balanced accuracy, which only the end of training has, the curve is moved so that it ends there.

    Raises:
        RunDamagedError: when a file of the run is damaged.
    """
    curve = run.history["val_accuracy"].to_numpy(np.float64)
    curve = curve[: int(np.argmin(np.isfinite(curve)))] if not np.isfinite(curve).all() else curve
    if metric == "balanced_accuracy" and len(curve):
        right, labels = read_validation([run])
        curve = np.clip(curve + measure(right[0], labels, metric) - right[0].mean(), 0, 1)
    return curve


def read_validation(runs: Sequence[Run]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return whether each validation image is predicted correctly, of shape (seeds, images), and their classes."""
    found = [run.predictions for run in runs]
    right = [compute_predicted(one.validation_probs) == one.validation_labels for one in found]
    return np.stack(right), found[0].validation_labels


def read_test(runs: Sequence[Run]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return whether each test image is predicted correctly, of shape (seeds, images), and their classes.

    Only the last step of a race calls this, for its finalists.
    """
    found = [run.predictions for run in runs]
    return np.stack([compute_predicted(one.test_probs) == one.test_labels for one in found]), found[0].test_labels


def measure(right: NDArray[np.bool_], labels: NDArray[np.int64], metric: Metric) -> float:
    """Return the accuracy, or the mean of the accuracies of the classes."""
    if metric == "accuracy":
        return float(right.mean())
    return float(np.mean([right[..., labels == label].mean() for label in np.unique(labels)]))


def read_cost(race: Race, candidate: Candidate, runs: Sequence[Run], evidence: Evidence) -> float:
    """Return the cost of a candidate as measured in its runs, or as estimated before it has any."""
    name = race.request.cost
    if name in ("params", "flops"):
        return cost_of(candidate, name)
    found = [evidence.read_latency(run) if name == "latency" else run.record.cost.tflite_bytes for run in runs]
    values = [value for value in found if value is not None]
    return float(np.median(values)) if values else cost_of(candidate, name)


def list_finalists(
    race: Race, evidence: Evidence, candidates: Sequence[Candidate], seeds: int, *, test: bool = False
) -> list[Finalist]:
    """Return the candidates with the results of their complete runs with `seeds` seeds.

    With the goal "best", the cost is the rank by validation accuracy.

    Raises:
        AdviceError: when a run is missing or damaged.
    """
    found = []
    for candidate in candidates:
        runs = evidence.list_runs(race, candidate, seeds)
        if runs is None:
            raise AdviceError(f"A run of {candidate.name} is missing or damaged. Continue the advice.")
        right, labels = (read_test if test else read_validation)(runs)
        cost = read_cost(race, candidate, runs, evidence)
        if race.request.goal == "best":
            cost = -measure(*read_validation(runs), race.request.metric)
        found.append(Finalist(candidate.key, cost, right, labels))
    return found
