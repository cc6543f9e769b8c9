"""The answer of a race as a sentence and as JSON; neither promises more than its test shows."""

from collections.abc import Callable
from typing import Any

from core.advice.candidate import Candidate
from core.advice.conclude import LEAST_SEEDS, LOOKS
from core.advice.plan import AdvicePlan
from core.advice.race import Answer, FinalistDifference, Race
from core.advice.status import CandidateStatus, RaceStatus
from core.displays.number import format_bytes, format_count, format_ratio, format_seconds, format_share, format_short
from core.plural import format_plural
from core.store.comparison import Comparison

_LESS = {
    "params": "{} fewer parameters than", "size": "a {} smaller file than", "flops": "{} fewer FLOPs than",
    "latency": "{} faster than",
}  # fmt: skip
METRICS = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy"}


def choose_cautions(race: Race) -> Callable[[Comparison], list[str]]:
    """Return the function that writes what limits the comparison of the finalists."""
    from core.displays import headline  # imports the statistics

    varied = any(one.settings for one in race.candidates)
    return headline.write_candidate_cautions if varied else headline.write_cautions


def write_margin(points: float) -> str:
    """Return "1.0 point" or "3.0 points"."""
    return f"{points:.1f} point{'' if points == 1 else 's'}" if points >= 0.1 else f"{points:.2f} points"


def write_answer(race: Race, more_seconds: float | None = None) -> str:
    """Return the answer with the evidence that it rests on; for a race without an answer, its state.

    Args:
        more_seconds: estimated time of the additional seeds of an undecided answer.
    """
    answer = race.answer
    if race.state == "failed":
        return race.problem
    if race.state != "answered" or answer is None:
        return "The race is paused." if race.state == "paused" else "The race is running."
    if not answer.runs:
        return _write_unread(race, answer)
    return {"decided": _write_decided, "needed": _write_needed, "undecided": _write_undecided}[answer.state](
        race, answer, more_seconds
    )


def _write_decided(race: Race, answer: Answer, _: float | None) -> str:
    choice, reference = race.find(answer.choice), race.find(answer.reference)
    margin, metric = write_margin(race.request.margin), METRICS[race.request.metric]
    if len(answer.comparisons) == 1:
        return f"Use {choice.name}: no other candidate is left ({_write_accuracy(race, answer, choice)})."
    if choice is reference:
        most = "most accurate" if race.request.goal == "best" else "cheapest"
        return (
            f"Use {choice.name}: it is the {most} finalist, and no other is more than {margin} better in {metric} "
            f"({_write_accuracy(race, answer, choice)})."
        )
    found = _find(answer, choice.key)
    less, of = "", reference.name
    if race.request.goal == "smallest":
        less, of = f"{_write_saving(race, found, _find(answer, reference.key))} {reference.name} and ", "it"
    return f"Use {choice.name}: {less}within {margin} of {of} in {metric} ({_write_difference(answer, found)})."


def _write_needed(race: Race, answer: Answer, _: float | None) -> str:
    choice = race.find(answer.choice)
    cost = _find(answer, choice.key).cost
    cheaper = [one for one in answer.comparisons if one.key != choice.key and one.cost < cost]
    if not cheaper:
        return _write_decided(race, answer, None)
    first = max(cheaper, key=lambda one: one.mean)
    every = "every cheaper finalist loses" if len(cheaper) > 1 else f"{race.find(first.key).name} loses"
    best = f"; the best of them is {race.find(first.key).name}" if len(cheaper) > 1 else ""
    return (
        f"{choice.name} is needed: {every} more than {write_margin(race.request.margin)} of "
        f"{METRICS[race.request.metric]}{best} ({_write_difference(answer, first)})."
    )


def _write_undecided(race: Race, answer: Answer, more_seconds: float | None) -> str:
    early = {"budget": f" within {_write_budget(race)}", "stopped": ""}.get(answer.why, "")
    *others, last = [race.find(key).name for key in answer.tied] or [""]
    tied = f"{', '.join(others)} and {last}" if others else last
    text = f"Not decided{early}: it is open which of {tied} to use" if answer.tied else f"Not decided{early}"
    if answer.more_seeds is None:
        text += f"; more seeds would probably not settle it with {format_plural(answer.test_images, 'test image')}"
    elif race.looks >= LOOKS:
        text += f"; the test images were read {LOOKS} times, which is the limit"
    else:
        duration = f" ({format_seconds(more_seconds)})" if more_seconds else ""
        more = format_plural(answer.more_seeds, "more seed")
        text += f"; about {more} per finalist{duration} would probably settle it"
    if answer.choice:
        text += f". {race.find(answer.choice).name} can be used: it is within {write_margin(race.request.margin)}"
    return f"{text} ({format_plural(answer.seeds, 'seed')}, {format_plural(answer.test_images, 'test image')})."


def _write_unread(race: Race, answer: Answer) -> str:
    early = {"budget": f" within {_write_budget(race)}", "stopped": ": the race was stopped"}.get(answer.why, "")
    best = ""
    if answer.reference:
        value = format_share(answer.validation[answer.reference])
        best = f" {race.find(answer.reference).name} is the best on validation images so far ({value})."
    needs = f"not all finalists have {LEAST_SEEDS} seeds"
    return f"Not decided{early}; {needs}, so the test images were not read.{best}"


def _write_budget(race: Race) -> str:
    budget = race.request.budget_seconds
    return format_seconds(budget).removesuffix(" 0 s") if budget else "the time budget"


def _find(answer: Answer, key: str) -> FinalistDifference:
    return next(one for one in answer.comparisons if one.key == key)


def _write_saving(race: Race, choice: FinalistDifference, reference: FinalistDifference) -> str:
    ratio = reference.cost / choice.cost if choice.cost > 0 else 1.0
    return _LESS[race.request.cost].format(format_ratio(ratio))


def _write_difference(answer: Answer, found: FinalistDifference) -> str:
    low, high = _points(found.low), _points(found.high)
    counts = f"{format_plural(answer.seeds, 'seed')}, {format_plural(answer.test_images, 'test image')}"
    return f"difference {_points(found.mean)} points, 95% interval {low} to {high}; {counts}"


def _write_accuracy(race: Race, answer: Answer, choice: Candidate) -> str:
    counts = f"{format_plural(answer.seeds, 'seed')}, {format_plural(answer.test_images, 'test image')}"
    return f"test {METRICS[race.request.metric]} {format_share(answer.accuracy[choice.key])}; {counts}"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-0.0", "0.0").replace("-", "−")


def write_candidate_cost(candidate: Candidate, name: str) -> str:
    """Format a cost of a candidate before it is measured; an unknown latency is "checked after training"."""
    if name == "latency":
        found = candidate.latency
        if found is None:
            return "unknown, checked after training"
        return f"about {format_seconds(found.seconds)} ({format_seconds(found.low)} to {format_seconds(found.high)})"
    if not candidate.params:
        return "–"
    if name == "size":
        return f"about {format_bytes(candidate.tflite_bytes)}"
    return format_count(candidate.params) if name == "params" else format_short(candidate.flops)


def describe_advice_plan(plan: AdvicePlan) -> str:
    """Describe a plan: how many candidates start, the epochs after which they can be dropped, seeds, and images."""
    count, excluded = len(plan.allowed), len(plan.candidates) - len(plan.allowed)
    out = f", {excluded} excluded by limits" if excluded else ""
    early = ", ".join(f"{epochs}" for epochs in plan.rungs[:-1])
    epochs = format_plural(plan.rungs[-1], "epoch")
    rungs = f"compared after {early} and {epochs}" if early else epochs
    images = format_plural(plan.validation_images, "validation image")
    return (
        f"{format_plural(count, 'candidate')}{out}; {rungs} on {images}"
        f"; up to {plan.request.seeds} seeds per finalist; the answer rests on "
        f"{format_plural(plan.test_images, 'test image')}."
    )


def describe_advice_time(plan: AdvicePlan) -> str:
    """Describe the estimated time of a plan and how many of its runs are cached."""
    cached = f" {format_plural(plan.cached, 'run')} cached." if plan.cached else ""
    if plan.estimate is None or plan.longest is None:
        return f"No time estimate: no run has finished yet.{cached}"
    usual, where = plan.estimate, " of other machines; corrected while it works" if plan.estimate.elsewhere else ""
    if not usual.runs:
        return f"All runs that are probably needed are cached.{cached}"
    return (
        f"About {format_seconds(usual.seconds)} ({format_seconds(usual.low)} to {format_seconds(usual.high)}); at most "
        f"about {format_seconds(plan.longest.high)} if no candidate can be dropped. Estimated from "
        f"{format_plural(usual.runs, 'finished run')}{where}.{cached}"
    )


def build_plan_json(plan: AdvicePlan) -> dict[str, Any]:
    """Return a plan as JSON values: question, candidates, epochs of the rungs, images, and estimated times."""
    return {
        "recipe": plan.recipe,
        **plan.request.model_dump(mode="json"),
        "candidates": [one.model_dump(mode="json") for one in plan.candidates],
        "epochs": plan.rungs,
        "validation_images": plan.validation_images,
        "test_images": plan.test_images,
        "estimate": vars(plan.estimate) if plan.estimate else None,
        "longest": vars(plan.longest) if plan.longest else None,
        "cached_runs": plan.cached,
        "warning": plan.warning or None,
    }


def build_advice_json(race: Race, status: RaceStatus, more_seconds: float | None = None) -> dict[str, Any]:
    """Return a race as JSON values: state, choice, reference, difference in percentage points, candidates, sentence."""
    answer = race.answer if race.state == "answered" else None
    compared = _find(answer, answer.choice) if answer and answer.choice and answer.comparisons else None
    if answer and compared and answer.state == "needed":
        cheaper = [one for one in answer.comparisons if one.key != answer.choice and one.cost < compared.cost]
        compared = max(cheaper, key=lambda one: one.mean, default=compared)
    difference = compared and {name: 100 * getattr(compared, name) for name in ("mean", "low", "high")}
    return {
        "id": race.race_id,
        "state": answer.state if answer else race.state,
        "choice": _write_finalist(race, answer, answer.choice) if answer else None,
        "reference": _write_finalist(race, answer, answer.reference) if answer else None,
        "margin": race.request.margin,
        "metric": race.request.metric,
        "cost": race.request.cost,
        "goal": race.request.goal,
        "limits": race.request.limits.model_dump(mode="json", exclude_none=True),
        "difference": difference or None,
        "candidates": [_write_member(race, member) for member in status.members],
        "seeds": answer.seeds if answer else race.seeds,
        "more_seeds": answer.more_seeds if answer else None,
        "test_images": answer.test_images if answer and answer.runs else None,
        "test_read_at": [one.read_at for one in race.answers if one.runs],
        "training_seconds": race.train_seconds,
        "sentence": write_answer(race, more_seconds),
    }


def _write_finalist(race: Race, answer: Answer, key: str) -> dict[str, Any] | None:
    if not key:
        return None
    one = race.find(key)
    return {
        "head": one.head,
        "settings": one.settings,
        "params": one.params,
        "test_accuracy": answer.accuracy.get(key),
    }


def _write_member(race: Race, member: CandidateStatus) -> dict[str, Any]:
    one = member.candidate
    found: dict[str, Any] = {"head": one.head, "settings": one.settings, "params": one.params}
    if member.state == "excluded":
        found["excluded_by"] = member.reason
    elif member.state == "dropped":
        dropped = race.dropped[one.key]
        found |= {"dropped_at": dropped.at, "reason": dropped.reason}
    else:
        found["finalist"] = member.state == "finalist"
    return found | {
        "validation_accuracy": member.validation_accuracy,
        "test_accuracy": member.test_accuracy,
        "runs": [*member.runs],
    }
