"""Robustness: the same harder images for every model, what is kept of the answers, and what they say of the heads."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from core.analysis.robustness import answer_pooling, compute_losses, compute_robustness, list_tested
from core.augment.stress import LEAST_IMAGES, MOST_FLOPS, MOST_IMAGES, STRESSES, choose_images, list_rows
from core.displays.views.robustness_loss import RobustnessLoss
from core.errors import RunDamagedError
from core.spec import TRANSFORMS
from core.store.comparison import Comparison
from core.store.robustness import NAME, Robustness
from core.store.run import Run
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

stresses = pytest.mark.parametrize("name", STRESSES)


def noise(shape: tuple[int, ...] = (28, 28, 1)) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


# The images


@stresses
def test_stress_is_one_of_the_transforms_with_a_value_that_changes_nothing(name: str) -> None:
    stress = STRESSES[name]
    assert stress.transform in TRANSFORMS
    assert {stress.neutral, stress.usual} <= set(stress.values)
    assert list(stress.values) == sorted(set(stress.values))
    assert "{" not in stress.write(stress.usual)


@stresses
@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (8, 8, 1)])
def test_stress_gives_images_of_the_same_shape_and_the_same_again(name: str, shape: tuple[int, ...]) -> None:
    stress, image = STRESSES[name], noise(shape)
    for value in stress.values:
        seen = stress.apply(image, value, 3)
        assert (seen.shape, seen.dtype) == (shape, np.uint8)
        np.testing.assert_array_equal(seen, stress.apply(image, value, 3))
        assert np.array_equal(seen, image) == (value == stress.neutral)


def test_shift_moves_every_image_by_whole_pixels_in_some_direction() -> None:
    image = np.zeros((28, 28, 1), np.uint8)
    image[14, 14] = 255
    places = set()
    for index in range(60):
        (row,), (column,) = np.nonzero(STRESSES["shift"].apply(image, 4, index)[..., 0])
        places.add((int(row) - 14, int(column) - 14))
    assert places == {(4, 0), (-4, 0), (0, 4), (0, -4)}


@given(st.integers(1, 20_000), st.integers(1, 10**11))
def test_images_are_as_many_as_the_arithmetic_allows_or_none(tests: int, flops: int) -> None:
    places = choose_images(tests, flops)
    assert len(places) <= min(MOST_IMAGES, tests)
    assert len(places) * len(list_rows()) * flops <= MOST_FLOPS
    assert (np.diff(places) > 0).all()
    if MOST_FLOPS / (len(list_rows()) * flops) < LEAST_IMAGES:
        assert not len(places)


def test_a_larger_model_is_put_to_some_of_the_images_of_a_smaller_one() -> None:
    assert set(choose_images(10_000, 200_000_000)) < set(choose_images(10_000, 5_000_000))


# The arithmetic, by hand


def answer(run: Run, wrong: dict[tuple[str, float], list[int]], images: int = 4) -> Run:
    """The run as if it had been right on all of the first images, but for those that are wrong in some row."""
    labels = run.predictions.test_labels[:images]
    rows = []
    for row in list_rows():
        guesses = labels.astype(np.int16).copy()
        for place in wrong.get(row, []):
            guesses[place] = -1
        rows.append(guesses)
    names, values = zip(*list_rows(), strict=True)
    found = Robustness(np.array(names), np.array(values, np.float32), np.arange(images, dtype=np.int32), np.stack(rows))
    np.savez_compressed(run.path / NAME, **vars(found))
    return rewrite(run)


def test_accuracies_are_means_over_seeds_with_wilsons_interval_of_the_images(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=0), {("shift", 4): [0, 1]}), answer(make_run(head="gap", seed=1), {})]
    frame = compute_robustness(list_tested(Comparison.of(runs)))
    row = frame.query("stress == 'shift' and value == 4").iloc[0]
    assert (row["accuracy"], row["images"], row["seeds"]) == (0.75, 4, 2)
    expected = stats.binomtest(3, 4).proportion_ci(method="wilson")
    assert (row["low"], row["high"]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert frame.query("stress == 'contrast'")["value"].tolist() == list(STRESSES["contrast"].values)
    assert frame.query("stress == 'contrast' and value == 1")["accuracy"].tolist() == [1.0]


def test_loss_counts_answers_that_a_stress_took_less_those_that_it_gave(make_run: RunWriter) -> None:
    run = answer(make_run(head="gap"), {("", 0.0): [3], ("shift", 4): [0, 1]})
    row = compute_losses(list_tested(Comparison.of([run]))).query("stress == 'shift'").iloc[0]
    assert (row["before"], row["after"], row["loss"]) == (0.75, 0.5, 0.25)
    assert row["low"] <= row["loss"] <= row["high"]


def test_pooling_that_loses_less_on_every_seed_is_said_to_buy_invariance(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=seed), {("shift", 4): [0]}, 40) for seed in range(3)]
    runs += [answer(make_run(head="dense", seed=seed), {("shift", 4): [*range(30)]}, 40) for seed in range(3)]
    comparison = Comparison.of(runs)
    found = answer_pooling(list_tested(comparison))
    assert found is not None
    assert (found.pooled, found.flat, found.seeds) == ("GAP", "Flatten + Dense", 3)
    assert (found.pooled_loss, found.flat_loss, found.gain) == (0.025, 0.75, 0.725)
    assert 0 < found.low < found.gain < found.high
    said = RobustnessLoss(comparison).describe()
    assert said.startswith("Does global pooling buy shift invariance? Yes: shifted by 4 px, GAP loses 2.5 points")


@pytest.mark.parametrize(
    ("pooled", "flat", "word"),
    [([*range(30)], [0], "No, it costs some: "), ([0], [0], "These runs cannot show it: ")],
)
def test_pooling_that_does_not_is_said_so(make_run: RunWriter, pooled: list[int], flat: list[int], word: str) -> None:
    runs = [answer(make_run(head="gap", seed=seed), {("shift", 4): pooled}, 40) for seed in range(3)]
    runs += [answer(make_run(head="dense", seed=seed), {("shift", 4): flat}, 40) for seed in range(3)]
    assert (
        RobustnessLoss(Comparison.of(runs)).describe().startswith(f"Does global pooling buy shift invariance? {word}")
    )


def test_one_seed_is_a_result_and_no_verdict(make_run: RunWriter) -> None:
    runs = [answer(make_run(head=head), {}) for head in ("gap", "dense")]
    assert RobustnessLoss(Comparison.of(runs)).describe().endswith("(one seed: a result, not a verdict).")


def test_heads_meet_on_the_images_that_all_were_put_to(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap"), {}, 10), answer(make_run(head="dense"), {}, 6)]
    assert {one.right.shape[2] for one in list_tested(Comparison.of(runs))} == {6}


def test_head_without_seeds_in_common_has_no_answer(make_run: RunWriter) -> None:
    runs = [answer(make_run(head="gap", seed=0), {}), answer(make_run(head="dense", seed=1), {})]
    assert answer_pooling(list_tested(Comparison.of(runs))) is None


def test_older_runs_say_that_they_know_nothing(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    run = rewrite(run, labels=run.predictions.test_labels)
    comparison = Comparison.of([run])
    assert list_tested(comparison) == []
    assert RobustnessLoss(comparison).chart() is None
    assert RobustnessLoss(comparison).describe().startswith("These runs were not put to stress: they were trained")


def test_model_too_large_is_named_as_such(make_run: RunWriter) -> None:
    run = make_run(head="gap")
    run = rewrite(run, labels=run.predictions.test_labels, data={"input_shape": (512, 512, 1)})
    assert "FLOPs an image, 50 images in 44 variants" in RobustnessLoss(Comparison.of([run])).describe()


# The file

FILES = {
    "cut": lambda found, path: path.write_bytes(path.read_bytes()[:200]),
    "empty": lambda found, path: path.write_bytes(b""),
    "pickled": lambda found, path: np.savez(path, **vars(replace(found, stresses=found.stresses.astype(object)))),
    "rows missing": lambda found, path: np.savez(path, **vars(replace(found, values=found.values[:-1]))),
    "images beyond": lambda found, path: np.savez(path, **vars(replace(found, images=found.images + 10_000))),
    "an array missing": lambda found, path: np.savez(path, guesses=found.guesses),
}


@pytest.mark.parametrize("damage", FILES)
def test_file_that_cannot_be_trusted_is_told_in_a_sentence(make_run: RunWriter, damage: str) -> None:
    run = make_run(head="gap")
    FILES[damage](run.robustness, run.path / NAME)
    with pytest.raises(RunDamagedError, match=r"^Expected .*robustness\.npz .*run.*; got"):
        _ = rewrite(run).robustness
