"""Made-up races in every state, with learning curves and without training."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from core.advice.candidate import Candidate
from core.advice.candidates import list_candidates
from core.advice.limits import Limits
from core.advice.race import Answer, Dropped, FinalistDifference, Race
from core.advice.race_curves import COLUMNS, RaceProgress
from core.advice.request import Request
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.submit import Checker
from core.spec import RunSpec
from core.store.run_store import RunStore

HEADS = ("gap", "gap_linear", "dense")
RUNGS = (2, 5, 12)
LIMITS = Limits(size=600_000)
SHORT = "It can reach at most 71.3%, 18.2 points below Flatten + Dense, 16 filters."


def list_digit_candidates(home: Home, limits: Limits | None = None) -> tuple[Candidate, ...]:
    """Return six candidates on the digits: three heads with two numbers of filters."""
    data = open_dataset(home, "digits").info.fingerprint
    specs = [RunSpec(head=head, filters=filters, epochs=RUNGS[-1], data=data) for head in HEADS for filters in (8, 16)]
    return tuple(list_candidates(Checker(home), specs, limits or Limits(), RunStore(home).frame()))


def make_races(home: Home) -> dict[str, Race]:
    """Return a race in every state a user can meet, by name."""
    now = time.time()
    candidates = list_digit_candidates(home, LIMITS)
    tried = [one for one in candidates if not one.excluded_by]
    base: dict[str, Any] = {
        "recipe": "digits-heads", "candidates": candidates, "rungs": RUNGS, "started_at": now - 300,
        "request": Request(limits=LIMITS, budget_seconds=1800), "deadline": now + 1500,
    }  # fmt: skip
    first = {tried[0].key: Dropped(at="2 epochs", reason=SHORT, time=now - 200)}
    dropped = first | {one.key: Dropped(at="5 epochs", reason=SHORT, time=now - 100) for one in tried[1:-2]}
    choice, reference = tried[-2], tried[-1]

    def answer(state: Any, mean: float, half: float, verdict: str, **more: Any) -> Answer:
        compared = [
            FinalistDifference(
                key=one.key, cost=one.params, mean=(mean if one is choice else 0) / 100, low=(mean - half) / 100,
                high=(mean + half) / 100, bound=(mean - 0.85 * half) / 100, p=0.03, verdict=verdict, seeds=3,
            )
            for one in (choice, reference)
        ]  # fmt: skip
        runs = tuple(one.spec_of(RUNGS[-1], seed).run_id for one in (choice, reference) for seed in range(3))
        shares = {choice.key: 0.88 + mean / 100, reference.key: 0.88}
        return Answer(
            state=state, reference=reference.key, comparisons=tuple(compared), accuracy=shares, seeds=3, test_images=360,
            read_at=now, runs=runs, **more,
        )  # fmt: skip

    ended: dict[str, Any] = {**base, "state": "answered", "rung": len(RUNGS), "seeds": 3, "dropped": dropped,
                             "deadline": None, "ended_at": now, "train_seconds": 192.0}  # fmt: skip
    both = (choice.key, reference.key)
    return {
        "begun": make("a1", base),
        "racing": make("a2", {**base, "rung": 1, "dropped": first, "train_seconds": 61.0}),
        "seeds": make("a3", {**base, "rung": len(RUNGS), "seeds": 3, "dropped": dropped, "train_seconds": 150.0}),
        "paused": make("a4", {**base, "state": "paused", "rung": 1, "dropped": first, "deadline": None, "left_seconds": 912.0}),
        "decided": make("a5", {**ended, "answers": (answer("decided", -0.2, 0.6, "within the margin", choice=choice.key),)}),
        "needed": make("a6", {**ended, "answers": (answer("needed", -6.2, 1.1, "not within the margin", choice=reference.key),)}),
        "undecided": make("a7", {**ended, "answers": (answer("undecided", -0.4, 1.4, "undecided", tied=both, more_seeds=4),)}),
        "stopped": make("a8", {**base, "state": "answered", "rung": 1, "dropped": first, "stop": True, "ended_at": now,
                               "answers": (Answer(state="undecided", why="stopped", reference=tried[-1].key, validation={tried[-1].key: 0.71}),)}),
        "failed": make("a9", {**base, "state": "failed", "ended_at": now, "problem": "All runs failed: the worker ran out of memory."}),
        "excluded": make("b1", {**base, "state": "answered", "candidates": list_digit_candidates(home, Limits(params=10)),
                                "answers": (Answer(state="undecided", why="budget"),), "ended_at": now}),
    }  # fmt: skip


def make(number: str, fields: Mapping[str, Any]) -> Race:
    return Race(race_id=f"{number}{'0' * 10}", **fields)


def draw_curves(race: Race, rate: Callable[[int], float] = lambda index: 0.9 - 0.04 * (5 - index)) -> RaceProgress:
    """Return a race with exponential learning curves up to the epoch at which each candidate is."""
    rows = []
    for index, candidate in enumerate(race.candidates):
        out = race.dropped.get(candidate.key)
        reached = int(out.at.split()[0]) if out else RUNGS[min(race.rung, len(RUNGS) - 1)]
        if candidate.excluded_by or (race.rung == 0 and race.state == "running" and not out):
            continue
        for seed in range(1 if out else race.seeds):
            for epoch in range(1, reached + 1):
                share = rate(index) * (1 - math.exp(-epoch / (1 + 0.5 * index))) + 0.004 * seed
                rows.append((candidate.key, seed, epoch, share, race.state == "running" and not out))
    return RaceProgress(race, pd.DataFrame(rows, columns=[*COLUMNS]).astype(COLUMNS)) if rows else RaceProgress(race)
