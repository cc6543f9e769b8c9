"""Base class of the views of a race, which are shown by the Advisor page and by `headroom advise`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.advice.candidate import Candidate
from core.advice.race import Race
from core.advice.race_curves import RaceProgress
from core.advice.request import CostName
from core.displays.chart_view import ChartView
from core.displays.cost_format import COST_FORMS, CostForm
from core.displays.palette import VariantStyle, assign_styles
from core.registry import Registry
from core.spec import HEADS

FORMS: Final[dict[CostName, CostForm]] = {
    "params": COST_FORMS["params"],
    "size": COST_FORMS["tflite_bytes"],
    "flops": COST_FORMS["flops"],
    "latency": COST_FORMS["latency_seconds"],
}
"""Display formats of the costs that a race can decide by."""
INK = "currentColor"  # the text color of a page; black in files


@dataclass(frozen=True)
class AdviceDisplay(ChartView):
    """View of a race, or of the race that a plan would start (see `make_race`). A subclass is in a file of the same
    name."""

    progress: RaceProgress

    @property
    def race(self) -> Race:
        return self.progress.race


def style_candidates(candidates: Sequence[Candidate]) -> dict[str, VariantStyle]:
    """Map the name of each candidate to its appearance: that of its head, as in all other charts."""
    return assign_styles([(one.name, HEADS[one.head].order) for one in candidates])


def describe_candidate(race: Race, candidate: Candidate) -> str:
    """Return "excluded", "out after 5 epochs", "chosen", "finalist", "in the race" or "not decided"."""
    if candidate.excluded_by:
        return "excluded"
    if dropped := race.dropped.get(candidate.key):
        return f"out after {dropped.at}"
    answer = race.answer
    if answer and candidate.key == answer.choice:
        return "chosen"
    if answer and candidate.key in answer.accuracy:
        return "finalist"
    if answer:
        return "not decided"
    return "finalist" if race.rung >= len(race.rungs) else "in the race"


ADVICE_DISPLAYS: Registry[Any] = Registry("core.displays.advice", "view of a race")
