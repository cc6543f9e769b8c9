"""Learning curves of a race: validation accuracy by epoch of every candidate that was or is being trained."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from core.advice.race import Race
from core.home import Home
from core.store.history import read_history
from core.store.run_store import RunStore

COLUMNS = {"key": "str", "seed": "int64", "epoch": "int64", "accuracy": "float64", "training": "bool"}
"""Columns of the curves: `accuracy` on the validation images from 0 to 1; `training` if more epochs follow now."""


@dataclass(frozen=True)
class RaceRun:
    """A run that a race may train: `seed` counts from 0, the first seed of the candidate."""

    key: str
    seed: int
    epochs: int
    run_id: str


def _create_empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


@dataclass(frozen=True)
class RaceProgress:
    """A race with the learning curves of its candidates (see COLUMNS), which are empty before it starts."""

    race: Race
    curves: pd.DataFrame = field(default_factory=_create_empty)

    @cached_property
    def version(self) -> str:
        """Hash of the race and its curves, for caches."""
        found = hashlib.sha256(self.race.model_dump_json().encode())
        found.update(pd.util.hash_pandas_object(self.curves, index=False).to_numpy().tobytes())
        return found.hexdigest()

    def find_last(self, key: str) -> tuple[int, float] | None:
        """Return the last epoch of a candidate with the mean validation accuracy of its seeds there, if any; NaN if its
        training diverged."""
        own = self.curves[self.curves["key"] == key]
        if own.empty:
            return None
        last = int(own["epoch"].max())
        return last, float(own.loc[own["epoch"] == last, "accuracy"].mean())

    def find_accuracy(self, key: str, epoch: int) -> float | None:
        """Return the mean validation accuracy of the seeds of a candidate after an epoch; None if it is unknown."""
        values = self.curves.loc[(self.curves["key"] == key) & (self.curves["epoch"] == epoch), "accuracy"].dropna()
        return float(values.mean()) if len(values) else None


def list_race_runs(race: Race) -> tuple[RaceRun, ...]:
    """Return the runs that a race may train, the longest first per candidate and seed.

    With the first seed, a candidate is trained up to every rung; with the others, to the end. A dropped candidate has
    only the seeds that it was dropped with.
    """
    longest_first = sorted(race.rungs, reverse=True)
    return tuple(
        RaceRun(candidate.key, seed, epochs, candidate.spec_of(epochs, seed).run_id)
        for candidate in race.candidates
        if not candidate.excluded_by
        for seed in range(race.dropped[candidate.key].seeds if candidate.key in race.dropped else race.seeds)
        for epochs in (longest_first if seed == 0 else longest_first[:1])
    )


def read_race_progress(
    home: Home,
    store: RunStore,
    race: Race,
    runs: Iterable[RaceRun] | None = None,
    read: Callable[[Path], pd.DataFrame] = read_history,
) -> RaceProgress:
    """Read the longest learning curve of every candidate and seed.

    Those of a dropped candidate end where it was dropped, so that its evidence stays the same if others train it on.

    Args:
        runs: the result of `list_race_runs`, for callers that cache it.
        read: reads history.jsonl of a finished run, for callers that cache it.
    """
    finished = {*store.frame()["run_id"]}
    parts: dict[tuple[str, int], pd.DataFrame] = {}
    done: set[tuple[str, int]] = set()
    for run in list_race_runs(race) if runs is None else runs:
        series, working = (run.key, run.seed), home.jobs / run.run_id / "history.jsonl"
        if series in done:
            continue
        if run.run_id in finished:
            done.add(series)
            history, training = read(store.open(run.run_id).path / "history.jsonl"), False
        elif working.is_file():
            history, training = read_history(working), race.state == "running"
        else:
            continue
        dropped = race.dropped.get(run.key)
        history = history.head(dropped.epochs) if dropped and dropped.epochs else history
        if len(history) > len(parts.get(series, ())):
            part = history[["epoch"]].assign(
                key=run.key, seed=run.seed, accuracy=history["val_accuracy"], training=training
            )
            parts[series] = part[[*COLUMNS]]
    return RaceProgress(race, pd.concat(parts.values(), ignore_index=True)) if parts else RaceProgress(race)
