"""Robustness compared with worked examples, and its text of the heads."""

import numpy as np
import pytest

from core.analysis.crossed import compute_accuracy_interval
from core.analysis.robustness import assess_shift_invariance, compute_losses, compute_robustness, list_tested
from core.analysis.significance import correct_holm
from core.augment.corruption import CORRUPTIONS, list_rows
from core.displays.views.robustness_loss import RobustnessLoss
from core.store.comparison import Comparison
from core.store.robustness_file import NAME, Robustness
from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def answer(run: Run, wrong: dict[tuple[str, float], list[int]], images: int = 4) -> Run:
    """Return the run as if all first images were predicted correctly, except those that are wrong in some row."""
    labels = run.predictions.test_labels[:images]
    rows = []
    for row in list_rows():
        predictions = labels.astype(np.int16).copy()
        for index in wrong.get(row, []):
            predictions[index] = -1
        rows.append(predictions)
    names, values = zip(*list_rows(), strict=True)
    found = Robustness(np.array(names), np.array(values, np.float32), np.arange(images, dtype=np.int32), np.stack(rows))
    found.write(run.path / NAME)
    return rewrite(run)


def test_accuracies_are_means_over_seeds_with_intervals_over_both(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=0), {("shift", 4): [0, 1]}), answer(make_run(head="gap", seed=1), {})]
    frame = compute_robustness(list_tested(Comparison.of(runs)))
    row = frame.query("corruption == 'shift' and value == 4").iloc[0]
    assert (row["accuracy"], row["images"], row["seeds"]) == (0.75, 4, 2)
    expected = compute_accuracy_interval(np.array([[False, False, True, True], [True] * 4]))
    assert (row["accuracy"], row["low"], row["high"]) == expected
    assert frame.query("corruption == 'contrast'")["value"].tolist() == list(CORRUPTIONS["contrast"].values)
    assert frame.query("corruption == 'contrast' and value == 1")["accuracy"].tolist() == [1.0]


def test_seeds_that_differ_widen_the_interval_of_a_curve(make_run: RunWriter) -> None:
    found = []
    for wrong in ([range(10), range(10)], [range(1), range(19)]):
        runs = [answer(make_run(head="gap", seed=i), {("shift", 4): [*lost]}, 40) for i, lost in enumerate(wrong)]
        row = compute_robustness(list_tested(Comparison.of(runs))).query("corruption == 'shift' and value == 4")
        found.append(float((row["high"] - row["low"]).iloc[0]))
    assert found[1] > found[0]


def test_loss_is_predictions_lost_minus_predictions_gained(make_run: RunWriter) -> None:
    run = answer(make_run(head="gap"), {("", 0.0): [3], ("shift", 4): [0, 1]})
    row = compute_losses(list_tested(Comparison.of([run]))).query("corruption == 'shift'").iloc[0]
    assert (row["before"], row["after"], row["loss"]) == (0.75, 0.5, 0.25)
    assert row["low"] <= row["loss"] <= row["high"]


def test_losses_against_the_baseline_are_holm_corrected(make_run: RunWriter) -> None:
    lost = {"gap": 9, "gap_dense": 12, "dense": 4}
    runs = [
        answer(make_run(head=head, seed=seed), {("shift", 4): [*range(wrong + seed)], ("blur", 1.5): [0]}, 40)
        for head, wrong in lost.items()
        for seed in range(2)
    ]
    display = RobustnessLoss(Comparison.of(runs))
    frame = display.frame()
    tested = frame[frame["more"].notna()]
    assert tested["more_p_holm"].tolist() == correct_holm(tested["more_p"].tolist()).tolist()
    assert (tested["more_p_holm"] > tested["more_p"]).any()
    assert "P-value (Holm)" in display.table().columns
    single = RobustnessLoss(Comparison.of(runs[::2])).frame()
    assert single[["more_p", "more_p_holm"]].isna().all(axis=None)


def test_tested_pair_is_not_selected_by_test_accuracy(make_run: RunWriter) -> None:
    """More than six variants are sorted by test accuracy."""
    runs = [
        answer(make_run(head=head, dropout=0.1 * at, l2=1e-4 * (at % 2), accuracy=0.6 + 0.1 * at), {}, 40)
        for head in ("gap", "dense")
        for at in range(4)
    ]
    comparison = Comparison.of(runs)
    found = assess_shift_invariance(list_tested(comparison))
    assert found is not None
    assert "dropout 0.3" in comparison.labels[0]
    assert all(" dropout 0 " in label for label in (found.pooled, found.flat))


def test_pooling_that_loses_less_on_every_seed_is_reported(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=seed), {("shift", 4): [0]}, 40) for seed in range(3)]
    runs += [answer(make_run(head="dense", seed=seed), {("shift", 4): [*range(30)]}, 40) for seed in range(3)]
    comparison = Comparison.of(runs)
    found = assess_shift_invariance(list_tested(comparison))
    assert found is not None
    assert (found.pooled, found.flat, found.seeds) == ("GAP", "Flatten + Dense", (3, 3))
    assert (found.pooled_loss, found.flat_loss, found.gain) == (0.025, 0.75, 0.725)
    assert 0 < found.low < found.gain < found.high
    text = RobustnessLoss(comparison).describe()
    assert text.startswith("Shifted by 4 px, GAP (global pooling) loses 2.5 points of accuracy and Flatten + Dense")
    assert ": GAP is less sensitive (95% interval" in text
    assert "This tests one pair of heads at one severity. Measured on 40 of 360 test images." in text


@pytest.mark.parametrize(
    ("pooled", "flat", "word"),
    [([*range(30)], [0], "GAP is more sensitive"), ([0], [0], "no significant difference")],
)
def test_pooling_that_loses_more_is_reported(
    make_run: RunWriter, pooled: list[int], flat: list[int], word: str
) -> None:
    runs = [answer(make_run(head="gap", seed=seed), {("shift", 4): pooled}, 40) for seed in range(3)]
    runs += [answer(make_run(head="dense", seed=seed), {("shift", 4): flat}, 40) for seed in range(3)]
    description = RobustnessLoss(Comparison.of(runs)).describe()
    assert f": {word} (95% interval" in description


def test_one_seed_has_no_statistical_conclusion(make_run: RunWriter) -> None:
    runs = [answer(make_run(head=head), {}) for head in ("gap", "dense")]
    assert "(single seed: no statistical conclusion)." in RobustnessLoss(Comparison.of(runs)).describe()


def test_single_seed_of_one_head_has_no_statistical_conclusion(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=seed), {("shift", 4): [0]}, 40) for seed in range(3)]
    runs.append(answer(make_run(head="dense"), {("shift", 4): [*range(30)]}, 40))
    assert "(single seed: no statistical conclusion)." in RobustnessLoss(Comparison.of(runs)).describe()


def test_heads_are_compared_on_their_common_corrupted_images(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap"), {}, 10), answer(make_run(head="dense"), {}, 6)]
    assert {one.correct.shape[2] for one in list_tested(Comparison.of(runs))} == {6}


def test_heads_without_common_seeds_are_compared(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=0), {}), answer(make_run(head="dense", seed=1), {})]
    found = assess_shift_invariance(list_tested(Comparison.of(runs)))
    assert found is not None
    assert found.seeds == (1, 1)


def test_former_runs_are_described_as_not_evaluated(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    run = rewrite(run, labels=run.predictions.test_labels)
    comparison = Comparison.of([run])
    assert list_tested(comparison) == []
    assert RobustnessLoss(comparison).chart() is None
    assert RobustnessLoss(comparison).describe().startswith("Robustness was not evaluated: an earlier version")


def test_too_large_model_is_described(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    run = rewrite(run, labels=run.predictions.test_labels, data={"input_shape": (512, 512, 1)})
    assert "FLOPs per image, 50 images with 44 corruptions" in RobustnessLoss(Comparison.of([run])).describe()
