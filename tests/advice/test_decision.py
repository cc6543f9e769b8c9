"""The decision between finalists: verdicts, edge cases, properties, and error rates over races with known truths."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.advice_errors import SimulatedRace, measure_race
from core.advice.contrast import compute_contrast
from core.advice.decision import Decision, Finalist, decide
from core.advice.dropping import can_decide
from core.advice.request import Metric
from core.analysis.balanced_accuracy import compute_balanced_estimate
from core.analysis.difference import MAX_SEEDS, compute_interval

IMAGES = 4_000
METRICS: tuple[Metric, ...] = ("accuracy", "balanced_accuracy")


def make_finalist(name: str, cost: float, accuracy: float, seeds: int = 3, images: int = IMAGES) -> Finalist:
    """Return a finalist whose seeds are about equally accurate, each wrong on other images."""
    rng = np.random.default_rng(int(1000 * accuracy) + len(name))
    right = rng.permuted(np.tile(np.arange(images) < round(accuracy * images), (seeds, 1)), axis=1)
    for row in range(seeds):
        right[row, rng.integers(images, size=row)] = True
    return Finalist(name, cost, right, np.arange(images) % 10)


@st.composite
def sets_of_finalists(draw: st.DrawFn) -> list[Finalist]:
    images = draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = rng.integers(0, draw(st.integers(1, 4)), images)
    accuracies = st.sampled_from([0.0, 0.5, 0.9, 1.0])
    return [
        Finalist(str(number), draw(st.integers(1, 3)), rng.random((draw(st.integers(1, 4)), images)) < aim, labels)
        for number, aim in enumerate(draw(st.lists(accuracies, min_size=1, max_size=4)))
    ]


def test_the_cheapest_finalist_within_the_margin_is_chosen() -> None:
    finalists = [
        make_finalist("gap", 1, 0.88),
        make_finalist("linear", 2, 0.948),
        make_finalist("flatten", 3, 0.949),
        make_finalist("dense", 9, 0.95),
    ]
    found = decide(finalists, 0.02)
    assert (found.state, found.choice, found.reference, found.tied) == ("decided", "linear", "dense", ())
    assert [one.verdict for one in found.comparisons] == ["not within the margin"] + 3 * ["within the margin"]
    needed = decide([finalists[0], finalists[3]], 0.02)
    assert (needed.state, needed.choice) == ("needed", "dense")
    tie = decide([finalists[0], finalists[1], finalists[3]], 0.002)
    assert (tie.state, tie.choice, tie.tied) == ("undecided", None, ("linear", "dense"))
    assert tie.more_seeds is None  # the true difference is the margin
    strict = [decide(finalists, 0.012, analysis=number, analyses=4) for number in (1, 2, 3, 4)]
    assert [one.level for one in strict] == sorted(one.level for one in strict)
    bounds = [one.comparisons[1].bound for one in strict]
    assert bounds == sorted(bounds)


def test_more_seeds_as_advised_settle_a_tie_and_images_limit_them() -> None:
    rng = np.random.default_rng(0)
    labels = np.zeros(3_000, dtype=np.int64)

    def decide_equal(seeds: int, images: int) -> Decision:
        aims = 0.95 + 0.006 * np.resize([-1, 1], seeds)[:, None]
        correct = rng.random((2, seeds, images)) < aims
        finalists = [
            Finalist(name, len(name), right, labels[:images]) for name, right in zip(("a", "bb"), correct, strict=True)
        ]
        return decide(finalists, 0.02)

    few = decide_equal(2, 3_000)
    assert few.state == "undecided"
    assert few.more_seeds is not None
    assert 1 <= few.more_seeds <= 20
    more = decide_equal(2 + few.more_seeds, 3_000)
    assert (more.state, more.choice) == ("decided", "a")
    tiny = decide_equal(2, 60)
    assert (tiny.state, tiny.more_seeds) == ("undecided", None)


def test_the_estimate_is_that_of_the_comparison_where_no_limit_of_the_variance_applies() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 3_000)
    a, b = rng.random((3, 3_000)) < 0.9, rng.random((4, 3_000)) < 0.85
    a, b = a & (rng.random((3, 3_000)) < [[1.0], [0.99], [0.98]]), b & (rng.random(3_000) < 0.9)
    first, second = Finalist("a", 1, a, labels), Finalist("b", 2, b, labels)
    row = decide([first, second], 0.001, reference="b").comparisons[0]
    assert (row.mean, row.low, row.high) == pytest.approx(compute_interval(a, b), abs=1e-9)
    row = decide([first, second], 0.001, reference="b", metric="balanced_accuracy").comparisons[0]
    estimate = compute_balanced_estimate(labels, a, b)
    assert (row.mean, row.low, row.high) == pytest.approx((estimate.mean, *estimate.interval()), abs=1e-9)


def test_extreme_results_have_a_defined_answer() -> None:
    labels = np.arange(2_000) % 4
    perfect, wrong = np.ones((3, 2_000), bool), np.zeros((3, 2_000), bool)

    def state(*correct: np.ndarray, costs: Sequence[float] = (1, 2, 3), margin: float = 0.01) -> tuple[str, str | None]:
        images = correct[0].shape[1]
        finalists = [Finalist(str(i), costs[i], right, labels[:images]) for i, right in enumerate(correct)]
        found = [decide(finalists, margin, metric=metric) for metric in ("accuracy", "balanced_accuracy")]
        assert found[0].state == found[1].state
        return found[0].state, found[0].choice

    assert state(perfect) == state(perfect[:1]) == state(perfect[:, :1]) == ("decided", "0")
    assert state(perfect, perfect) == state(wrong, wrong) == ("decided", "0")
    assert state(wrong, perfect) == ("needed", "1")
    assert state(perfect, wrong) == ("decided", "0")
    assert state(perfect, perfect[:1]) == ("undecided", None)  # one seed
    assert state(perfect, perfect[:2], perfect) == ("decided", "0")
    assert state(perfect[:, :12], perfect[:, :12]) == ("undecided", None)  # few images
    assert state(perfect[:, :1], perfect[:, :1]) == ("undecided", None)
    assert state(wrong, perfect, costs=(2, 2)) == ("decided", "1")  # equal costs
    equal = [make_finalist("a", 1, 0.9), make_finalist("b", 1, 0.91)]
    assert [decide(equal, 0.05, reference=name).choice for name in ("a", "b", None)] == ["a", "b", "b"]
    one = equal[0]
    for finalists, margin in (([], 0.01), ([one, one], 0.01), ([one], 0.0)):
        with pytest.raises(ValueError, match="Expected"):
            decide(finalists, margin)
    with pytest.raises(ValueError, match="Expected"):
        decide(equal, 0.05, reference="c")
    for other in (
        replace(one, name="b", labels=one.labels + 1),
        replace(one, name="b", right=one.right[:, 1:]),
        replace(one, name="b", right=one.right[:0]),
        replace(one, name="b", cost=float("nan")),
    ):
        with pytest.raises(ValueError, match="Expected"):
            decide([one, other], 0.01)


def check_consistent(found: Decision, finalists: list[Finalist], margin: float) -> None:
    costs = {one.name: one.cost for one in finalists}
    verdicts = {one.name: one for one in found.comparisons}
    assert set(verdicts) == set(costs)
    assert [one.cost for one in found.comparisons] == sorted(costs.values())
    for one in found.comparisons:
        assert -1 <= one.low <= one.mean <= one.high <= 1
        assert 0 <= one.p <= 1
        assert (one.verdict == "within the margin") == (one.bound > -margin)
    if found.choice is not None:
        assert verdicts[found.choice].bound > -margin
        assert costs[found.choice] <= costs[found.reference]
    if found.state == "undecided":
        assert found.tied
        assert set(found.tied) <= set(costs)
        assert found.more_seeds is None or 0 < found.more_seeds < MAX_SEEDS
    else:
        cheaper = [one for one in found.comparisons if one.cost < costs[found.choice or ""]]
        assert all(one.verdict == "not within the margin" for one in cheaper)
        assert found.tied == ()
        assert (found.state == "needed") == (found.choice == found.reference and bool(cheaper))


@settings(max_examples=60, deadline=None)
@given(
    sets_of_finalists(),
    st.sampled_from([0.01, 0.1, 0.5]),
    st.sampled_from(["accuracy", "balanced_accuracy"]),
    st.data(),
)
def test_every_decision_is_consistent_and_does_not_depend_on_the_order(
    finalists: list[Finalist], margin: float, metric: Metric, data: st.DataObject
) -> None:
    found = decide(finalists, margin, metric=metric, analysis=1, analyses=2)
    check_consistent(found, finalists, margin)
    assert decide(data.draw(st.permutations(finalists)), margin, metric=metric, analysis=1, analyses=2) == found
    selected = decide(finalists, margin, metric=metric, reference=finalists[-1].name)
    check_consistent(selected, finalists, margin)


@pytest.mark.parametrize("metric", METRICS)
def test_data_that_are_too_small_are_never_within_the_margin(metric: Metric) -> None:
    for margin in (0.01, 0.03, 0.2):
        images = next(count for count in range(1, 1_000) if can_decide(count, margin) is None)
        for count, enough in ((images - 1, False), (images, True)):
            same = np.ones((9, count), bool)
            contrast = compute_contrast(np.arange(count) % 1, same, same, margin, metric)
            assert (contrast.p_within <= 0.05) is enough


def test_the_sentence_about_small_data_names_what_is_needed() -> None:
    assert can_decide(2_000, 0.01) is None
    assert can_decide(12, 0.01) == (
        "12 images are too few to show that a candidate loses less than 1 point, even if all candidates predict every "
        "image alike: at least 270 are needed. Only losses above about 17 points can be shown."
    )
    assert "losses above" not in str(can_decide(1, 0.5))


def test_wrong_statements_are_rare_and_equal_finalists_are_found() -> None:
    """1,100 races with finalists exactly at the margin: at most 5% wrong, plus two standard errors."""
    cases = (
        (SimulatedRace((0.92, 0.95), 0.03, (300, 360), 3), 500),
        (SimulatedRace((0.92, 0.92, 0.95), 0.03, (200, 300), 2), 200),
        (SimulatedRace((0.98, 0.99), 0.01, (300, 300), 2, 0.001), 200),
        (SimulatedRace((0.92, 0.95), 0.03, (300, 300), 3, 0.0, rare=True), 200),
    )
    for race, races in cases:
        found = measure_race(race, races, seed=1)
        limit = 0.05 + 2 * (0.05 * 0.95 / races) ** 0.5
        assert max(found["wrong_within"], found["wrong_not_within"]) <= limit, (race, found)
    power = measure_race(SimulatedRace((0.95, 0.95), 0.03, (1_500, 1_500), 3), 60)
    assert power["right"] > 0.7, power
