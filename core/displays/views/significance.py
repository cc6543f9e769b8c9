"""McNemar's exact test: significance of the difference between two trained models."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.significance import compute_significance
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.number import format_p
from core.displays.sentence import join_parts
from core.plural import format_plural
from core.store.comparison import MANY_VARIANTS

LEVEL = 0.05
MAX_PAIRS = 6
"""Pairs that a sentence lists; it counts more."""


@dataclass(frozen=True)
class Significance(Display):
    """One test per compared pair of variants and seed, on images with exactly one correct prediction.

    P-values are Holm-corrected over all.
    """

    name: ClassVar[str] = "significance"
    title: ClassVar[str] = "McNemar's exact test per seed"

    def frame(self) -> pd.DataFrame:
        """Return the columns a, b, seed, both_correct, only_a, only_b, both_wrong, p, p_holm."""
        return compute_significance(self.comparison)

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        table = pd.DataFrame(
            {
                "Models": [f"{row['a']} vs. {row['b']}, seed {row['seed']}" for row in frame.to_dict("records")],
                "Significant": ["yes" if p < LEVEL else "no" for p in frame["p_holm"]],
                "P-value (Holm)": frame["p_holm"].map(format_p),
                "P-value": frame["p"].map(format_p),
                "Only first correct": frame["only_a"].map("{:,}".format),
                "Only second correct": frame["only_b"].map("{:,}".format),
            }
        )
        return table if len(table) > 1 else table.drop(columns="P-value (Holm)")

    def chart(self) -> Chart | None:
        return None

    def explain(self) -> str:
        """Describe what the test applies to."""
        return (
            "Tests whether the error rates of two trained models differ on the same test images. Models are paired by "
            "seed number only; a result does not apply to models with other seeds."
        )

    def describe(self) -> str:
        frame = self.frame()
        if frame.empty:
            return f"No two {self.comparison.noun}s have a seed in common."
        corrected = f", Holm-corrected for {len(frame)} tests" if len(frame) > 1 else ""
        level = f"(p < {LEVEL}{corrected})"
        groups = [*frame.groupby(["a", "b"], sort=False)]
        if len(self.comparison.variants) > MANY_VARIANTS:
            return f"{self._count_different(frame)} {level}. {self.explain()}"
        parts = [
            f"{a} and {b} differ significantly for {(rows['p_holm'] < LEVEL).sum()} of "
            f"{format_plural(len(rows), 'seed')}"
            for (a, b), rows in groups
        ]
        return f"{join_parts(parts)} {level}. {self.explain()}"

    def _count_different(self, frame: pd.DataFrame) -> str:
        """Return how many of many variants differ from the baseline for all, for some and for no seeds."""
        shares = (frame["p_holm"] < LEVEL).groupby(frame["a"]).mean()
        every, none = int((shares == 1).sum()), int((shares == 0).sum())
        some = len(shares) - every - none
        count, baseline = format_plural(len(shares), self.comparison.noun), frame["b"].iloc[0]
        return (
            f"Of {count}, {every} differ significantly from {baseline} for all seeds, {some} for some, {none} for none"
        )
