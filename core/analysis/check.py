"""What a check is: one question to a comparison that can mislead, with its answer in a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.registry import Registry
from core.spec import SETTINGS
from core.store.comparison import Comparison, describe_value
from core.store.run import Run

Severity = Literal["serious", "warning", "note"]
State = Literal["failed", "passed", "not applicable"]

SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")
STATES: tuple[State, ...] = ("failed", "passed", "not applicable")


@dataclass(frozen=True)
class Result:
    """«Not applicable» says that the question cannot be asked of these runs, not that all is well."""

    state: State
    message: str


CheckFunction = Callable[[Comparison], Result]


@dataclass(frozen=True)
class Check:
    """`explanation` is Markdown: what is asked, why it matters, and what to do."""

    name: str
    code: str
    title: str
    severity: Severity
    order: int
    explanation: str
    run: CheckFunction


def check(*, code: str, title: str, severity: Severity) -> Callable[[CheckFunction], Check]:
    """Makes a registry entry of a function; its name is the check's name, its docstring the explanation.

    Args:
        code: «H» and two digits, never used again for another check; the order of lists.
        title: what went wrong when it fails.
        severity: serious when the comparison does not answer its question, a warning when it may answer it wrongly.
    """

    def register(run: CheckFunction) -> Check:
        explanation = "\n".join(line.strip() for line in (run.__doc__ or "").strip().splitlines())
        return Check(run.__name__, code, title, severity, int(code[1:]), explanation, run)

    return register


CHECKS: Registry[Check] = Registry("core.analysis.checks", "check")


def run_checks(comparison: Comparison) -> list[tuple[Check, Result]]:
    """All of them: what failed first, the most severe first, then what passed, then what could not be asked."""
    answers = [(one, one.run(comparison)) for one in CHECKS.values()]
    return sorted(answers, key=lambda pair: (STATES.index(pair[1].state), SEVERITIES.index(pair[0].severity)))


def compare_settings(comparison: Comparison, names: Sequence[str], what: str) -> Result:
    """Whether the contenders agree in some knobs."""
    if len(comparison.variants) < 2:
        return Result("not applicable", "There is one head, and nothing to set it against.")
    parts = []
    for name in names:
        values = list(dict.fromkeys(getattr(variant.spec, name) for variant in comparison.variants))
        if len(values) > 1:
            written = " and ".join(describe_value(name, value) for value in values)
            parts.append(f"{SETTINGS[name].label.lower()} {written}")
    if parts:
        return Result("failed", f"The runs differ in more than the head: {', '.join(parts)}.")
    return Result("passed", f"All heads have the same {what}.")


def tell_runs(comparison: Comparison, holds: Callable[[Run], bool]) -> list[str]:
    """The heads of which at least half of the seeds are so: «GAP (2 of 3 seeds)»; one odd seed is not the head's."""
    told = []
    for variant in comparison.variants:
        count, seeds = sum(map(holds, variant.runs)), len(variant.runs)
        if 2 * count >= seeds and count:
            told.append(variant.label + (f" ({count} of {seeds} seeds)" if seeds > 1 else ""))
    return told
