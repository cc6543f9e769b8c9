"""Every statistic of the evidence against SciPy, scikit-learn or a published example, and at its corners."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.calibration import calibration_curve

from core.analysis.accuracy import compute_accuracies
from core.analysis.calibration import (
    BINS,
    COLDEST,
    HOTTEST,
    compute_bins,
    compute_calibration,
    compute_calibrations,
    compute_confidence,
    compute_ece,
    compute_reliability,
    fit_temperature,
    scale_probs,
)
from core.analysis.convergence import choose_target, compute_convergence, compute_factors
from core.analysis.difference import Difference, compute_differences, compute_need, resample_difference
from core.analysis.disagreement import (
    CELLS,
    compare_confusions,
    compute_class_accuracy,
    compute_disagreement,
    list_images,
)
from core.analysis.interval import compute_mean_interval, compute_wilson
from core.analysis.outcome import NO_GUESS, compute_guess
from core.analysis.significance import compute_mcnemar, compute_significance, correct_holm
from core.errors import ComparisonError
from core.store.comparison import Comparison
from core.store.run import Predictions, Run
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter, draw_probs

LABELS = np.arange(1_000) % 10


def with_guesses(make_run: RunWriter, head: str, guesses: np.ndarray, seed: int = 0) -> Run:
    return rewrite(make_run(head=head, seed=seed), labels=LABELS[: len(guesses)], guesses=guesses)


def wrong_at(places: range | list[int], images: int = len(LABELS)) -> np.ndarray:
    """The true classes but for some images."""
    guesses = LABELS[:images].copy()
    guesses[list(places)] = (guesses[list(places)] + 1) % 10
    return guesses


# Intervals


@pytest.mark.parametrize(
    ("rights", "images", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_intervals(rights: int, images: int, low: float, high: float) -> None:
    assert compute_wilson(rights, images) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@settings(deadline=None)
@given(st.integers(1, 100_000), st.floats(0, 1))
def test_wilson_is_scipys_and_holds_the_share(images: int, share: float) -> None:
    rights = round(share * images)
    low, high = compute_wilson(rights, images)
    expected = stats.binomtest(rights, images).proportion_ci(method="wilson")
    assert (low, high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))
    assert 0 <= low <= rights / images <= high <= 1
    assert low < high


def test_share_of_no_image_may_be_anything() -> None:
    assert compute_wilson(0, 0) == (0.0, 1.0)


@settings(deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=12))
def test_interval_of_a_mean_is_scipys(values: list[float]) -> None:
    found = compute_mean_interval(values)
    assert found is not None
    if np.std(values) > 1e-9:
        expected = stats.ttest_1samp(values, 0).confidence_interval()
        assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert found.low <= np.mean(values) <= found.high or np.std(values) < 1e-9


def test_one_value_has_no_interval() -> None:
    assert compute_mean_interval([0.9]) is None


def test_accuracies_have_a_mean_and_a_row_a_run(make_run: RunWriter) -> None:
    runs = [with_guesses(make_run, "gap", wrong_at(range(wrong)), seed) for seed, wrong in enumerate((100, 120))]
    frame = compute_accuracies(Comparison.of(runs))
    assert frame["seed"].tolist() == [-1, 0, 1]
    assert frame["accuracy"].tolist() == pytest.approx([0.89, 0.9, 0.88])
    expected = stats.ttest_1samp([0.9, 0.88], 0).confidence_interval()
    assert frame.loc[0, "low"] == pytest.approx(expected.low)
    assert frame.loc[0, "high"] == 1.0  # no accuracy is above that
    wilson = stats.binomtest(900, 1000).proportion_ci(method="wilson")
    assert frame.loc[1, ["low", "high"]].tolist() == pytest.approx([wilson.low, wilson.high])


# The paired difference


def quantiles(values: np.ndarray) -> list[float]:
    return np.quantile(values, [0.025, 0.975]).tolist()


def test_resampling_images_is_scipys_paired_bootstrap() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.random((1, 400)) < 0.9, rng.random((1, 400)) < 0.8
    _, found = resample_difference(a, b, resamples=20_000)
    expected = stats.bootstrap(
        (a[0].astype(float), b[0].astype(float)),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        paired=True, n_resamples=20_000, method="percentile", rng=2,
    )  # fmt: skip
    assert found.std() == pytest.approx(expected.standard_error, rel=0.03)
    assert quantiles(found) == pytest.approx([*expected.confidence_interval], abs=0.003)


def test_with_images_without_end_the_interval_is_students() -> None:
    shares_a, shares_b = (0.90, 0.91, 0.93), (0.85, 0.88, 0.86)
    images = 100_000
    a, b = (np.arange(images) < np.array(shares)[:, None] * images for shares in (shares_a, shares_b))
    _, found = resample_difference(a, b)
    expected = stats.ttest_rel(shares_a, shares_b).confidence_interval()
    assert quantiles(found) == pytest.approx([expected.low, expected.high], abs=0.004)


def test_drawing_patterns_is_drawing_images() -> None:
    """Against a loop that draws an index an image."""
    rng = np.random.default_rng(3)
    a, b = rng.random((3, 200)) < 0.8, rng.random((3, 200)) < 0.7
    over_images, _ = resample_difference(a, b, resamples=8_000)
    naive = []
    for _ in range(8_000):
        drawn = rng.integers(0, 200, 200)
        naive.append((a[:, drawn].mean(axis=1) - b[:, drawn].mean(axis=1)).mean())
    assert over_images.mean() == pytest.approx(np.mean(naive), abs=0.002)
    assert over_images.std() == pytest.approx(np.std(naive), rel=0.04)


@settings(deadline=None, max_examples=25)
@given(hnp.arrays(bool, st.tuples(st.just(2), st.integers(1, 3), st.integers(1, 40))))
def test_difference_turned_round_is_its_opposite(right: np.ndarray) -> None:
    forth, back = (resample_difference(right[i], right[1 - i])[0] for i in (0, 1))
    assert forth.mean() == pytest.approx(-back.mean(), abs=0.05)
    assert -1 <= forth.min() <= forth.max() <= 1


def test_heads_that_agree_on_every_image_differ_by_nothing(make_run: RunWriter) -> None:
    runs = [with_guesses(make_run, head, wrong_at(range(10)), seed) for head in ("gap", "dense") for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high, found.seed_spread) == (0, 0, 0, 0)
    assert found.verdict == "no difference shown"
    assert compute_need(found) == compute_need(found).__class__()


def test_heads_that_disagree_on_every_image_differ_by_all(make_run: RunWriter) -> None:
    runs = [with_guesses(make_run, "gap", wrong_at([]), seed) for seed in (0, 1)]
    runs += [with_guesses(make_run, "dense", wrong_at(range(1_000)), seed) for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high) == (1, 1, 1)
    assert found.verdict == "better"


def test_one_test_image_is_enough_for_an_answer(make_run: RunWriter) -> None:
    runs = [with_guesses(make_run, head, wrong_at(wrong, 1)) for head, wrong in (("gap", []), ("dense", [0]))]
    comparison = Comparison.of(runs)
    (found,) = compute_differences(comparison)
    assert (found.mean, found.images, found.verdict) == (1, 1, "one seed")
    assert compute_significance(comparison)["p"].tolist() == [1.0]


def test_one_seed_never_makes_a_verdict(make_run: RunWriter) -> None:
    runs = [with_guesses(make_run, "gap", wrong_at([])), with_guesses(make_run, "dense", wrong_at(range(500)))]
    (found,) = compute_differences(Comparison.of(runs))
    assert found.low > 0
    assert found.verdict == "one seed"


def make_difference(mean: float, spread: float | None, error: float, images: int = 1_000) -> Difference:
    return Difference("a", "b", mean, -1, 1, 3, images, spread, error)


@pytest.mark.parametrize("spread", [0.005, 0.02, 0.05])
def test_seeds_that_would_settle_it_are_the_fewest_that_do(spread: float) -> None:
    need = compute_need(make_difference(0.02, spread, 0.0)).seeds
    assert need is not None
    halves = {n: stats.t.ppf(0.975, n - 1) * spread / n**0.5 for n in (need, max(2, need - 1))}
    assert halves[need] < 0.02
    assert need == 2 or halves[need - 1] >= 0.02


def test_where_images_are_too_few_no_number_of_seeds_settles_it() -> None:
    need = compute_need(make_difference(0.01, 0.001, 0.01))
    assert need.seeds is None
    assert need.images == pytest.approx(1_000 * 1.959964**2, abs=1)
    assert compute_need(make_difference(0.0, 0.01, 0.01)) == compute_need(make_difference(0.01, None, 0.01))


# McNemar and Holm


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_mcnemar_is_scipys_binomial_test(only_a: int, only_b: int) -> None:
    expected = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert compute_mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_what_its_steps_say(p_values: list[float]) -> None:
    found = correct_holm(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    running = 0.0
    for step, i in enumerate(order):
        running = max(running, (len(p_values) - step) * p_values[i])
        assert found[i] == pytest.approx(min(running, 1.0))
    assert (found >= np.array(p_values) - 1e-12).all()


def test_holm_corrects_over_the_pairs_of_one_seed(make_run: RunWriter) -> None:
    wrong = {"gap": range(60), "gap_dense": range(40, 80), "dense": range(10)}
    runs = [with_guesses(make_run, head, wrong_at(places), seed) for head, places in wrong.items() for seed in (0, 1)]
    frame = compute_significance(Comparison.of(runs))
    assert len(frame) == 6
    for _, rows in frame.groupby("seed"):
        assert rows["p_holm"].tolist() == correct_holm(rows["p"].tolist()).tolist()
    first = frame.iloc[0]
    assert first[["both_right", "only_a", "only_b", "both_wrong"]].tolist() == [920, 20, 40, 20]
    two = compute_significance(Comparison.of([run for run in runs if run.spec.head != "dense"]))
    assert two["p_holm"].tolist() == two["p"].tolist()  # nothing to correct


# Guesses that are none


def test_image_without_finite_probabilities_has_no_guess_and_is_wrong(make_run: RunWriter) -> None:
    probs = np.full((4, 10), 0.1, np.float32)
    probs[1, 3], probs[2], probs[3, 9] = 0.9, np.nan, np.inf
    assert compute_guess(probs).tolist() == [0, 3, NO_GUESS, NO_GUESS]
    run = rewrite(make_run(), labels=np.array([0, 3, 0, 9]), probs=probs)
    comparison = Comparison.of([run])
    assert compute_accuracies(comparison)["accuracy"].tolist() == [0.5, 0.5]
    assert compute_calibrations(comparison)["left_out"].tolist() == [2]


# Calibration


def test_bins_are_scikit_learns_reliability_curve() -> None:
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, 3_000)
    probs = draw_probs(labels, 10, 0.8, rng)
    bins = compute_bins(probs, labels)
    right, sure = probs.argmax(axis=1) == labels, probs.max(axis=1).astype(np.float64)
    accuracy, confidence = calibration_curve(right, sure, n_bins=BINS, strategy="uniform")
    full = bins[bins["guesses"] > 0]
    assert full["accuracy"].tolist() == pytest.approx(accuracy.tolist())
    assert full["confidence"].tolist() == pytest.approx(confidence.tolist())
    assert bins["guesses"].sum() == 3_000
    gaps = [abs(accuracy[i] - confidence[i]) * n for i, n in enumerate(full["guesses"])]
    assert compute_ece(bins) == pytest.approx(sum(gaps) / 3_000)


def test_calibration_error_worked_by_hand() -> None:
    """Ten guesses with 0.8, nine of them right: |0.9 − 0.8|; two with certainty, both right: 0; (10·0.1 + 0) / 12."""
    probs = np.array([[0.8, 0.2]] * 10 + [[1.0, 0.0]] * 2, np.float32)
    labels = np.array([0] * 9 + [1] + [0] * 2)
    bins = compute_bins(probs, labels)
    assert compute_ece(bins) == pytest.approx(1 / 12, abs=1e-6)
    assert bins["guesses"].iloc[-1] == 2  # a probability of exactly 1 has a bin


def test_no_image_has_no_calibration_error() -> None:
    nothing = np.full((3, 10), np.nan, np.float32), np.zeros(3, np.int64)
    assert np.isnan(compute_ece(compute_bins(*nothing)))
    found = compute_calibration(Predictions(*nothing, *nothing))
    assert (found.left_out, np.isnan(found.temperature), np.isnan(found.loss_after)) == (3, True, True)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.2, 5.0), st.integers(0, 2**32 - 1))
def test_temperature_that_was_put_in_is_found_again(temperature: float, seed: int) -> None:
    """Labels drawn from softmax(z) and probabilities softmax(T·z): the temperature that mends them is T."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4_000, 5))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (true.cumsum(axis=1) < rng.random((4_000, 1))).sum(axis=1).clip(0, 4)
    sharp = np.exp(temperature * (logits - logits.max(axis=1, keepdims=True)))
    probs = (sharp / sharp.sum(axis=1, keepdims=True)).astype(np.float32)
    assert fit_temperature(probs, labels) == pytest.approx(temperature, rel=0.15)


def test_temperature_makes_the_loss_smallest() -> None:
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 10, 2_000)
    probs = draw_probs(labels, 10, 0.7, rng)
    best = fit_temperature(probs, labels)

    def loss(temperature: float) -> float:
        return float(-np.log(scale_probs(probs, temperature)[np.arange(2_000), labels]).mean())

    assert loss(best) <= min(loss(0.97 * best), loss(1.03 * best), loss(1.0))


@settings(deadline=None)
@given(st.floats(COLDEST, HOTTEST), st.integers(0, 2**32 - 1))
def test_temperature_changes_no_guess_and_keeps_probabilities(temperature: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    probs = draw_probs(rng.integers(0, 6, 50), 6, 0.6, rng)
    probs[0] = [1, 0, 0, 0, 0, 0]  # certainty, and five classes that cannot be
    scaled = scale_probs(probs, temperature)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    clear = np.sort(probs, axis=1)[:, -1] - np.sort(probs, axis=1)[:, -2] > 1e-3
    assert (scaled.argmax(axis=1) == probs.argmax(axis=1))[clear].all()
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize(("guess", "bound"), [(0, COLDEST), (1, HOTTEST)])
def test_temperature_without_a_best_value_is_a_bound(guess: int, bound: float) -> None:
    """All right: the colder the better. All wrong with certainty: the hotter the better."""
    probs = np.zeros((20, 2), np.float32)
    probs[:, guess] = 1.0
    assert fit_temperature(probs, np.zeros(20, np.int64)) == bound


def test_confidence_and_reliability_count_every_guess_of_every_seed(make_run: RunWriter) -> None:
    comparison = Comparison.of(make_run(head=head, seed=seed) for head in ("gap", "dense") for seed in range(2))
    confidence, reliability = compute_confidence(comparison), compute_reliability(comparison)
    assert confidence.groupby("head")["guesses"].sum().tolist() == [720, 720]
    assert confidence.groupby(["head", "right"])["share"].sum().tolist() == pytest.approx([1] * 4)
    assert reliability.groupby(["head", "scaled"])["guesses"].sum().tolist() == [720] * 4
    assert set(reliability["head"]) == set(comparison.labels)


# Disagreement


def test_cells_part_the_images(make_run: RunWriter) -> None:
    gap, dense = wrong_at(range(100)), wrong_at(range(80, 130))
    comparison = Comparison.of([with_guesses(make_run, "gap", gap), with_guesses(make_run, "dense", dense)])
    assert compute_disagreement(comparison)["images"].tolist() == [870, 30, 80, 20]
    pair = ("GAP", "Flatten + Dense")
    images = {cell: list_images(comparison, pair, cell) for cell in CELLS}
    assert sorted(images["only the first"]) == list(range(100, 130))
    assert sorted(images["only the second"]) == list(range(80))
    assert sorted(image for cell in images.values() for image in cell) == list(range(1_000))


def test_images_of_a_cell_come_with_the_widest_gap_first(make_run: RunWriter) -> None:
    runs = [make_run(head=head, accuracy=0.7) for head in ("gap", "dense")]
    comparison = Comparison.of(runs)
    images = list_images(comparison, ("GAP", "Flatten + Dense"), "only the first")
    labels = runs[0].predictions.test_labels
    a, b = (run.predictions.test_probs[np.arange(len(labels)), labels] for run in runs)
    gaps = np.abs(a - b)[images]
    assert len(gaps) > 10
    assert all(one >= other for one, other in pairwise(gaps))


@pytest.mark.parametrize("pair", [("GAP", "GAP"), ("GAP", "Flatten + Dense")])
def test_pair_that_is_not_compared_is_refused(make_run: RunWriter, pair: tuple[str, str]) -> None:
    with pytest.raises(ComparisonError, match=r"Expected two of 'GAP', 'GAP, linear maps'; got \('GAP', '.*'\)\."):
        compute_disagreement(Comparison.of([make_run(head="gap"), make_run(head="gap_linear")]), pair)


def test_accuracy_of_a_class_is_of_its_images_alone(make_run: RunWriter) -> None:
    comparison = Comparison.of([with_guesses(make_run, "gap", wrong_at([3, 13, 4]))])
    frame = compute_class_accuracy(comparison).set_index("label")
    assert frame.loc[[3, 4, 5], "accuracy"].tolist() == pytest.approx([0.98, 0.99, 1.0])
    expected = stats.binomtest(98, 100).proportion_ci(method="wilson")
    assert frame.loc[3, ["low", "high"]].tolist() == pytest.approx([expected.low, expected.high])


def test_one_class_leaves_the_others_without_an_accuracy(make_run: RunWriter) -> None:
    run = rewrite(make_run(), labels=np.zeros(5, np.int64), guesses=[0, 0, 0, 1, 0])
    frame = compute_class_accuracy(Comparison.of([run]))
    assert frame["accuracy"].tolist() == pytest.approx([0.8] + 9 * [np.nan], nan_ok=True)
    assert frame.loc[1, ["low", "high"]].tolist() == [0, 1]


def test_confusion_that_one_head_has_alone_is_said_to_be(make_run: RunWriter) -> None:
    gap, dense = LABELS.copy(), LABELS.copy()
    gap[[0, 10, 20]], dense[[0]] = 1, 1  # 0 taken for 1
    gap[[5, 15]] = 6
    dense[[7]] = 8
    comparison = Comparison.of([with_guesses(make_run, "gap", gap), with_guesses(make_run, "dense", dense)])
    frame = compare_confusions(comparison)
    rows = frame[["label", "guess", "images_a", "images_b", "only"]].to_numpy().tolist()
    assert rows == [[0, 1, 3, 1, ""], [5, 6, 2, 0, "GAP"], [7, 8, 0, 1, "Flatten + Dense"]]


# Convergence


def test_convergence_is_the_first_epoch_that_gets_there(make_run: RunWriter) -> None:
    slow = rewrite(make_run(head="gap"), history=history_of(6, top=0.9, pace=1.0))
    quick = rewrite(make_run(head="dense"), history=history_of(6, top=1.0, pace=2.0))
    comparison = Comparison.of([slow, quick])
    frame = compute_convergence(comparison, 0.75)  # 0.9 · (1 − 2⁻³) = 0.7875; 1 − 2⁻² = 0.75
    assert frame["epochs"].tolist() == [3, 2]
    assert frame["seconds"].tolist() == [3, 4]
    factors = compute_factors(frame)
    assert factors["epochs_factor"].tolist() == [1.5, 1]
    assert factors["seconds_factor"].tolist() == pytest.approx([1, 4 / 3])
    assert choose_target(comparison) == 0.88  # 0.9 · (1 − 2⁻⁶) = 0.8859


def test_run_that_never_gets_there_has_no_factor(make_run: RunWriter) -> None:
    histories = {("gap", 0): 0.9, ("gap", 1): 0.5, ("dense", 0): 0.9}
    runs = [
        rewrite(make_run(head=head, seed=seed), history=history_of(6, top)) for (head, seed), top in histories.items()
    ]
    frame = compute_convergence(Comparison.of(runs), 0.8)
    assert frame["epochs"].isna().tolist() == [False, True, False]
    factors = compute_factors(frame)
    assert factors["reached"].tolist() == [1, 1]
    assert factors["epochs_factor"].tolist() == pytest.approx([np.nan, 1], nan_ok=True)


def test_training_without_a_number_has_a_target_of_nothing(make_run: RunWriter) -> None:
    rows = [row | {"val_accuracy": None} for row in history_of(3)]
    assert choose_target(Comparison.of([rewrite(make_run(), history=rows)])) == 0


def test_frames_are_whole_for_one_head(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run()])
    for frame in (compute_significance(comparison), compute_disagreement(comparison), compare_confusions(comparison)):
        assert isinstance(frame, pd.DataFrame)
        assert frame.empty
