"""Limits as users write them, and what they exclude before any training."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.advice import limits
from core.advice.candidates import estimate_file_bytes, estimate_latency, find_excess, find_exclusion, list_candidates
from core.advice.job_machine import select_measured
from core.advice.limits import Limits
from core.advice.make_plan import choose_rungs, make_plan
from core.advice.request import Request
from core.architecture.model import compute_model
from core.datasets.cache import fetch_dataset
from core.errors import AdviceError
from core.home import EXAMPLES, Home
from core.jobs.submit import Checker
from core.recipes import RECIPES
from core.spec import BACKBONES, HEADS, RunSpec
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.racing import on_machine_of_runs, plan_digits
from tests.support.run_writer import RunWriter

READERS = {
    "read_size": (limits.read_size, {"B": 1, "kB": 1e3, "MB": 1e6, "KiB": 1024, "MiB": 1024**2}, 1.0, 1e12),
    "read_latency": (limits.read_latency, {"us": 1e-6, "ms": 1e-3, "s": 1.0}, 1e-6, 3600.0),
    "read_params": (limits.read_params, {"": 1, "k": 1e3, "M": 1e6}, 1.0, 2.0**53),
    "read_duration": (limits.read_duration, {"s": 1, "m": 60, "min": 60, "h": 3600}, 1.0, 30 * 86400.0),
    "read_margin": (limits.read_margin, {"": 1}, 0.01, 50.0),
}


@given(st.floats(1e-9, 1e16), st.sampled_from(["", " "]), st.sampled_from([*READERS]), st.data())
def test_amounts_are_read_within_their_bounds_or_refused(
    number: float, gap: str, name: str, data: st.DataObject
) -> None:
    read, units, low, high = READERS[name]
    unit = data.draw(st.sampled_from([*units]))
    written = f"{number:.10f}".rstrip("0").rstrip(".")
    value = float(written) * units[unit]
    if low <= value <= high:
        assert read(f"{written}{gap}{unit}") == pytest.approx(value)
    else:
        with pytest.raises(AdviceError):
            read(f"{written}{gap}{unit}")


@given(st.sampled_from([*READERS]), st.text(max_size=80))
def test_texts_that_are_no_amount_are_one_sentence(name: str, text: str) -> None:
    read = READERS[name][0]
    try:
        message = "" if READERS[name][2] <= read(text) <= READERS[name][3] else "out of bounds"
    except AdviceError as error:
        message = str(error)
    assert not message or message.startswith(("Expected max-", "Expected budget", "Expected margin"))
    assert "\n" not in message
    assert len(message) < 250


def test_units_are_required_where_two_are_usual() -> None:
    for read, text in ((limits.read_latency, "5"), (limits.read_duration, "30"), (limits.read_size, "5 parsecs")):
        with pytest.raises(AdviceError, match="; got"):
            read(text)
    assert limits.read_params("50,000") == 50_000
    assert limits.read_duration("1.5h") == 5400


def test_a_file_is_never_smaller_than_the_bound_that_excludes_it() -> None:
    """Exported models of the examples; the estimate is what users see."""
    for path in sorted(path.parent for path in EXAMPLES.glob("*/record.json")):
        run = Run.open(path)
        least, size = estimate_file_bytes(run.model)
        found = run.record.cost.tflite_bytes
        assert found
        assert least <= found
        assert size == pytest.approx(found, rel=0.02)


def test_exactly_the_candidates_above_a_limit_are_excluded(home: Home) -> None:
    """Every head on a backbone with and one without batch normalization, with limits around the costs of each."""
    fetch_dataset(home, "digits")
    frame = RunStore(home, examples=home.path / "none").frame()
    specs = [RunSpec(dataset="digits", head=head, filters=8) for head in HEADS]
    found = list_candidates(Checker(home), specs, Limits(), frame)
    assert all(one.least_bytes <= one.tflite_bytes for one in found)
    for one in found:
        for name in ("params", "size"):
            cost = one.params if name == "params" else one.least_bytes
            for limit, excluded in ((cost - 0.5, True), (cost, False), (cost + 0.5, False)):
                sentence = find_exclusion(one, Limits(**{name: limit}))
                assert bool(sentence) == excluded, (one.name, name)
    names = [one.name for one in list_candidates(Checker(home), [RunSpec(filters=8), RunSpec()], Limits(), frame)]
    assert names == ["GAP, 8 filters", "GAP, 32 filters"]


def test_latency_excludes_only_with_measured_models_of_like_cost(home: Home, make_run: RunWriter) -> None:
    fetch_dataset(home, "digits")
    flops = compute_model(RunSpec(), (28, 28, 1), 10).flops
    assert estimate_latency(flops, make_run.store.frame()) is None
    make_run(head="gap")  # FLOPs / 2e10 seconds
    with on_machine_of_runs():
        _check_latency(home, flops, make_run.store.frame())
    [one] = list_candidates(Checker(home), [RunSpec()], Limits(latency=1e-6), make_run.store.frame())
    assert (one.latency, one.excluded_by) == (None, ""), "on another machine, nothing is known"


def _check_latency(home: Home, flops: int, frame: pd.DataFrame) -> None:
    assert len(select_measured(frame)) == 1
    predicted = estimate_latency(flops, select_measured(frame))
    assert predicted
    assert predicted.low < predicted.seconds < predicted.high
    assert predicted.seconds == pytest.approx(flops / 2e10)
    assert estimate_latency(3 * flops, select_measured(frame)) is None
    assert estimate_latency(flops // 3, select_measured(frame)) is None
    for limit, excluded in ((predicted.low * 0.9, True), (predicted.seconds * 0.9, False)):
        [one] = list_candidates(Checker(home), [RunSpec()], Limits(latency=limit), frame)
        assert one.excluded_by.startswith("About 260 µs per image (") == excluded, "only if the whole range is above"
    assert find_excess({"latency_seconds": 0.006, "tflite_bytes": None}, Limits(latency=0.005)) == (
        "It needs 6 ms per image; the limit is 5 ms."
    )
    assert find_excess({"latency_seconds": 0.004, "tflite_bytes": 10}, Limits(latency=0.005, size=10)) == ""


def test_plan_states_what_it_would_do(home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(home.path / "none"))
    plan = plan_digits(home, limits=Limits(params=100_000))
    assert [bool(one.excluded_by) for one in plan.candidates] == [False, False, True]
    assert (plan.rungs, plan.validation_images, plan.test_images) == ((4, 8, 11, 16), 288, 360)
    assert (plan.estimate, plan.cached) == (None, 0)
    make_run(head="gap", epochs=16)
    later = plan_digits(home, limits=Limits(params=100_000), budget_seconds=5.0)
    assert later.cached == 1
    assert later.estimate
    assert later.longest
    assert later.estimate.seconds < later.longest.seconds
    assert "The time budget is probably too short" in later.warning
    with pytest.raises(AdviceError, match=r"all 3 candidates. The smallest one, GAP \+ Dense: 19,466 parameters; "):
        plan_digits(home, limits=Limits(params=10))
    with pytest.raises(AdviceError, match=r"^It cannot be trained: Expected feature maps"):
        make_plan(home, RECIPES["digits-heads"], Request(), ["gap"], changes={"blocks": 6})
    assert replace(plan, candidates=()).allowed == ()


@given(st.integers(1, 1000))
def test_rungs_increase_to_all_epochs(epochs: int) -> None:
    rungs = choose_rungs(epochs)
    assert rungs[-1] == epochs
    assert sorted(set(rungs)) == [*rungs]
    assert rungs[0] >= min(4, epochs)
    assert len(rungs) <= 4


def test_backbones_multiply_the_candidates(home: Home) -> None:
    fetch_dataset(home, "digits")
    names = [name for name in BACKBONES if name not in ("model", "elsewhere") and not BACKBONES[name].weights][:2]
    plan = make_plan(home, RECIPES["digits-heads"], Request(), ["gap", "dense"], {"backbone": names})
    assert len(plan.candidates) == 4
    assert len({one.name for one in plan.candidates}) == 4
    assert isinstance(RunStore(home).frame(), pd.DataFrame)
