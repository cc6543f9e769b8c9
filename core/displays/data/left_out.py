"""Files that are not part of a dataset."""

from dataclasses import dataclass
from typing import ClassVar

import altair as alt
import pandas as pd

from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.dataset_summary import count_skipped
from core.displays.encoding import GREY, write_note
from core.displays.label import fit_labels
from core.displays.table import disarm

_MOST_REASONS = 8
_REASON_CHARS = 26


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
        """Return a bar per reason; None for a single reason, or if few files share one."""
        counts = self.frame()["reason"].value_counts()
        if len(counts) < 2 or counts.sum() < 2 * len(counts):
            return None
        frame = counts.head(_MOST_REASONS).rename_axis("reason").reset_index(name="files")
        axis = alt.Axis(labelOverlap=False, **fit_labels(frame["reason"].tolist(), _REASON_CHARS, lines=4))
        more = f" The {_MOST_REASONS} most frequent of {len(counts):,} reasons." if len(counts) > _MOST_REASONS else ""
        return (
            alt.Chart(frame)
            .mark_bar(color=GREY, height=18)
            .encode(
                y=alt.Y("reason:N", title=None, sort=None, axis=axis),
                x=alt.X(
                    "files:Q",
                    title="Files and folders",
                    axis=alt.Axis(tickCount=min(5, int(counts.max())), format=",d"),
                ),
                tooltip=[alt.Tooltip("reason:N", title="Reason"), alt.Tooltip("files:Q", title="Files", format=",")],
            )
            .properties(height=alt.Step(58), title=write_note(f"Number of files and folders by reason.{more}"))
        )

    def describe(self) -> str:
        counts = count_skipped(self.data.report)
        return f"{counts} could not be used." if counts else "All files are used."
