"""Dropping candidates early: on learning curves that were recorded, and on curves of all shapes."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.advice.dropping import MIN_EPOCHS, choose_dropped, forecast_accuracy
from core.advice.make_plan import choose_rungs
from tests.support.paths import ROOT

EPOCHS = 25
DATASETS = json.loads((ROOT / "tests/support/learning_curves.json").read_text(encoding="utf-8"))
DATASETS.pop("made")


def follow(
    curves: dict[str, np.ndarray], costs: dict[str, float], margin: float, rungs: tuple[int, ...]
) -> dict[str, int]:
    """Return the epoch at which each dropped candidate was dropped."""
    dropped: dict[str, int] = {}
    for epoch in rungs:
        known = {name: curve[..., :epoch] for name, curve in curves.items() if name not in dropped}
        dropped |= dict.fromkeys(choose_dropped(known, EPOCHS, costs, margin), epoch)
    return dropped


def test_the_best_and_the_winner_survive_on_recorded_curves() -> None:
    """Digits, KMNIST and Fashion-MNIST, one seed and all together, after every other epoch, and after the rungs.

    Slow starts are among them: GAP on the digits has 26% after one epoch and 90% at the end.
    """
    shares = []
    for heads in DATASETS.values():
        costs = {name: float(head["params"]) for name, head in heads.items()}
        sets = [{name: np.array(head["curves"].get(seed, head["curves"]["0"])) for name, head in heads.items()}
                for seed in ("0", "1", "2")]  # fmt: skip
        sets.append({name: np.array(list(head["curves"].values())) for name, head in heads.items()})
        for curves in sets:
            last = {name: float(np.mean(curve[..., -1])) for name, curve in curves.items()}
            best = max(last, key=lambda name: last[name])
            for margin in (0.01, 0.03):
                winner = min((name for name in last if last[name] >= last[best] - margin), key=lambda name: costs[name])
                for rungs in (tuple(range(2, EPOCHS + 1, 2)), choose_rungs(EPOCHS)):
                    dropped = follow(curves, costs, margin, rungs)
                    assert not {best, winner} & set(dropped), (best, winner, dropped)
                shares.append(sum(dropped.get(name, EPOCHS) for name in curves) / EPOCHS / len(curves))
    assert min(shares) < 0.75  # otherwise dropping saves nothing


def test_a_slow_start_is_not_dropped() -> None:
    epochs = np.arange(1, EPOCHS + 1)
    fast = 0.95 - 0.4 * epochs**-1.0
    for start in (3, 6, 10):
        slow = 0.1 + 0.86 / (1 + np.exp(-(epochs - start) / 1.5))
        dropped = follow({"slow": slow, "fast": fast}, {"slow": 1.0, "fast": 9.0}, 0.01, (4, 6, 8, 10, 12, 15, 20))
        assert dropped == {}
    plateau = np.where(epochs < 12, 0.1, 0.9)
    assert follow({"plateau": plateau, "fast": fast}, {"plateau": 1.0, "fast": 9.0}, 0.01, (4, 7, 9, 11)) == {}
    poor = 0.7 - 0.4 * epochs**-1.0
    assert "poor" in follow({"poor": poor, "fast": fast}, {"poor": 1.0, "fast": 9.0}, 0.01, (5, 10))


def test_reasons_name_the_evidence() -> None:
    epochs = np.arange(1, 13.0)
    curves = {
        "best": 0.96 - 0.3 / epochs,
        "poor": 0.6 - 0.3 / epochs,
        "expensive": 0.85 - 0.3 / epochs,
        "diverged": np.full(12, np.nan),
        "new": np.array([0.1]),
        "none": np.zeros(0),
    }
    costs = {"best": 2.0, "poor": 1.0, "expensive": 3.0, "diverged": 1.0, "new": 1.0, "none": 1.0}
    found = choose_dropped(curves, EPOCHS, costs, 0.1)
    assert set(found) == {"poor", "expensive", "diverged"}
    assert found["poor"].startswith("At most 6")
    assert "the best candidate has reached at least" in found["poor"]
    assert "a candidate that costs no more has reached at least" in found["expensive"]
    assert found["diverged"] == "Training diverged: the validation accuracy is not a number."
    assert choose_dropped({"diverged": curves["diverged"]}, EPOCHS, costs, 0.1) == {"diverged": found["diverged"]}
    assert choose_dropped({}, EPOCHS, {}, 0.1) == {}


shapes = st.tuples(st.integers(1, 3), st.integers(0, 12))
values = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.1, 1.0, float("nan")]))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        hnp.arrays(float, st.tuples(st.integers(1, 3), st.integers(0, 12)), elements=values), min_size=1, max_size=4
    ),
    st.integers(1, 15),
    st.floats(0.001, 0.5),
)
def test_any_curves_have_a_range_and_never_all_are_dropped(
    arrays: list[np.ndarray], epochs: int, margin: float
) -> None:
    curves = {str(number): array for number, array in enumerate(arrays)}
    costs = {name: float(int(name) % 2) for name in curves}
    found = choose_dropped(curves, epochs, costs, margin)
    forecasts = {name: forecast_accuracy(curve, epochs) for name, curve in curves.items()}
    for name, forecast in forecasts.items():
        if forecast is None:
            assert "diverged" in found[name]
            continue
        assert 0 <= forecast.low <= forecast.high <= 1
        if curves[name].shape[1] < min(MIN_EPOCHS, epochs):
            assert name not in found
    known = {name: forecast for name, forecast in forecasts.items() if forecast}
    assert not known or max(known, key=lambda name: known[name].high) not in found
    order = dict(reversed(curves.items()))
    assert choose_dropped(order, epochs, costs, margin) == found
