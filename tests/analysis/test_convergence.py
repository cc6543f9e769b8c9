"""The epoch at which a run reaches a target accuracy."""

import numpy as np
import pandas as pd
import pytest

from core.analysis.convergence import choose_target, compute_convergence, compute_factors
from core.analysis.disagreement import (
    compare_confused_pairs,
    compute_disagreement,
)
from core.analysis.significance import compute_significance
from core.store.comparison import Comparison
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter


def test_convergence_is_the_first_epoch_at_the_target(make_run: RunWriter) -> None:
    slow = rewrite(make_run(head="gap"), history=history_of(6, top=0.9, seconds=1.0))
    quick = rewrite(make_run(head="dense"), history=history_of(6, top=1.0, seconds=2.0))
    comparison = Comparison.of([slow, quick])
    frame = compute_convergence(comparison, 0.75)  # 0.9 · (1 − 2⁻³) = 0.7875; 1 − 2⁻² = 0.75
    assert frame["epochs"].tolist() == [3, 2]
    assert frame["seconds"].tolist() == [3, 4]
    factors = compute_factors(frame)
    assert factors["epochs_factor"].tolist() == [1.5, 1]
    assert factors["seconds_factor"].tolist() == pytest.approx([1, 4 / 3])
    assert choose_target(comparison) == 0.88  # 0.9 · (1 − 2⁻⁶) = 0.8859


def test_run_below_the_target_has_no_factor(make_run: RunWriter) -> None:
    histories = {("gap", 0): 0.9, ("gap", 1): 0.5, ("dense", 0): 0.9}
    runs = [
        rewrite(make_run(head=head, seed=seed), history=history_of(6, top)) for (head, seed), top in histories.items()
    ]
    frame = compute_convergence(Comparison.of(runs), 0.8)
    assert frame["epochs"].isna().tolist() == [False, True, False]
    factors = compute_factors(frame)
    assert factors["reached"].tolist() == [1, 1]
    assert factors["epochs_factor"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)


def test_nan_history_has_a_target_of_zero(make_run: RunWriter) -> None:
    rows = [row | {"val_accuracy": None} for row in history_of(3)]
    assert choose_target(Comparison.of([rewrite(make_run(), history=rows)])) == 0


def test_frames_are_complete_for_one_head(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run()])
    for frame in (
        compute_significance(comparison),
        compute_disagreement(comparison),
        compare_confused_pairs(comparison),
    ):
        assert isinstance(frame, pd.DataFrame)
        assert frame.empty
