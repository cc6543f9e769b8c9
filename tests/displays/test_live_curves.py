"""Charts of running jobs."""

import pandas as pd

from core.displays.live_curves import build_live_charts
from core.spec import RunSpec
from tests.support.run_rewriter import history_of


def test_live_charts_wait_for_an_epoch_and_then_draw_every_run() -> None:
    frame = pd.DataFrame(history_of(2))
    spec = RunSpec()
    assert build_live_charts([(spec, frame.head(0))]) == []
    charts = build_live_charts([(spec, frame), (spec.replace(head="dense"), frame), (spec.replace(seed=1), frame)])
    assert len(charts) == 2
    for chart in charts:
        runs = {row["run"] for rows in chart.to_dict(validate=True)["datasets"].values() for row in rows}
        assert runs == {"GAP, seed 0", "GAP, seed 1", "Flatten + Dense, seed 0"}
