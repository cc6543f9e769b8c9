"""End of a race: the decision on validation images, and the comparison of the finalists on the test images."""

import time
from dataclasses import dataclass

from core.advice.decision import Decision, Finalist, decide
from core.advice.evidence import Evidence, list_finalists, measure, read_validation
from core.advice.race import Answer, Event, FinalistDifference, Race
from core.advice.request import MAX_SEEDS
from core.plural import format_plural
from core.store.run import Run

LEVELS = (0.03, 0.015, 0.005)
"""Significance level of each comparison on the test images, 5% together (Bonferroni).

After the first, a race can be continued twice. Whether it is, and with how many seeds, depends on the answer, so the
information at the next one is not known before, and a rule that needs it, as in `core.advice.spending`, is not applied.
"""
LOOKS = len(LEVELS)
LEAST_SEEDS = 2
"""Seeds per finalist without which the test images are not read."""
VALIDATION_SHARE = 0.3
"""Level on the validation images as a share of that on the test images, so that these probably decide as well."""
LEAST_CHANCE = 0.1
"""Probability that all seeds decide, at the level of the test images, below which no more are trained (futility).

Source: Lachin 2005, A review of methods for futility stopping based on conditional power, Stat. Med. 24.
"""


@dataclass(frozen=True)
class ValidationResult:
    """Result of the finalists on the validation images.

    Attributes:
        settled: whether they decide.
        chance: probability that they do with all seeds.
        surplus: finalists that need no more seeds, with the reason.
    """

    settled: bool
    chance: float
    surplus: dict[str, str]


def count_complete_seeds(race: Race, evidence: Evidence) -> int:
    """Return the number of seeds with which every survivor has been trained to the end."""
    seeds = 0
    while seeds < race.seeds and all(evidence.list_runs(race, one, seeds + 1) for one in race.survivors):
        seeds += 1
    return seeds


def decide_on_validation(race: Race, evidence: Evidence) -> ValidationResult:
    """Return what the validation images show with the present seeds.

    Finalists need no more seeds if they lose more than the margin, or cost more than one that is within it. At least
    two remain.
    """
    finalists = list_finalists(race, evidence, race.survivors, race.seeds)
    reference = _choose_reference(race, finalists)
    level = LEVELS[min(race.looks, LOOKS - 1)]
    found = decide(
        finalists, race.request.margin / 100, metric=race.request.metric, reference=reference,
        alpha=VALIDATION_SHARE * level, later_alpha=level, most_seeds=max(race.request.seeds, race.least_seeds),
    )  # fmt: skip
    names = {one.key: one.name for one in race.survivors}
    surplus: dict[str, str] = {}
    within = ""
    for one in found.comparisons:  # in the order of cost
        if one.name == reference:
            within = within or names[one.name]
        elif within:
            surplus[one.name] = f"It costs more than {within}, which is within the margin on the validation images."
        elif one.verdict == "not within the margin":
            surplus[one.name] = (
                f"{100 * abs(one.mean):.1f} points {'below' if one.mean < 0 else 'above'} {names[reference]} on the "
                f"validation images with {format_plural(race.seeds, 'seed')}, which is more than the margin."
            )
        elif one.verdict == "within the margin":
            within = names[one.name]
    if race.request.goal == "best":
        surplus = {key: reason for key, reason in surplus.items() if "more than the margin" in reason}
    if surplus and len(finalists) - len(surplus) < 2:
        last = max(surplus, key=lambda key: next(one.mean for one in found.comparisons if one.name == key))
        surplus = {key: reason for key, reason in surplus.items() if key != last}
    return ValidationResult(found.state != "undecided", found.chance, surplus)


def _choose_reference(race: Race, finalists: list[Finalist]) -> str:
    """Return the finalist with the best metric on the validation images that it has; the cheapest of equal ones."""
    return max(finalists, key=lambda one: (measure(one.right, one.labels, race.request.metric), -one.cost)).name


def conclude(race: Race, evidence: Evidence, why: str = "") -> Race:
    """Return the race with its answer: the finalists are compared on the test images, which nothing before has read.

    With fewer than two seeds per finalist nothing can be concluded, and the test images are not read.

    Args:
        why: "budget" or "stopped" if the race ends early.
    """
    seeds = count_complete_seeds(race, evidence)
    validation = {
        one.key: value for one in race.survivors if (value := _read_latest(race, evidence, one.key)) is not None
    }
    looked = seeds >= LEAST_SEEDS or (seeds == 1 and len(race.survivors) == 1)
    if looked and race.looks < LOOKS:
        answer = _compare_on_test(race, evidence, seeds, validation, why)
    else:
        tied = tuple(sorted((one.key for one in race.survivors), key=lambda key: race.find(key).params))
        reference = max(validation, key=lambda key: validation[key], default="")
        answer = Answer(
            state="undecided", reference=reference, tied=tied, validation=validation, seeds=seeds, why=why,
            more_seeds=max(race.least_seeds - seeds, 1),
        )  # fmt: skip
    text = {
        "budget": "The time budget is used up.", "stopped": "The race was stopped."
    }.get(why, "The race has ended.")  # fmt: skip
    if answer.runs:
        text += f" The test images were read for {format_plural(len(answer.comparisons), 'finalist')}."
    return race.model_copy(
        update={
            "state": "answered", "answers": (*race.answers, answer), "ended_at": time.time(), "deadline": None,
            "stop": False, "waiting_for": (), "events": (*race.events, Event(time=time.time(), text=text)),
        }
    )  # fmt: skip


def _read_latest(race: Race, evidence: Evidence, key: str) -> float | None:
    """Return the metric on the validation images of the longest training of a candidate with the first seed."""
    run = evidence.find_longest(race, race.find(key), 0)
    return measure(*read_validation([run]), race.request.metric) if run else None


def _compare_on_test(race: Race, evidence: Evidence, seeds: int, validation: dict[str, float], why: str) -> Answer:
    shown = list_finalists(race, evidence, race.survivors, seeds)
    reference = _choose_reference(race, shown)
    validation = validation | {one.name: measure(one.right, one.labels, race.request.metric) for one in shown}
    finalists = list_finalists(race, evidence, race.survivors, seeds, test=True)
    found = decide(
        finalists, race.request.margin / 100, metric=race.request.metric, reference=reference,
        alpha=LEVELS[race.looks], later_alpha=LEVELS[min(race.looks + 1, LOOKS - 1)],
    )  # fmt: skip
    runs = [run for one in race.survivors for run in evidence.list_runs(race, one, seeds) or ()]
    return _write_answer(race, found, finalists, runs, seeds, validation, why)


def _write_answer(
    race: Race, found: Decision, finalists: list[Finalist], runs: list[Run], seeds: int,
    validation: dict[str, float], why: str,
) -> Answer:  # fmt: skip
    return Answer(
        state=found.state,
        choice=found.choice or "",
        reference=found.reference,
        comparisons=tuple(
            FinalistDifference(
                key=one.name, cost=one.cost, mean=one.mean, low=one.low, high=one.high, bound=one.bound, p=one.p,
                verdict=one.verdict, seeds=one.seeds,
            )
            for one in found.comparisons
        ),
        tied=found.tied,
        more_seeds=found.more_seeds if found.more_seeds and seeds + found.more_seeds <= MAX_SEEDS else None,
        validation=validation,
        accuracy={one.name: measure(one.right, one.labels, race.request.metric) for one in finalists},
        seeds=seeds,
        test_images=finalists[0].right.shape[1],
        level=found.level,
        runs=tuple(run.run_id for run in runs),
        read_at=time.time(),
        why=why,
    )  # fmt: skip
