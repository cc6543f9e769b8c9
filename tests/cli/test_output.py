"""JSON, tables and progress as commands print them."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.cli.output import format_known, print_json, print_table
from core.displays.json_values import to_rows
from core.displays.progress import describe_progress
from core.jobs.progress import Progress

# what is printed


def test_what_json_does_not_know_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [float("nan"), np.float64("inf")], "b": (np.int64(3), None, 0.5), 7: {"c": "x"}})
    assert json.loads(capsys.readouterr().out) == {"a": [None, None], "b": [3, None, 0.5], "7": {"c": "x"}}


def test_records_of_a_frame_have_none_for_what_is_missing() -> None:
    frame = pd.DataFrame({"name": ["a", None], "value": [np.nan, 2.0], "count": pd.array([None, 3], dtype="Int64")})
    records = to_rows(frame)
    assert records == [{"name": "a", "value": None, "count": None}, {"name": None, "value": 2.0, "count": 3}]
    assert [format_known(record["value"]) for record in records] == ["–", "2.0"]


def test_table_in_a_pipe_breaks_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"name": "[bold]" + "x" * 200, "count": "1"}], numbers=("count",))
    assert "[bold]" + "x" * 200 in capsys.readouterr().out


# runs, show, jobs


@pytest.mark.parametrize(
    ("state", "progress", "share", "words"),
    [
        ("queued", None, 0.0, "queued"),
        ("finished", None, 1.0, "finished"),
        ("running", None, 0.0, "starting worker"),
        ("running", {"phase": "loading", "epochs": 4}, 0.0, "loading data"),
        ("running", {"phase": "training", "epochs": 4, "epoch": 0, "step": 0, "steps": 9}, 0.0, "epoch 1 of 4"),
        (
            "running",
            {"phase": "training", "epochs": 4, "epoch": 3, "step": 5, "steps": 10, "loss": 0.25, "accuracy": 0.5,
             "images_per_second": 1234.5, "eta_seconds": 75.2},
            0.875, "epoch 4 of 4 · loss 0.250 · accuracy 50.0% · 1,234 images/s · 1 min 15 s left",
        ),
        ("running", {"phase": "exporting", "epochs": 4, "epoch": 4}, 1.0, "finishing: exporting"),
    ],
)  # fmt: skip
def test_progress_is_a_share_and_words(state: Any, progress: dict[str, Any] | None, share: float, words: str) -> None:
    assert describe_progress(state, Progress(**progress) if progress else None) == (share, words)
