"""Problems that were found in the images of a dataset."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.datasets.findings.image_findings import SEVERITIES
from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.number import format_count
from core.plural import format_plural


@dataclass(frozen=True)
class DataFindings(DataDisplay):
    """One row per finding, the most severe first."""

    name: ClassVar[str] = "data_findings"
    title: ClassVar[str] = "Findings"

    def frame(self) -> pd.DataFrame:
        """Return the columns code, severity, images, message."""
        findings = sorted(self.data.report.findings, key=lambda one: SEVERITIES.index(one.severity))
        rows = [(one.code, one.severity, one.count, one.message) for one in findings]
        return pd.DataFrame(rows, columns=["code", "severity", "images", "message"])

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        frame["images"] = frame["images"].map(format_count)
        return frame.rename(columns=str.capitalize).rename(columns={"Message": "Finding"})

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        if not self.data.searched:
            return "The images were not searched for duplicates and other problems."
        count = len(self.data.report.findings)
        return f"{format_plural(count, 'finding')}." if count else "No problem was found."
