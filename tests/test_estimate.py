"""How long trainings will take, judged from finished ones."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.architecture.model import compute_model
from core.jobs.estimate import Estimate, _longest, estimate_seconds
from core.spec import RunSpec

MODEL = compute_model(RunSpec(), (28, 28, 1), 10)


def finished_runs(epochs: list[int], seconds: list[float], source: str = "home") -> pd.DataFrame:
    """Runs of MODEL on 100 images."""
    runs = {"epochs": epochs, "train_seconds": seconds}
    return pd.DataFrame(runs).assign(flops=MODEL.flops, fitted_images=100, source=source)


def foresee(runs: pd.DataFrame, epochs: int, *, trainings: int = 1, slots: int = 1) -> Estimate:
    found = estimate_seconds(runs, [MODEL] * trainings, epochs, 100, slots)
    assert found is not None
    return found


def test_estimate_scales_with_the_work_and_says_how_sure_it_is() -> None:
    found = foresee(finished_runs([2, 2, 2], [1.0, 2.0, 4.0]), 6, trainings=2, slots=2)
    assert found.seconds == pytest.approx(6.0)
    assert found.low < found.seconds < found.high
    assert found.runs == 3


def test_one_run_is_given_a_factor_of_two_either_way() -> None:
    found = foresee(finished_runs([2], [2.0]), 6)
    assert (found.low, found.seconds, found.high) == pytest.approx((3.0, 6.0, 12.0))


def test_nothing_finished_gives_no_estimate() -> None:
    assert estimate_seconds(finished_runs([], []), [MODEL], 1, 1, 1) is None


def test_examples_answer_only_where_home_has_trained_nothing_near_as_large() -> None:
    runs = pd.concat([finished_runs([2] * 9, [1.0] * 9, "example"), finished_runs([2], [5.0])], ignore_index=True)
    near, far = foresee(runs, 20), foresee(runs, 21)
    assert (near.runs, near.seconds) == (1, pytest.approx(50.0))
    assert (far.runs, far.seconds) == (10, pytest.approx(10.5))


@given(
    start=st.floats(0.5, 30),
    pace=st.floats(0.001, 10),
    epochs=st.lists(st.integers(1, 5000), min_size=2, max_size=9),
)
def test_start_and_pace_are_told_apart_by_runs_of_different_size(start: float, pace: float, epochs: list[int]) -> None:
    assume(max(epochs) >= 4 * min(epochs))
    found = foresee(finished_runs(epochs, [start + pace * epoch for epoch in epochs]), 5 * max(epochs))
    truth = start + pace * 5 * max(epochs)
    assert (found.low, found.seconds, found.high) == pytest.approx((truth, truth, truth), rel=1e-3)


def test_tiny_runs_do_not_make_a_large_one_uncertain() -> None:
    """Nearly all of a tiny run is its start: by its pace, the 100 epochs would take 100 seconds instead of 11."""
    found = foresee(finished_runs([1, 1, 3, 200], [1.0, 1.2, 1.3, 21.0]), 100)
    assert found.low < 11.0 < found.high < 1.5 * found.low


@given(st.lists(st.integers(0, 1000), max_size=20), st.integers(1, 8))
def test_side_by_side_is_never_faster_than_the_work_allows(amounts: list[int], slots: int) -> None:
    end = _longest(amounts, slots)
    assert max([*amounts, -(-sum(amounts) // slots)]) <= end <= sum(amounts)
