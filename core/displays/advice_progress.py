"""Texts about a race: the knowledge so far, its stage, its question, and the command that asks it again."""

from shlex import quote

from core.advice.race import Race
from core.advice.race_curves import RaceProgress
from core.displays.advice_text import METRICS, write_margin
from core.displays.number import format_bytes, format_count, format_seconds, format_share
from core.displays.progress import FINISHING, describe_time_left
from core.jobs.estimate import TimeEstimate
from core.models.model_info import MODEL
from core.plural import format_plural
from core.recipes import RECIPES

_OPTIONS = {"metric": "accuracy", "cost": "params", "goal": "smallest", "seeds": 5}  # with the defaults


def write_known(progress: RaceProgress) -> str:
    """Describe what the validation images show so far."""
    race = progress.race
    allowed = sum(not one.excluded_by for one in race.candidates)
    found = [(last, one.name) for one in race.survivors if (last := progress.find_last(one.key))]
    left = len(race.survivors)
    count = f"{left} of {format_plural(allowed, 'candidate')} {'is' if left == 1 else 'are'} left"
    if left == allowed:
        count = f"All {format_plural(allowed, 'candidate')} are in the race"
    if not found:
        return f"{count}; no epoch has finished yet."
    epochs = min(last[0] for last, _ in found)
    same = [(progress.find_accuracy(one.key, epochs), one.name) for one in race.survivors]
    ranked = sorted(((value, name) for value, name in same if value is not None), reverse=True)
    if not ranked:
        return f"{count}; no accuracy is known yet."
    (best, first), *others = ranked
    lead = f"{first} leads with {format_share(best)} validation accuracy after {format_plural(epochs, 'epoch')}"
    if others:
        lead += f", {100 * (best - others[0][0]):.1f} points ahead of {others[0][1]}"
    missing = left - len(ranked)
    waiting = f" ({format_plural(missing, 'candidate')} not started)" if missing else ""
    return f"{count}{waiting}; {lead}. Nothing is decided yet."


def describe_stage(race: Race) -> str:
    """Describe what a race trains now."""
    left = format_plural(len(race.survivors), "candidate")
    if race.rung < len(race.rungs):
        return f"{left} to epoch {race.rungs[race.rung]} of {race.rungs[-1]}"
    return f"seed {race.seeds} of at most {max(race.request.seeds, race.least_seeds)} of {left}"


def describe_race_time(found: TimeEstimate | None) -> str:
    """Describe the estimated time until the answer of a race that is running; empty if it is unknown."""
    if found is None or not found.runs:
        return ""
    basis = "estimated from runs of other machines" if found.elsewhere else "at the speed measured so far"
    left = describe_time_left(round(found.seconds))
    if left == FINISHING:
        return f"{left}, {basis}"
    return f"about {left} ({format_seconds(round(found.low))} to {format_seconds(round(found.high))}), {basis}"


def describe_budget_left(seconds: float | None) -> str:
    """Describe the rest of the time budget of a race; None without a budget."""
    if seconds is None:
        return "no time budget"
    left = round(seconds)
    return f"{format_seconds(left)} of the time budget left" if left else "the time budget is used up"


def describe_request(race: Race) -> str:
    """Return the question in one line: goal, margin, limits and budget."""
    request, limits = race.request, race.request.limits
    cost = {
        "params": "fewest parameters",
        "size": "smallest file",
        "flops": "fewest FLOPs",
        "latency": "lowest latency",
    }
    goal = f"{cost[request.cost]} within {write_margin(request.margin)} of the best {METRICS[request.metric]}"
    parts = [f"best {METRICS[request.metric]}" if request.goal == "best" else goal]
    parts += [f"at most {format_bytes(limits.size)}"] if limits.size else []
    parts += [f"at most {format_seconds(limits.latency)} per image"] if limits.latency else []
    parts += [f"at most {format_count(limits.params)} parameters"] if limits.params else []
    return " · ".join(parts)


def write_advice_command(race: Race) -> str:
    """Return the command that asks the same question."""
    request, limits, first = race.request, race.request.limits, race.candidates[0].parsed_spec
    recipe = RECIPES[race.recipe]
    heads = dict.fromkeys(one.head for one in race.candidates)
    words = [f"headroom advise --recipe {race.recipe} --heads {','.join(heads)}"]
    swept: dict[str, dict[str, None]] = {}
    for one in race.candidates:
        for name, value in one.settings.items():
            swept.setdefault(name, {})[_write_value(value)] = None
    models = swept.pop("model", None) or ({first.model: None} if first.model else {})
    backbones = [f"{MODEL}:{name}" for name in models] or [*swept.pop("backbone", {})]
    reference, skipped = (
        recipe.spec_of(first.head),
        ("head", "data", "model", *swept, *(["backbone"] if backbones else [])),
    )
    for name, value in first.model_dump().items():
        if name in skipped or value is None or value == getattr(reference, name):
            continue
        option = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{'' if value else 'no-'}{option}")
        else:
            words.append(f"--{'backbones' if name == 'backbone' else option} {quote(str(value))}")
    words += [f"--backbones {quote(','.join(backbones))}"] if backbones else []
    for name, values in swept.items():
        words.append(f"--set {quote(name + '=' + (';' if name == 'augmentation' else ',').join(values))}")
    words += [f"--max-size {limits.size:.0f}"] if limits.size else []
    words += [f"--max-latency {1e6 * limits.latency:g}us"] if limits.latency else []
    words += [f"--max-params {limits.params:.0f}"] if limits.params else []
    words.append(f"--margin {request.margin:g}")
    words += [
        f"--{name} {getattr(request, name)}" for name, usual in _OPTIONS.items() if getattr(request, name) != usual
    ]
    words += [f"--budget {request.budget_seconds:.0f}s"] if request.budget_seconds else []
    return " ".join(words)


def _write_value(value: object) -> str:
    """Format a value of a hyperparameter for the command line."""
    return "none" if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)
