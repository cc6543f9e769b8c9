"""The plan of a race as bars: how many runs are trained for how many epochs in each stage."""

from dataclasses import dataclass
from typing import Any, ClassVar

import altair as alt
import pandas as pd

from core.advice.race_time import expect_survivors
from core.displays.advice_display import INK, AdviceDisplay
from core.displays.chart_view import Chart
from core.displays.encoding import AXIS_CHARS, FRAME_PIXELS, GREY, write_note
from core.displays.label import fit_labels
from core.displays.number import format_count
from core.plural import format_plural

_COLOR, _ROW_PIXELS = "#0a84c6", 34
_FULL = "everything"


@dataclass(frozen=True)
class Schedule(AdviceDisplay):
    """One row per stage, and one for the complete grid. See `expect_survivors` for how many candidates
    are assumed to be left; the finalists are assumed to get all seeds."""

    name: ClassVar[str] = "schedule"
    title: ClassVar[str] = "Training per stage"

    def frame(self) -> pd.DataFrame:
        """Return the columns stage, label, runs, epochs (of each run in this stage), total_epochs."""
        allowed = sum(not one.excluded_by for one in self.race.candidates)
        last, seeds = self.race.rungs[-1], self.race.request.seeds
        rows, begin = [], 0
        *expected, finalists = expect_survivors(allowed, len(self.race.rungs))
        for epochs, left in zip(self.race.rungs, expected, strict=True):
            rows.append((f"epochs {begin + 1}–{epochs}", left, epochs - begin))
            begin = epochs
        if finalists > 1 and seeds > 1:
            rows.append((f"finalists, seeds 2–{seeds}", finalists * (seeds - 1), last))
        rows.append(("all runs, all seeds", allowed * seeds, last))
        frame = pd.DataFrame(rows, columns=["label", "runs", "epochs"])
        frame.insert(0, "stage", [*map(str, range(1, len(rows))), _FULL])
        return frame.assign(total_epochs=frame["runs"] * frame["epochs"])

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                "Stage": frame["label"].str.capitalize(),
                "Runs": frame["runs"].map(format_count),
                "Epochs per run": frame["epochs"].map(format_count),
                "Epochs in total": frame["total_epochs"].map(format_count),
            }
        )

    @property
    def share(self) -> float:
        """Epochs of the race as a share of those of the complete grid."""
        frame = self.frame().set_index("stage")["total_epochs"]
        return float(frame.drop(_FULL).sum() / max(frame[_FULL], 1))

    def chart(self) -> Chart | None:
        frame = self.frame()
        if not frame["runs"].sum():
            return None
        frame["text"] = [self._write(*row) for row in frame[["runs", "epochs"]].itertuples(index=False)]
        frame["inside"] = frame["total_epochs"] > 0.6 * frame["total_epochs"].max()
        labels = frame["label"].tolist()
        axis = alt.Axis(labelOverlap=False, **fit_labels(labels, AXIS_CHARS))
        base = alt.Chart(frame).encode(
            x=alt.X("total_epochs:Q", title="Epochs of training, all runs", axis=alt.Axis(format="~s", tickCount=5)),
            y=alt.Y("label:N", title=None, sort=labels, axis=axis),
            tooltip=[alt.Tooltip("label:N", title="Stage"), alt.Tooltip("text:N", title="Runs"),
                     alt.Tooltip("total_epochs:Q", title="Epochs in total", format=",")],
        )  # fmt: skip
        grid = alt.condition(f"datum.stage === '{_FULL}'", alt.value(GREY), alt.value(_COLOR))
        layers = [base.mark_bar(height=18, cornerRadius=2).encode(color=grid)]
        ends: tuple[tuple[bool, dict[str, Any]], ...] = (
            (True, {"align": "right", "dx": -6, "color": "white"}),
            (False, {"align": "left", "dx": 6, "color": INK}),
        )
        for inside, marks in ends:
            if (frame["inside"] == inside).any():
                text = base.transform_filter(f"datum.inside === {str(inside).lower()}")
                layers.append(text.mark_text(fontSize=11, **marks).encode(text=alt.Text("text:N")))
        height = FRAME_PIXELS + _ROW_PIXELS * len(frame)
        return alt.layer(*layers).properties(height=height, title=write_note(self._note()))

    @staticmethod
    def _write(runs: int, epochs: int) -> str:
        return f"{format_plural(runs, 'run')} × {format_plural(epochs, 'epoch')}"

    def _note(self) -> str:
        return (
            f"About {self.share:.0%} of the epochs of the complete grid (gray), if as many candidates are dropped as "
            "usual. No epoch is trained twice."
        )

    def describe(self) -> str:
        rows = self.frame().to_dict("records")
        if not rows[-1]["runs"]:
            return "Training per stage. The limits exclude all candidates."
        parts = [f"{row['label']}: {self._write(row['runs'], row['epochs'])}" for row in rows[:-1]]
        return f"Training per stage. {'; '.join(parts)}. {self._note()}"
