"""Fairness checks: conditions under which a comparison can be misleading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.registry import Registry
from core.spec import SETTINGS
from core.store.comparison import MANY_VARIANTS, Comparison, describe_value
from core.store.run import Run
from core.store.value_list import join_values

Severity = Literal["serious", "warning", "note"]
State = Literal["failed", "passed", "not applicable"]

SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")
_LISTED = 3  # of many variants
STATES: tuple[State, ...] = ("failed", "passed", "not applicable")


@dataclass(frozen=True)
class Result:
    """Result of a check. "Not applicable" means that the check cannot be evaluated on these runs."""

    state: State
    message: str


CheckFunction = Callable[[Comparison], Result]


@dataclass(frozen=True)
class Check:
    """A fairness check. `explanation` is Markdown: what is checked, why it matters and what to do."""

    name: str
    code: str
    title: str
    severity: Severity
    order: int
    explanation: str
    run: CheckFunction


def check(*, code: str, title: str, severity: Severity) -> Callable[[CheckFunction], Check]:
    """Register a function as a check: its name becomes the check's name, its docstring the explanation.

    Args:
        code: "H" and two digits, never reused for another check; defines the order of lists.
        title: the problem that a failed check reports.
        severity: "serious" if the comparison is invalid, "warning" if its result may be wrong, "note" otherwise.
    """

    def register(run: CheckFunction) -> Check:
        explanation = "\n".join(line.strip() for line in (run.__doc__ or "").strip().splitlines())
        return Check(run.__name__, code, title, severity, int(code[1:]), explanation, run)

    return register


CHECKS: Registry[Check] = Registry("core.analysis.checks", "check")


def run_checks(comparison: Comparison) -> list[tuple[Check, Result]]:
    """Run all checks; return the failed ones first (most severe first), then passed, then not applicable."""
    results = [(one, one.run(comparison)) for one in CHECKS.values()]
    return sorted(results, key=lambda pair: (STATES.index(pair[1].state), SEVERITIES.index(pair[0].severity)))


def compare_settings(comparison: Comparison, names: Sequence[str], subject: str) -> Result:
    """Check that all variants have the same values of some hyperparameters; `subject` describes them."""
    if len(comparison.variants) < 2:
        return Result("not applicable", "A comparison of heads needs at least two heads.")
    parts = []
    for name in names:
        values = list(dict.fromkeys(getattr(variant.spec, name) for variant in comparison.variants))
        if len(values) > 1:
            described = join_values([describe_value(name, value) for value in values])
            parts.append(f"{SETTINGS[name].label.lower()} {described}")
    if parts:
        listed = ", ".join(parts)
        return Result(
            "failed", f"The variants differ in more than the head: {listed}. Train them with the same values."
        )
    return Result("passed", f"All heads were trained with the same {subject}.")


def list_affected(comparison: Comparison, is_affected: Callable[[Run], bool]) -> list[str]:
    """Return the variants with at least half of their seeds affected, such as "GAP (2 of 3 seeds)".

    Many are shortened: "all 15 settings", or the first ones and "9 more".
    """
    affected = []
    for variant in comparison.variants:
        count, seeds = sum(map(is_affected, variant.runs)), len(variant.runs)
        if 2 * count >= seeds and count:
            affected.append(variant.label + (f" ({count} of {seeds} seeds)" if seeds > 1 else ""))
    if len(affected) <= MANY_VARIANTS:
        return affected
    if len(affected) == len(comparison.variants):
        return [f"all {len(affected):,} {comparison.noun}s"]
    return [*affected[:_LISTED], f"{len(affected) - _LISTED:,} more"]
