"""Fairness checks: comparisons that fail, pass, or to which a check does not apply."""

import re
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest

from core.analysis.check import CHECKS, SEVERITIES, STATES, Result, run_checks
from core.analysis.correctness import compute_correct, stack_correct
from core.analysis.crossed import compute_components, compute_head_variance
from core.analysis.selection import compute_optimism
from core.spec import HEADS, RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.comparison_cases import never_correct
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_rewriter import as_kmnist, history_of, rewrite
from tests.support.run_writer import RunWriter

FULL = RunSpec(epochs=25)


def ask(name: str, *runs: Run) -> Result:
    return CHECKS[name].run(Comparison.of(runs))


def test_every_check_has_a_unique_code_and_an_explanation() -> None:
    codes = [check.code for check in CHECKS.values()]
    assert codes == sorted(set(codes))
    for check in CHECKS.values():
        assert re.fullmatch(r"H\d\d", check.code)
        assert all(part in check.explanation for part in ("**Check:**", "**Why it matters:**", "**What to do:**"))


def test_failed_checks_come_first_by_severity(make_run: RunWriter) -> None:
    found = run_checks(Comparison.of([make_run(head="gap", epochs=4), make_run(head="dense", epochs=5)]))
    ranks = [(STATES.index(result.state), SEVERITIES.index(check.severity)) for check, result in found]
    assert ranks == sorted(ranks)
    assert len(found) == len(CHECKS)
    assert all(result.message.endswith(".") for _, result in found)


def test_one_run_fails_no_check_of_pairs(make_run: RunWriter) -> None:
    run = make_run()
    for name in ("data", "split", "augmentation", "backbone", "budget", "processor"):
        assert ask(name, run).state == "not applicable"


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("split", {"train_images": 100}, "training images all and 100"),
        ("split", {"validation_fraction": 0.5}, "validation share 0.2 and 0.5"),
        ("augmentation", {"augmentation": "rotation=10"}, "augmentation none and Rotation ± 10°"),
        ("backbone", {"dropout": 0.5}, "dropout 0.25 and 0.5"),
        ("budget", {"epochs": 5}, "epochs 3 and 5"),
        ("budget", {"learning_rate": 0.01}, "learning rate 0.001 and 0.01"),
    ],
)
def test_differing_setting_fails_only_its_check(
    make_run: RunWriter, name: str, settings: dict[str, Any], words: str
) -> None:
    runs = make_run(head="gap"), make_run(head="dense", **settings)
    message = f"The variants differ in more than the head: {words}. Train them with the same values."
    assert ask(name, *runs) == Result("failed", message)
    for other in {"split", "augmentation", "backbone", "budget", "data"} - {name}:
        assert ask(other, *runs).state == "passed"


def test_settings_of_the_head_do_not_fail_checks(make_run: RunWriter) -> None:
    runs = make_run(head="gap"), make_run(head="dense", units=8)
    assert {ask(name, *runs).state for name in ("split", "augmentation", "backbone", "budget")} == {"passed"}


def test_different_fingerprints_are_different_data(make_run: RunWriter) -> None:
    runs = make_run(head="gap"), rewrite(make_run(head="dense"), data={"fingerprint": "0123456789abcdef"})
    assert "0123456789abcdef" in ask("data", *runs).message


def test_too_few_seeds_are_reported_with_their_number(make_run: RunWriter) -> None:
    gap, dense = ([make_run(FULL, head=head, seed=seed) for seed in range(3)] for head in ("gap", "dense"))
    assert ask("seeds", *gap, *dense).state == "passed"
    assert ask("seeds", gap[0]).message.startswith("One seed does not show the uncertainty")
    assert ask("seeds", gap[0], dense[0]).message.startswith("One seed per head does not show the uncertainty")
    assert ask("seeds", *gap, dense[0]).message == (
        "The uncertainty of Flatten + Dense is unknown (one seed). Train at least 3 seeds."
    )
    assert "with two seeds the variation across seeds is uncertain" in ask("seeds", *gap, *dense[:2]).message


def losses(run: Run, validation: list[float | None], training: list[float] | None = None) -> Run:
    rows = history_of(len(validation))
    for i, row in enumerate(rows):
        row["val_loss"] = validation[i]
        row["loss"] = training[i] if training else 2.0 - 0.05 * i
    return rewrite(run, history=rows)


@pytest.mark.parametrize(
    ("validation", "state"),
    [
        ([2.0, 1.5, 1.2, 1.0, 0.9, 0.8], "failed"),
        ([2.0, 1.0, 0.5, 0.5, 0.5, 0.5], "passed"),
        ([0.5, 0.6, 0.7, 0.8, 0.9, 1.0], "passed"),
        ([2.0, 1.0, 0.9, 0.8, 0.7, None], "passed"),  # a diverged run is not under-trained
        ([1.0, 0.9], "failed"),
        ([1.0], "not applicable"),
    ],
)
def test_decreasing_loss_is_under_trained(make_run: RunWriter, validation: list[float | None], state: str) -> None:
    assert ask("undertrained", losses(make_run(), validation)).state == state


def test_one_unusual_seed_of_three_does_not_fail_the_head(make_run: RunWriter) -> None:
    falling, flat = [2.0, 1.5, 1.2, 1.0, 0.9, 0.8], [0.5] * 6
    runs = [losses(make_run(seed=seed), [*(falling if seed == 0 else flat)]) for seed in range(3)]
    assert ask("undertrained", *runs).state == "passed"
    more = [losses(make_run(head="dense", seed=seed), [*(flat if seed == 0 else falling)]) for seed in range(3)]
    assert "Flatten + Dense (2 of 3 seeds)" in ask("undertrained", *runs, *more).message


@pytest.mark.parametrize(
    ("validation", "training", "state"),
    [
        ([1.0, 0.5, 0.4, 0.4, 0.4, 0.6, 0.8, 0.9], None, "failed"),
        ([1.0, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4], None, "passed"),
        ([1.0, 0.5, 0.4, 0.4, 0.4, 0.6, 0.8, 0.9], [1, 0.9, 0.8, 0.8, 0.8, 0.9, 1.0, 1.2], "passed"),
        ([1.0, 0.5, 0.4, 0.8], None, "not applicable"),
    ],
)
def test_increasing_validation_loss_is_overfitting(
    make_run: RunWriter, validation: list[float | None], training: list[float] | None, state: str
) -> None:
    assert ask("overfitting", losses(make_run(), validation, training)).state == state
    kept = losses(make_run(keep="best_val_loss", epochs=10), validation, training)
    assert ask("overfitting", kept).state == ("passed" if state == "failed" else state)


def test_class_that_no_image_activates_is_dead(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    scores = np.log(run.predictions.test_probs)
    scores -= scores.min(axis=1, keepdims=True)  # as after a ReLU: no negative values
    alive = np.exp(scores + 0.1)
    alive[:, [4, 7]] = 1.0  # two maps that are zero for every image
    dead = (alive / alive.sum(axis=1, keepdims=True)).astype(np.float32)
    found = ask("dead_class", rewrite(run, probs=dead))
    assert found == Result(
        "failed",
        'Dead ReLU: GAP (seed 0) never activates for classes "4", "7". Compare with the head GAP (linear maps).',
    )
    assert ask("dead_class", make_run(head="gap", seed=1)).state == "passed"
    assert ask("dead_class", rewrite(make_run(head="dense"), probs=dead)).state == "not applicable"


@pytest.mark.parametrize("stored", [True, False])
def test_heads_without_a_correct_prediction_are_worse_than_the_most_frequent_class(
    make_run: RunWriter, stored: bool
) -> None:
    """Older records do not have the class frequencies, which the labels show."""
    found = ask(
        "majority", *(rewrite(run, data={"majority": 0.103 if stored else None}) for run in never_correct(make_run))
    )
    assert found.state == "failed"
    assert re.fullmatch(
        r"Less accurate than always predicting the most frequent class \(10\.\d%\): GAP \(0\.0%\), .*", found.message
    )


@pytest.mark.parametrize(("majority", "state"), [(0.101, "passed"), (0.5, "failed"), (None, "passed")])
def test_most_frequent_class_sets_the_accuracy_floor(make_run: RunWriter, majority: float | None, state: str) -> None:
    found = ask("balance", rewrite(make_run(), data={"majority": majority}))
    assert found.state == state
    assert majority is None or f"{majority:.1%}" in found.message


def test_full_data_size_is_reported_and_not_the_subset(make_run: RunWriter) -> None:
    cut = {"official": False, "train_count": 1437}
    runs = [as_kmnist(make_run(head=head, train_images=100), **cut) for head in ("gap", "dense")]
    text = "The dataset is not the official KMNIST: 1,437 training and 360 test images instead of 60,000 and 10,000"
    assert text in ask("official", *runs).message
    unknown = [rewrite(run, data={"train_count": None}) for run in runs]
    assert "The dataset is not the official KMNIST: 360 test images, fingerprint" in ask("official", *unknown).message
    assert ask("official", make_run()).state == "passed"


def test_settings_that_differ_from_the_recipe_are_listed(make_run: RunWriter) -> None:
    settings = RunSpec(epochs=1, train_images=100, learning_rate=0.01, batch_size=50)
    assert ask("recipe", make_run(settings, head="gap"), make_run(settings, head="dense")).message == (
        "The hyperparameters differ from digits-heads: 100 training images instead of all, 1 epoch instead of 25, "
        "batch size 50 instead of 25, learning rate 0.01 instead of 0.001. "
        "Do not compare these results with published results."
    )
    assert ask("recipe", make_run(FULL)).state == "passed"


def test_times_of_different_machines_are_not_comparable(make_run: RunWriter) -> None:
    runs = make_run(head="gap"), rewrite(make_run(head="dense"), cpu="another")
    assert "different machines" in ask("processor", *runs).message


def test_nan_values_are_reported_with_their_number(make_run: RunWriter) -> None:
    run = make_run()
    probs = run.predictions.test_probs.copy()
    probs[:12] = np.nan
    assert "GAP with seed 0 (12 of 360 test images)" in ask("diverged", rewrite(run, probs=probs)).message
    epochs = losses(make_run(seed=1), [2.0, None, 1.0])
    assert "GAP with seed 1 (1 of 3 epochs)" in ask("diverged", epochs).message
    assert ask("diverged", make_run(seed=2)).state == "passed"


def test_head_that_only_predicts_the_most_frequent_class_is_reported(make_run: RunWriter) -> None:
    labels = np.array([0] * 90 + [1] * 10)
    useless = rewrite(make_run(head="gap"), labels=labels, predictions=np.zeros(100, int), data={"majority": 0.9})
    perfect = rewrite(make_run(head="dense"), labels=labels, predictions=labels, data={"majority": 0.9})
    found = ask("majority", useless, perfect)
    assert found.state == "failed"
    assert "GAP (90.0%)" in found.message
    assert "Flatten + Dense" not in found.message
    assert ask("majority", perfect).state == "passed"


@pytest.mark.parametrize(
    ("name", "setting", "values"),
    [
        ("budget", "learning_rate", (0.001, 0.1)),
        ("backbone", "filters", (8, 16)),
        ("split", "train_images", (100, 200)),
    ],
)
def test_sweep_of_one_hyperparameter_is_fair(
    make_run: RunWriter, name: str, setting: str, values: tuple[float, float]
) -> None:
    settings = [make_run(head="gap", **{setting: value}) for value in values]
    found = ask(name, *settings)
    assert found.state == "passed"
    assert "differ in nothing but" in found.message
    assert ask(name, settings[0], make_run(head="gap", dropout=0.5, **{setting: values[1]})).state == "failed"
    assert ask(name, settings[0], make_run(head="dense", **{setting: values[1]})).state == "failed"


def test_best_of_many_variants_is_reported_with_its_optimism(make_run: RunWriter) -> None:
    heads = ("gap", "gap_linear", "gap_dense", "flatten", "dense")
    runs = [make_run(head=head, seed=seed) for head in heads for seed in (0, 1)]
    assert ask("selection", *runs[:8]).state == "passed"
    found = ask("selection", *runs)
    assert found.state == "failed"
    assert "best test accuracy of 5 heads" in found.message


def test_optimism_equals_that_of_simulated_equal_heads(make_run: RunWriter) -> None:
    """Nine equal heads with one seed on 400 images: the best of nine shares is above 0.9."""
    rng = np.random.default_rng(0)
    best, predicted = [], []
    for _ in range(12):
        wrong = [np.flatnonzero(rng.random(400) < 0.1) for _ in HEADS]
        runs = [with_predictions(make_run, head, wrong_at(at, 400)) for head, at in zip(HEADS, wrong, strict=True)]
        comparison = Comparison.of(runs)
        accuracies = [compute_correct(run).mean() for run in comparison.runs]
        best.append(max(accuracies) - np.mean(accuracies))
        predicted.append(compute_optimism(comparison))
    assert np.mean(predicted) == pytest.approx(np.mean(best), rel=0.25)


def test_optimism_does_not_depend_on_the_order_of_the_variants(make_run: RunWriter) -> None:
    """One of the heads has a single seed, and another one varies most."""
    accuracies = {"gap": (0.5, 0.9, 0.7), "flatten": (0.9,), "dense": (0.9, 0.91), "gap_dense": (0.9, 0.9)}
    runs = [make_run(head=h, seed=s, accuracy=a) for h, of in accuracies.items() for s, a in enumerate(of)]
    comparison = Comparison.of(runs)
    orders = permutations(comparison.variants)
    found = {round(compute_optimism(replace(comparison, variants=order)), 12) for order in orders}
    assert len(found) == 1
    stacks = [stack_correct(variant) for variant in comparison.variants]
    pairs = [compute_components(*pair).estimate().variance for pair in combinations(stacks, 2)]
    assert compute_head_variance(stacks) == pytest.approx(np.mean(pairs) / 2, rel=0.25)


def test_own_split_is_not_called_official(make_run: RunWriter) -> None:
    assert ask("official", make_run()).message == "The dataset is the complete Digits, split by Headroom."


def test_classes_without_images_are_named_and_counted(make_run: RunWriter) -> None:
    run = make_run()
    assert ask("class_images", run).state == "passed"
    few = make_run(head="dense", train_images=20, validation_images=13)
    found = ask("class_images", few)
    lost = len({*run.predictions.test_labels} - {*few.predictions.validation_labels})
    assert found.state == "failed"
    assert "7 training images are fewer than the 10 classes." in found.message
    assert lost == 0 or f"{lost} of 10 class" in found.message
    labels = np.resize(np.arange(3), 60)
    assert '7 of 10 classes have no test images: "3", "4", "5", "6" and 3 more.' in (
        ask("class_images", rewrite(run, labels=labels)).message
    )


def test_long_lists_of_heads_are_counted(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", filters=4 * i, seed=seed) for i in range(1, 7) for seed in (0, 1)]
    message = ask("seeds", *runs).message
    assert message.startswith("6 of 6 settings, such as GAP · 4 filters and GAP · 8 filters: with two seeds")
