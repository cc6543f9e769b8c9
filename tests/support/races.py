"""Made-up races in every state, with learning curves or with finished runs, without training."""

import math
import time
from typing import Any

import pandas as pd

from core.advice.candidate import Candidate
from core.advice.candidates import list_candidates
from core.advice.limits import Limits
from core.advice.race import Answer, Dropped, Event, FinalistDifference, Race, save_race
from core.advice.race_curves import COLUMNS, RaceProgress, list_race_runs
from core.advice.request import Request
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.submit import Checker
from core.spec import RunSpec
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter

RUNGS = (3, 6, 12)
LIMITS = Limits(size=600_000)  # excludes Flatten + Dense with 16 filters
SHORT = "At most 71.3% validation accuracy expected after 12 epochs; the best candidate has reached at least 88.0%."
ACCURACIES = (0.72, 0.83, 0.78, 0.875, 0.88, 0.9)


def list_digit_candidates(home: Home) -> tuple[Candidate, ...]:
    """Return six candidates on the digits: three heads with two numbers of filters. A limit excludes the last."""
    data = open_dataset(home, "digits").info.fingerprint
    heads = ("gap", "gap_linear", "dense")
    specs = [RunSpec(head=head, filters=filters, epochs=RUNGS[-1], data=data) for head in heads for filters in (8, 16)]
    return tuple(list_candidates(Checker(home), specs, LIMITS, RunStore(home).frame()))


def make_races(home: Home, now: float | None = None) -> dict[str, Race]:
    """Return a race in every state that a user can meet, by name."""
    now = time.time() if now is None else now
    candidates = list_digit_candidates(home)
    keys = [one.key for one in candidates if not one.excluded_by]
    choice, reference = keys[3], keys[4]
    first = {keys[0]: Dropped(at="3 epochs", reason=SHORT, time=now - 200)}
    second = first | {key: Dropped(at="6 epochs", reason=SHORT, time=now - 100) for key in keys[1:3]}
    events = (
        Event(time=now - 300, text="5 candidates start."),
        Event(time=now - 200, text=f"GAP, 8 filters is out after 3 epochs. {SHORT}"),
    )

    def make(number: int, **fields: Any) -> Race:
        given: dict[str, Any] = {
            "request": Request(limits=LIMITS, budget_seconds=1800), "deadline": now + 1500, "events": events,
            "candidates": candidates, "rungs": RUNGS, "recipe": "digits-heads", "started_at": now - 300 - number,
        }  # fmt: skip
        return Race(race_id=f"{number:012x}", **(given | fields))

    def end(number: int, answer: Answer, **fields: Any) -> Race:
        ended = {"state": "answered", "deadline": None, "ended_at": now, "train_seconds": 192.0, "answers": (answer,)}
        return make(number, **({"rung": len(RUNGS), "seeds": 3, "dropped": second} | ended | fields))

    def compare(state: Any, mean: float, half: float, verdict: str, **fields: Any) -> Answer:
        """Return an answer in percentage points."""
        compared = [
            FinalistDifference(
                key=key, cost=cost, mean=points / 100, low=(points - half) / 100, high=(points + half) / 100,
                bound=(points - 0.8 * half) / 100, p=0.03, verdict=verdict, seeds=3,
            )
            for key, cost, points in ((choice, 7690, mean), (reference, 106_474, 0.0))
        ]  # fmt: skip
        finalists = [one for one in candidates if one.key in (choice, reference)]
        return Answer(
            state=state, reference=reference, comparisons=tuple(compared), seeds=3, test_images=360, read_at=now,
            validation={choice: 0.87, reference: 0.88}, accuracy={choice: 0.88 + mean / 100, reference: 0.88},
            runs=tuple(one.spec_of(RUNGS[-1], seed).run_id for one in finalists for seed in range(3)), **fields,
        )  # fmt: skip

    unread = Answer(state="undecided", why="stopped", reference=reference, validation={reference: 0.71})
    return {
        "begun": make(1),
        "racing": make(2, rung=1, dropped=first),
        "seeds": make(3, rung=len(RUNGS), seeds=3, dropped=second),
        "paused": make(4, state="paused", rung=1, dropped=first, deadline=None, left_seconds=912.0),
        "failed": make(5, state="failed", ended_at=now, problem="No candidate is left. GAP: out of memory."),
        "decided": end(6, compare("decided", -0.2, 0.6, "within the margin", choice=choice)),
        "needed": end(7, compare("needed", -6.2, 1.1, "not within the margin", choice=reference)),
        "undecided": end(8, compare("undecided", -0.4, 1.4, "undecided", tied=(choice, reference), more_seeds=4)),
        "hopeless": end(9, compare("undecided", -0.4, 1.4, "undecided", tied=(choice, reference), more_seeds=None)),
        "stopped": end(10, unread, stop=True, rung=1, seeds=1, dropped=first),
    }


def _find_reached(race: Race, key: str) -> int:
    """Return the epoch that a candidate has reached; 0 before the first."""
    if dropped := race.dropped.get(key):
        return int(dropped.at.split()[0])
    return (0, *RUNGS)[min(race.rung, len(RUNGS))]


def draw_curves(race: Race) -> RaceProgress:
    """Return a race with exponential learning curves up to the epoch that each candidate has reached."""
    rows = []
    for candidate, accuracy in zip(race.candidates, ACCURACIES, strict=True):
        for seed in range(1 if candidate.key in race.dropped else race.seeds):
            for epoch in range(1, 1 + (0 if candidate.excluded_by else _find_reached(race, candidate.key))):
                share = (accuracy + 0.005 * seed) * (1 - math.exp(-epoch / 2))
                rows.append((candidate.key, seed, epoch, share, race.state == "running"))
    return RaceProgress(race, pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)) if rows else RaceProgress(race)


def write_race(home: Home, race: Race, make_run: RunWriter) -> None:
    """Save a race with the finished runs that it has in its state."""
    accuracies = dict(zip([one.key for one in race.candidates], ACCURACIES, strict=True))
    for run in list_race_runs(race):
        reached = _find_reached(race, run.key)
        if run.epochs == reached and (run.seed == 0 or run.key not in race.dropped):
            make_run(race.find(run.key).spec_of(run.epochs, run.seed), accuracy=accuracies[run.key])
    save_race(home, race)
