"""Results of one run: key metrics, accuracy and loss with intervals, and learning curves."""

import streamlit as st

from core.displays.curve_data import CurveMetric
from core.displays.markdown import escape_markdown
from core.displays.sentence import write_sentences
from core.displays.views.curves import Curves
from core.displays.views.run_metrics import RunMetrics
from core.displays.views.tiles import Tiles
from core.store.comparison import Comparison
from core.store.run import Run
from core.ui.display import cached_display_result, cached_table, show_display, show_frame
from core.ui.more_epochs import show_more_epochs
from core.ui.session import open_comparison
from core.ui.tiles import draw_tiles


def show_results(run: Run, *, damaged: bool) -> None:
    """Show the results of a run as those of a comparison with one run."""
    comparison = Comparison.of([run]) if damaged else open_comparison((run.run_id,))
    tiles = Tiles(comparison)
    known = cached_table(tiles)["Value"] != "–"  # of a run from elsewhere, file size and latency are unknown
    draw_tiles(
        cached_table(tiles)[known].to_dict("records"),
        cached_display_result(tiles, Tiles.frame)["better"][known].tolist(),
    )
    metrics = RunMetrics(comparison)
    st.header("Accuracy and loss", anchor=False)
    show_frame(cached_table(metrics).drop(columns=metrics.column))
    st.caption("95% Wilson score intervals over the images. A single run has no interval over seeds.")
    if not Curves(comparison).available.variants:
        return
    names: list[CurveMetric] = ["accuracy", "loss"]
    notes: list[str] = []
    for column, metric in zip(st.columns(2, gap="large"), names, strict=True):
        with column:
            curves = Curves(comparison, metric)
            show_display(curves, title=escape_markdown(curves.heading), table=False)
            notes += cached_display_result(curves, Curves.explain)
    notes.append("training values are averaged over each epoch with dropout enabled")
    st.caption(escape_markdown(write_sentences(dict.fromkeys(notes))))
    show_more_epochs(comparison, key="run_more_epochs")
