"""Fairness checks: conditions under which a comparison can be misleading."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.registry import Registry
from core.spec import SETTINGS
from core.store.comparison import Comparison
from core.store.setting_text import describe_backbone, describe_value, join_values

Severity = Literal["serious", "warning", "note"]
State = Literal["failed", "passed", "not applicable"]

SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")
MAX_NAMES = 4
STATES: tuple[State, ...] = ("failed", "passed", "not applicable")


@dataclass(frozen=True)
class Result:
    """Result of a check. "Not applicable" means that the check cannot be evaluated on these runs."""

    state: State
    message: str


CheckFunction = Callable[[Comparison], Result]


@dataclass(frozen=True)
class Check:
    """A fairness check.

    Attributes:
        explanation: Markdown: what is checked, why it matters and what to do.
        findings: codes of the findings in the data that it reports (docs/data-findings.md).
    """

    name: str
    code: str
    title: str
    severity: Severity
    order: int
    explanation: str
    run: CheckFunction
    findings: tuple[str, ...] = ()


def check(
    *, code: str, title: str, severity: Severity, findings: tuple[str, ...] = ()
) -> Callable[[CheckFunction], Check]:
    """Register a function as a check: its name becomes the check's name, its docstring the explanation.

    Args:
        code: "H" and two digits, never reused for another check; defines the order of lists.
        title: the problem that a failed check reports.
        severity: "serious" if the comparison is invalid, "warning" if its result may be wrong, "note" otherwise.
        findings: codes of the findings in the data that the check reports.
    """

    def register(run: CheckFunction) -> Check:
        explanation = "\n".join(line.strip() for line in (run.__doc__ or "").strip().splitlines())
        return Check(run.__name__, code, title, severity, int(code[1:]), explanation, run, findings)

    return register


CHECKS: Registry[Check] = Registry("core.analysis.checks", "check")


def run_checks(comparison: Comparison) -> list[tuple[Check, Result]]:
    """Run all checks; return the failed ones first (most severe first), then passed, then not applicable."""
    results = [(one, one.run(comparison)) for one in CHECKS.values()]
    return sorted(results, key=lambda pair: (STATES.index(pair[1].state), SEVERITIES.index(pair[0].severity)))


def find_failed(comparison: Comparison, name: str) -> Result | None:
    """Return the result of a check if it has failed."""
    result = CHECKS[name].run(comparison)
    return result if result.state == "failed" else None


def list_names(affected: Sequence[str], comparison: Comparison) -> str:
    """Return the affected variants for a message: their names, or how many of all with the first two of many."""
    if len(affected) <= MAX_NAMES:
        return ", ".join(affected)
    return f"{len(affected)} of {len(comparison.variants)} {comparison.noun}s, such as {affected[0]} and {affected[1]}"


def compare_settings(comparison: Comparison, names: Sequence[str], subject: str) -> Result:
    """Check that all variants that use a hyperparameter have the same value of it; `subject` describes them.

    Variants of one head may differ in a single hyperparameter, because they show its effect.
    """
    own = [variant.spec for variant in comparison.variants if not variant.spec.elsewhere]
    if len(own) < 2:
        text = "variants" if len(own) == len(comparison.variants) else "variants that Headroom trained"
        return Result("not applicable", f"This check needs at least two {text}.")
    parts = []
    for name in names:
        specs = [spec for spec in own if spec.uses(name)]
        values = list(dict.fromkeys(getattr(spec, name) for spec in specs))
        if len(values) > 1 and name == "backbone":
            parts.append(join_values([*dict.fromkeys(map(describe_backbone, specs))]))
        elif len(values) > 1 and (name != "model" or len(specs) == len(own)):  # own models are listed as backbones
            described = join_values([describe_value(name, value) for value in values])
            parts.append(f"{SETTINGS[name].label.lower()} {described}")
    if parts:
        listed = ", ".join(parts)
        if comparison.noun == "setting":
            every = [name for name in SETTINGS if name != "seed" and len({getattr(spec, name) for spec in own}) > 1]
            if len(every) == 1:
                return Result("passed", f"The settings differ in nothing but {listed}: they show the effect of this.")
            return Result(
                "failed", f"The settings differ in {len(every)} hyperparameters, among them {listed}. Change one."
            )
        return Result(
            "failed", f"The variants differ in more than the head: {listed}. Train them with the same values."
        )
    which = "" if len(own) == len(comparison.variants) else " of Headroom"
    return Result("passed", f"All {comparison.noun}s{which} were trained with the same {subject}.")
