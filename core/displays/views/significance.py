"""McNemar's exact test: whether two trained models differ by more than chance."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.significance import compute_significance
from core.displays.display import Chart, Display
from core.displays.number import format_p

LEVEL = 0.05


@dataclass(frozen=True)
class Significance(Display):
    """One test a pair of heads and seed, on the images where exactly one is right; Holm's correction over the pairs."""

    name: ClassVar[str] = "significance"
    title: ClassVar[str] = "McNemar's exact test, a pair of trained models each"

    def frame(self) -> pd.DataFrame:
        """Columns a, b, seed, both_correct, only_a, only_b, both_wrong, p, p_holm."""
        return compute_significance(self.comparison)

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        table = pd.DataFrame(
            {
                "Models": [f"{row['a']} against {row['b']}, seed {row['seed']}" for row in frame.to_dict("records")],
                "P-value": frame["p"].map(format_p),
                "P-value (Holm)": frame["p_holm"].map(format_p),
                "More than chance": ["yes" if p < LEVEL else "no" for p in frame["p_holm"]],
                "Only the first right": frame["only_a"].map("{:,}".format),
                "Only the second right": frame["only_b"].map("{:,}".format),
            }
        )
        return table if len(self.comparison.variants) > 2 else table.drop(columns="P-value (Holm)")

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        frame = self.frame()
        if frame.empty:
            return "No two heads have a seed in common."
        parts = [
            f"{a} and {b} differ by more than chance in {(rows['p_holm'] < LEVEL).sum()} of {len(rows)} pairs of models"
            for (a, b), rows in frame.groupby(["a", "b"], sort=False)
        ]
        corrected = ", p-values after Holm's correction" if len(self.comparison.variants) > 2 else ""
        return f"{'; '.join(parts)} (p below {LEVEL}{corrected})."
