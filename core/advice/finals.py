"""Selection of the finalists, for which more seeds are trained, after all candidates have a complete run."""

import math
from collections.abc import Collection, Mapping

import numpy as np

from core.advice.decision import Finalist
from core.advice.evidence import Evidence, list_finalists, measure
from core.advice.race import Race

MAX_FINALISTS = 4
_DEVIATIONS = 2.0


def choose_surplus(race: Race, evidence: Evidence) -> dict[str, str]:
    """Return the survivors that are not finalists, with the reason.

    The finalists are the most accurate candidate on validation images; in the order of cost, cheaper ones whose
    difference to it is not clearly more than the margin, up to the first one that is clearly within it; and more
    expensive ones that may be better by more than the margin. With the goal "best" they are the most accurate ones.

    Raises:
        AdviceError: when a run is missing or damaged.
    """
    finalists = list_finalists(race, evidence, race.survivors, 1)
    names = {candidate.key: candidate.name for candidate in race.survivors}
    values = {one.name: measure(one.right, one.labels, race.request.metric) for one in finalists}
    best = max(finalists, key=lambda one: (values[one.name], -one.cost))
    if race.request.goal == "best":
        order = sorted(finalists, key=lambda one: -values[one.name])
        return {
            one.name: f"{_points(values[best.name] - values[one.name])} points below {names[best.name]}."
            for one in order[MAX_FINALISTS:]
        }
    surplus: dict[str, str] = {}
    kept = [best]
    within = ""
    for one in sorted(finalists, key=lambda one: one.cost):
        gap, error = values[one.name] - values[best.name], _compute_error(one, best)
        if one is best or len(finalists) <= 2:
            continue
        margin = race.request.margin / 100
        if one.cost >= best.cost and gap + _DEVIATIONS * error < margin:
            surplus[one.name] = f"It costs more than {names[best.name]}, which is {_points(-gap)} points more accurate."
        elif within and one.cost < best.cost:
            surplus[one.name] = f"It costs more than {within}, which is within the margin."
        elif gap + _DEVIATIONS * error < -margin:
            surplus[one.name] = f"{_points(-gap)} points below {names[best.name]}, which is more than the margin."
        elif len(kept) == MAX_FINALISTS:
            surplus[one.name] = f"{MAX_FINALISTS} cheaper or more accurate candidates continue."
        else:
            kept.append(one)
            within = names[one.name] if gap - error >= -margin else ""
    cheaper = {one.name for one in finalists if one.cost < best.cost}
    return surplus if len(kept) > 1 else keep_runner_up(surplus, values, cheaper)


def keep_runner_up(dropped: dict[str, str], values: Mapping[str, float], cheaper: Collection[str]) -> dict[str, str]:
    """Keep the best of those that would be dropped, so that the answer rests on a comparison on the test images.

    It is one that is cheaper than the only survivor, if any: whether that one is needed is the question.

    Args:
        values: accuracy of the dropped candidates that can be kept.
    """
    known = [key for key in dropped if key in values]
    first = max(known, key=lambda key: (key in cheaper, values[key]), default=None)
    return {key: reason for key, reason in dropped.items() if key != first}


def _compute_error(a: Finalist, b: Finalist) -> float:
    """Return the standard error of the paired difference, doubled in variance for the unknown one between seeds."""
    difference = a.right.astype(np.float64).mean(axis=0) - b.right.astype(np.float64).mean(axis=0)
    return math.sqrt(2 * float(difference.var()) / len(difference))


def _points(share: float) -> str:
    return f"{100 * share:.1f}"
