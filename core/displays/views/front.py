"""Marginal cost of accuracy along the Pareto front, for one cost or for all."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.analysis.cost import COSTS, compute_costs, compute_marginal_costs
from core.displays.chart_view import Chart
from core.displays.cost_format import COST_FORMS, write_cost
from core.displays.display import Display, Options
from core.displays.number import format_share, write_selection_note
from core.displays.sentence import join_parts
from core.store.comparison import Comparison
from core.store.same_test_set import RunsOnTestSet


@dataclass(frozen=True)
class Front(Display):
    """Steps along the Pareto front by increasing cost, as means over seeds. `cost` None selects all costs."""

    name: ClassVar[str] = "front"
    title: ClassVar[str] = "Marginal cost of accuracy"

    test_set_runs: RunsOnTestSet | None = None
    cost: str | None = None

    @classmethod
    def choices(cls, comparison: Comparison) -> dict[str, Options]:
        return {"cost": {cost: COST_FORMS[cost].short for cost in COSTS}}

    @cached_property
    def _costs(self) -> pd.DataFrame:
        return compute_costs(self.test_set_runs or RunsOnTestSet.of(self.comparison))

    @cached_property
    def _found(self) -> pd.DataFrame:
        return compute_marginal_costs(self._costs, COSTS if self.cost is None else (self.cost,))

    def frame(self) -> pd.DataFrame:
        """Return one row per configuration on the Pareto front.

        Columns: cost, configuration, name, label, seeds, test_accuracy, value, extra_value, extra_points (percentage
        points), value_per_point. The extra columns are NaN for the cheapest configuration.
        """
        return self._found.copy()

    def table(self) -> pd.DataFrame:
        rows = self._found.to_dict("records")
        metric = {} if self.cost else {"Metric": [COST_FORMS[row["cost"]].short for row in rows]}
        return pd.DataFrame(
            {
                "Configuration": [row["name"] for row in rows],
                **metric,
                "Cost": [write_cost(row["cost"], row["value"]) for row in rows],
                "Test accuracy": [format_share(row["test_accuracy"]) for row in rows],
                "Points gained": ["–" if (gain := row["extra_points"]) != gain else f"{gain:.2f}" for row in rows],
                "Cost per point": [_write_rate(row["cost"], row["value_per_point"]) for row in rows],
            },
            index=range(len(rows)),
        )

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        steps: dict[str, list[str]] = {}
        for cost, rows in self._found.groupby("cost", sort=False):
            last, short = rows.iloc[-1], COST_FORMS[str(cost)].short
            if pd.isna(last["value_per_point"]):
                step = f"{last['name']} is the cheapest and the most accurate configuration by"
                steps.setdefault(step, []).append(short)
                continue
            before = rows[rows["value"] < last["value"]].iloc[-1]
            step = f"from {before['name']} to {last['name']} (last step), per percentage point of accuracy:"
            steps.setdefault(step, []).append(f"{short} {_write_rate(str(cost), last['value_per_point'])}")
        parts = [f"{step} {', '.join(found)}" for step, found in steps.items()]
        note = write_selection_note(len(self._costs))
        return f"{self.title}: {join_parts(parts)}. {note}".strip() if parts else "No cost was measured."


def _write_rate(cost: str, value: float) -> str:
    return "–" if value != value else write_cost(cost, value)
