"""Accuracy difference of two heads compared with a direct computation, SciPy and simulations, and edge cases."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from benchmarks.coverage import measure, measure_advice, measure_margin
from core.analysis.baseline import MAX_VARIANTS_PAIRED, find_baseline
from core.analysis.crossed import compute_components
from core.analysis.difference import (
    Difference,
    Need,
    compute_differences,
    compute_interval,
    compute_margin_p,
    compute_need,
)
from core.analysis.significance import compute_significance, correct_holm
from core.displays.headline import write_headline
from core.store.comparison import Comparison
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


@st.composite
def pairs_of_heads(draw: st.DrawFn, min_seeds: int = 1) -> tuple[np.ndarray, np.ndarray]:
    images = draw(st.integers(2, 40))
    seeds = st.integers(min_seeds, 4)
    a, b = (draw(hnp.arrays(bool, st.tuples(seeds, st.just(images)))) for _ in range(2))
    return a, b


def test_interval_equals_the_published_formula() -> None:
    """Compute each mean square from its definition, with loops, and the Welch–Satterthwaite degrees of freedom."""
    rng = np.random.default_rng(1)
    a, b = rng.random((3, 50)) < 0.9, rng.random((5, 50)) < 0.7
    run, noise = [], 0.0
    for x in (a.astype(float), b.astype(float)):
        k, n = x.shape
        run.append(np.var([row.mean() for row in x], ddof=1))
        squares = [(x[r, i] - x[:, i].mean() - x[r].mean() + x.mean()) ** 2 for r in range(k) for i in range(n)]
        noise += sum(squares) / ((k - 1) * (n - 1)) / k
    image = max(0.0, np.var(a.mean(axis=0) - b.mean(axis=0), ddof=1) - noise) / 50
    terms = [(run[0] / 3, 2), (run[1] / 5, 4), (image, 49)]
    variance = sum(term for term, _ in terms)
    df = variance**2 / sum(term**2 / free for term, free in terms)
    half = stats.t.ppf(0.95, df) * variance**0.5
    mean = a.mean() - b.mean()
    assert compute_interval(a, b, level=0.9) == pytest.approx((mean, mean - half, mean + half))


def test_interval_for_infinitely_many_images_is_welchs_t_interval() -> None:
    shares_a, shares_b = (0.90, 0.91, 0.93), (0.85, 0.88)
    images = 100_000
    a, b = (np.arange(images) < np.array(shares)[:, None] * images for shares in (shares_a, shares_b))
    expected = stats.ttest_ind(shares_a, shares_b, equal_var=False).confidence_interval()
    assert compute_interval(a, b)[1:] == pytest.approx((expected.low, expected.high), abs=0.002)


def test_interval_of_single_seeds_is_the_paired_t_interval_over_images() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.random((1, 300)) < 0.9, rng.random((1, 300)) < 0.8
    expected = stats.ttest_rel(a[0].astype(float), b[0].astype(float)).confidence_interval()
    assert compute_interval(a, b)[1:] == pytest.approx((expected.low, expected.high))


@settings(deadline=None, max_examples=200)
@given(pairs_of_heads(), st.randoms(use_true_random=False))
def test_interval_is_antisymmetric_and_depends_on_no_order(pair: tuple[np.ndarray, np.ndarray], random: object) -> None:
    a, b = pair
    mean, low, high = compute_interval(a, b)
    assert -1 <= low <= mean <= high <= 1
    assert compute_interval(b, a) == pytest.approx((-mean, -high, -low), abs=1e-12)
    rng = np.random.default_rng(0)
    images = rng.permutation(a.shape[1])
    mixed = rng.permutation(a)[:, images], rng.permutation(b)[:, images]
    assert compute_interval(*mixed) == pytest.approx((mean, low, high), abs=1e-9)
    narrow = compute_interval(a, b, level=0.5)
    assert low <= narrow[1] <= narrow[2] <= high


@settings(deadline=None, max_examples=100)
@given(pairs_of_heads(min_seeds=2))
def test_verdict_interval_and_p_value_agree(pair: tuple[np.ndarray, np.ndarray]) -> None:
    components = compute_components(*pair)
    found = Difference("a", "b", components, components.estimate().p)
    decided = found.low > 0 or found.high < 0
    assert (found.verdict in ("better", "worse")) == decided or abs(found.p - 0.05) < 1e-9
    opposite = found.reverse()
    assert (opposite.mean, opposite.low, opposite.high) == pytest.approx((-found.mean, -found.high, -found.low))
    swap = {"better": "worse", "worse": "better"}
    assert opposite.verdict == swap.get(found.verdict, found.verdict)
    need = compute_need(found)
    assert need.seeds is None or need.seeds > min(found.seeds)
    assert need.images is None or need.images > found.images


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_interval_has_the_promised_coverage(seeds: int) -> None:
    """A short form of `benchmarks/coverage.py`: 300 comparisons have a standard error of 1.3 points."""
    for spread, accuracy in ((0.002, 0.9), (0.007, 0.98), (0.02, 0.9)):
        found = measure(accuracy, 0.0, spread, seeds, 360, 300)
        assert 0.92 <= found["coverage"] <= 0.985, (spread, accuracy, found)
        assert found["coverage_accuracy"] >= 0.9, (spread, accuracy, found)


def test_three_points_are_found_more_often_than_before() -> None:
    assert measure(0.9, 0.03, 0.007, 3, 360, 300)["decided"] >= 0.4  # 3% with the former interval
    assert measure(0.9, 0.09, 0.007, 2, 360, 300)["decided"] >= 0.7  # 12%


def test_following_the_advice_settles_a_comparison_as_often_as_promised() -> None:
    found = measure_advice(3, 360, 0.007, 250)
    assert found["advised"] > 50
    assert found["settled"] >= 0.7


def test_heads_that_agree_on_every_image_have_zero_difference(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, head, wrong_at(range(10)), seed) for head in ("gap", "dense") for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert found.verdict == "no significant difference"
    assert compute_need(found) == Need()


def test_heads_that_disagree_on_every_image_have_the_maximum_difference(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at([]), seed) for seed in (0, 1)]
    runs += [with_predictions(make_run, "dense", wrong_at(range(1_000)), seed) for seed in (0, 1)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.mean, found.low, found.high) == (1, 1, 1)
    assert found.verdict == "better"


def test_one_test_image_has_an_interval(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, head, wrong_at(wrong, 1)) for head, wrong in (("gap", []), ("dense", [0]))]
    comparison = Comparison.of(runs)
    (found,) = compute_differences(comparison)
    assert (found.mean, found.low, found.high, found.images, found.verdict) == (1, -1, 1, 1, "one seed")
    assert compute_significance(comparison)["p"].tolist() == [1.0]


def test_one_seed_is_never_conclusive(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at([])), with_predictions(make_run, "dense", wrong_at(range(500)))]
    (found,) = compute_differences(Comparison.of(runs))
    assert found.low > 0
    assert (found.verdict, found.margin_verdict) == ("one seed", "undecided")


def test_all_seeds_count_without_a_common_one(make_run: RunWriter) -> None:
    runs = [with_predictions(make_run, "gap", wrong_at(range(10)), seed) for seed in (0, 1, 2)]
    runs += [with_predictions(make_run, "dense", wrong_at(range(200)), seed) for seed in (3, 4)]
    (found,) = compute_differences(Comparison.of(runs))
    assert (found.seeds, found.verdict) == ((3, 2), "better")
    assert found.mean == pytest.approx(0.19)


def test_pairs_are_holm_corrected_and_many_variants_have_one_baseline(make_run: RunWriter) -> None:
    heads = ("gap", "gap_linear", "gap_dense", "flatten", "dense", "mlp")
    for count in (3, len(heads)):
        runs = [
            with_predictions(make_run, head, wrong_at(range(40 * at, 40 * at + 50 + 3 * seed)), seed)
            for at, head in enumerate(heads[:count])
            for seed in (0, 1)
        ]
        comparison = Comparison.of(runs)
        found = compute_differences(comparison)
        assert [one.p_holm for one in found] == correct_holm([one.p for one in found]).tolist()
        assert {one.pairs for one in found} == {len(found)}
        pairs = {frozenset((one.a, one.b)) for one in found}
        baseline = find_baseline(comparison).label
        if count <= MAX_VARIANTS_PAIRED:
            assert pairs == {frozenset(pair) for pair in combinations(comparison.labels, 2)}
        else:
            assert [(one.a, one.b) for one in found] == [(a, baseline) for a in comparison.labels if a != baseline]
        params = {variant.label: variant.first.record.cost.params for variant in comparison.variants}
        assert count > MAX_VARIANTS_PAIRED or all(params[one.a] <= params[one.b] for one in found)


def test_baseline_is_selected_by_validation_accuracy(make_run: RunWriter) -> None:
    better = {"validation_accuracy": 0.9, "test_accuracy": 0.5}
    worse = {"validation_accuracy": 0.5, "test_accuracy": 0.9}
    runs = [make_run(head="gap", accuracy=0.7), rewrite(make_run(head="flatten"), metrics=worse)]
    runs.append(rewrite(make_run(head="dense"), metrics=better))
    comparison = Comparison.of(runs)
    assert find_baseline(comparison).label == "Flatten + Dense"
    assert "Flatten + Dense" in write_headline(comparison)


def test_margins_are_holm_corrected(make_run: RunWriter) -> None:
    """A head is within the margin of another one, but not if it is one of many."""
    heads = ("gap", "gap_linear", "gap_dense", "flatten", "dense", "mlp")
    lost = (12, 24, 26, 28, 30, 12)
    runs = [
        with_predictions(make_run, head, wrong_at(range(40 * at, 40 * at + wrong + seed)), seed)
        for at, (head, wrong) in enumerate(zip(heads, lost, strict=True))
        for seed in (0, 1, 2)
    ]
    comparison = Comparison.of(runs)
    found = compute_differences(comparison, 0.012)
    raw = [compute_margin_p(one.components, 0.012) for one in found]
    assert [one.p_loss for one in found] == correct_holm(raw).tolist()
    close = found[-1]
    assert (close.a, close.b) == ("Flatten + MLP", "GAP")
    assert raw[-1] < 0.05 < close.p_loss
    assert (close.margin_verdict, close.pairs) == ("undecided", 5)
    opposite = close.reverse()
    assert (opposite.p_loss, opposite.p_gain) == (close.p_gain, close.p_loss)
    (alone,) = compute_differences(
        Comparison.of(runs[:3] + runs[-3:]).with_baseline(find_baseline(comparison).key), 0.012
    )
    assert alone.margin_verdict == "within the margin"


def test_agreement_on_few_images_is_not_within_a_margin(make_run: RunWriter) -> None:
    for images, verdict in ((100, "undecided"), (1_000, "within the margin")):
        runs = [
            with_predictions(make_run, head, wrong_at([3], images), seed)
            for head in ("gap", "dense")
            for seed in (0, 1)
        ]
        (found,) = compute_differences(Comparison.of(runs))
        assert (found.low, found.high, found.margin_verdict) == (0, 0, verdict)


def test_heads_that_lose_the_margin_are_rarely_within_it() -> None:
    """A short form of `benchmarks/coverage.py`; the level is 2.5%."""
    for images, margin in ((100, 0.03), (360, 0.01)):
        assert measure_margin(0.9, margin, margin, 0.004, 3, images, 300) <= 0.04
    assert measure_margin(0.98, 0.0, 0.03, 0.004, 3, 360, 100) >= 0.8


MARGINS = [
    ({0: 10, 1: 12, 2: 11}, {0: 10, 1: 11, 2: 12}, 0.01, "within the margin"),
    ({0: 100, 1: 101, 2: 102}, {0: 10, 1: 11, 2: 12}, 0.01, "not within the margin"),
    ({0: 100, 1: 101, 2: 102}, {0: 10, 1: 11, 2: 12}, 0.12, "within the margin"),
    ({0: 10, 1: 60}, {0: 10, 1: 20}, 0.01, "undecided"),
]


@pytest.mark.parametrize(("gap", "dense", "margin", "verdict"), MARGINS)
def test_non_inferiority_follows_the_interval(
    make_run: RunWriter, gap: dict[int, int], dense: dict[int, int], margin: float, verdict: str
) -> None:
    runs = [
        with_predictions(make_run, head, wrong_at(range(wrong)), seed)
        for head, seeds in (("gap", gap), ("dense", dense))
        for seed, wrong in seeds.items()
    ]
    (found,) = compute_differences(Comparison.of(runs), margin)
    assert found.margin_verdict == verdict
    assert (found.low >= -margin) == (verdict == "within the margin")
