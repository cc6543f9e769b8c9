"""Activation maps in closed form: exact maps add up to the logit; Grad-CAM equals finite differences of the logit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.architecture.activation_map import MapHead, MapPlan, MapWeights, Pooling, normalize_maps, plan_maps
from core.architecture.model import compute_model
from core.errors import SpecError
from core.spec import HEADS, RunSpec

F32 = np.float32


def make_head(pooling: Pooling, maps: tuple[int, int, int], units: list[int], seed: int) -> MapHead:
    """Return random weights of Dense layers with these units, with a ReLU after each but the last."""
    rng = np.random.default_rng(seed)
    width = int(np.prod(maps)) if pooling == "flatten" else maps[-1]
    weights = []
    for count in units:
        weights.append(MapWeights(rng.normal(size=(width, count)).astype(F32), rng.normal(size=count).astype(F32)))
        width = count
    rectified = tuple(index < len(units) - 1 for index in range(len(units)))
    return MapHead(MapPlan(maps, pooling, rectified), tuple(weights))


shapes = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(2, 6))
some = st.fixed_dictionaries(
    {"maps": shapes, "count": st.integers(0, 3), "classes": st.integers(1, 5), "seed": st.integers(0, 2**32 - 1)}
)


@settings(max_examples=60, deadline=None)
@given(some, st.booleans())
def test_mean_of_an_exact_map_plus_its_bias_is_the_logit(case: dict, dense: bool) -> None:
    head = make_head("average", case["maps"], [case["classes"]] if dense else [], case["seed"])
    features = np.random.default_rng(case["seed"]).normal(size=(case["count"], *case["maps"])).astype(F32)
    assert head.plan.exact
    found = head.compute_maps(features)
    assert found.shape == (case["count"], head.classes, *case["maps"][:2])
    np.testing.assert_allclose(found.mean(axis=(2, 3)) + head.bias, head.compute_logits(features), rtol=0, atol=2e-5)


def differentiate(head: MapHead, features: NDArray[np.float32], step: float = 1e-6) -> NDArray[np.float64]:
    """Return the gradient of every logit of one image by every value of its maps, by central differences in float64."""
    exact = MapHead(head.plan, tuple(MapWeights(w.kernel.astype(float), w.bias.astype(float)) for w in head.weights))
    gradient = np.empty((head.classes, *head.plan.maps))
    for index in np.ndindex(head.plan.maps):
        moved = np.repeat(features.astype(float), 2, axis=0)
        moved[0][index] += step
        moved[1][index] -= step
        up, down = exact.compute_logits(moved)
        gradient[(slice(None), *index)] = (up - down) / (2 * step)
    return gradient


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["average", "max", "flatten"]), shapes, st.lists(st.integers(2, 6), max_size=2), st.integers(1, 4),
    st.integers(0, 10_000),
)  # fmt: skip
def test_grad_cam_equals_finite_differences_of_the_logit(
    pooling: Pooling, maps: tuple[int, int, int], hidden: list[int], classes: int, seed: int
) -> None:
    head = make_head(pooling, maps, [*hidden, classes], seed)
    if head.plan.exact:
        return
    features = np.random.default_rng(seed + 1).normal(size=(1, *maps)).astype(F32)
    alphas = differentiate(head, features).mean(axis=(1, 2))
    expected = np.maximum(np.einsum("ck,hwk->chw", alphas, features[0]), 0)
    np.testing.assert_allclose(head.compute_maps(features)[0], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", HEADS)
def test_every_head_has_a_plan(name: str) -> None:
    spec = RunSpec(head=name, blocks=1)
    plan = plan_maps(compute_model(spec, (8, 8, 1), 10))
    assert plan.exact == (name in ("gap", "gap_linear", "gap_dense"))
    assert plan.pooling == ("average" if name.startswith("gap") else "max" if name == "gmp_dense" else "flatten")


def test_single_logit_is_evidence_for_the_second_class_and_against_the_first() -> None:
    head = make_head("average", (3, 3, 4), [1], 0)
    features = np.random.default_rng(1).normal(size=(2, 3, 3, 4)).astype(F32)
    maps = head.compute_maps(features)
    assert maps.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(maps[:, 0], -maps[:, 1])
    np.testing.assert_array_equal(head.bias[0], -head.bias[1])


def test_weights_of_another_head_are_rejected() -> None:
    head = make_head("flatten", (2, 2, 3), [4, 2], 0)
    with pytest.raises(SpecError, match="Expected weights of 2 Dense layers"):
        MapHead(head.plan, head.weights[:1])
    with pytest.raises(SpecError, match="Expected weights of 2 Dense layers"):
        MapHead(head.plan, head.weights[::-1])


def test_shares_are_relative_to_the_maximum_and_defined_without_one() -> None:
    maps = np.zeros((3, 2, 1, 2), F32)
    maps[0] = [[[1, -4]], [[2, 0]]]
    maps[1] = [[[np.nan, 1]], [[np.inf, 0.5]]]
    np.testing.assert_array_equal(normalize_maps(maps, [1, 1, 0], exact=True), [[[0.5, 0]], [[0, 0.5]], [[0, 0]]])
    np.testing.assert_array_equal(normalize_maps(maps, [1, 1, 0], exact=False), [[[1, 0]], [[0, 1]], [[0, 0]]])
    assert normalize_maps(maps[:0], [], exact=True).shape == (0, 1, 2)


def test_model_without_convolutions_has_no_activation_maps() -> None:
    with pytest.raises(SpecError, match="the model has no convolutions"):
        plan_maps(compute_model(RunSpec(backbone="pixels", head="mlp"), (28, 28, 1), 10))
