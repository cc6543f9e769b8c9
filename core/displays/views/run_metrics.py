"""Accuracy and loss of each run on the test and the validation images, at the kept and at the last epoch."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.analysis.run_metrics import compute_run_metrics
from core.analysis.seed_mean import SeedMean
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.displays.number import format_loss, format_share, format_share_interval
from core.displays.scope import describe_intervals
from core.displays.sentence import join_parts


@dataclass(frozen=True)
class RunMetrics(Display):
    """One row per run, epoch and split, with 95% Wilson score intervals over the images."""

    name: ClassVar[str] = "run_metrics"
    title: ClassVar[str] = "Accuracy and loss per run"

    def frame(self) -> pd.DataFrame:
        """Return the data (see `compute_run_metrics`)."""
        return compute_run_metrics(self.comparison)

    def table(self) -> pd.DataFrame:
        rows = self.frame().to_dict("records")
        return pd.DataFrame(
            {
                self.column: [f"{row['head']}, seed {row['seed']}" for row in rows],
                "Images": [f"{row['split']} ({row['images']:,})" for row in rows],
                "Epoch": [_write_epoch(row["epoch"], kept=row["kept"]) for row in rows],
                "Accuracy": [format_share(row["accuracy"]) for row in rows],
                "95% interval": [format_share_interval(row["low"], row["high"]) for row in rows],
                "Loss": [format_loss(SeedMean(row["loss"], None, 1)) for row in rows],
            }
        )

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        rows = self.table().to_dict("records")
        parts = [f"{row[self.column]}, {row['Images']}, epoch {row['Epoch']}: {row['Accuracy']} "
                 f"({row['95% interval']}), loss {row['Loss']}" for row in rows]  # fmt: skip
        return f"Accuracy with 95% interval and loss. {join_parts(parts)}. {describe_intervals([1])}"


def _write_epoch(epoch: int, *, kept: bool) -> str:
    return f"{epoch} ({'kept' if kept else 'last'})" if epoch else "not recorded"
