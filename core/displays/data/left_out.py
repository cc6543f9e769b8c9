"""Files that are not part of a dataset."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.displays.data_display import DataDisplay
from core.displays.display import Chart
from core.displays.number import format_plural
from core.displays.table import disarm


@dataclass(frozen=True)
class LeftOut(DataDisplay):
    """All files of the added folder that could not be used, each with its reason."""

    name: ClassVar[str] = "left_out"
    title: ClassVar[str] = "Files left out"

    def frame(self) -> pd.DataFrame:
        """Return the columns file and reason."""
        return pd.DataFrame([(one.file, one.reason) for one in self.data.report.skipped], columns=["file", "reason"])

    def table(self) -> pd.DataFrame:
        return self.frame().rename(columns=str.capitalize)

    def csv(self) -> bytes:
        """Return the table as CSV in UTF-8 with a byte order mark for Excel."""
        return disarm(self.frame()).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        count = len(self.data.report.skipped)
        return f"{format_plural(count, 'file')} could not be used." if count else "All files are used."
