"""The split that Headroom draws: fair to every class, and duplicates on one side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.custom.draw_split import draw_split
from core.datasets.custom.image_files import TEST, TRAIN, VALIDATION

BOTH = (TEST, VALIDATION)


def draw(labels: list[int], groups: list[int] | None = None, parts: list[int] | None = None, drawn=BOTH) -> np.ndarray:
    count = len(labels)
    return draw_split(
        np.array(labels, np.int64),
        np.arange(count) if groups is None else np.array(groups, np.int64),
        np.zeros(count, np.uint8) if parts is None else np.array(parts, np.uint8),
        drawn,
    )


@given(st.lists(st.integers(2, 40), min_size=2, max_size=12))
def test_every_class_is_in_every_split_it_has_images_for(counts: list[int]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    found = draw([*labels])
    for label, count in enumerate(counts):
        train, validation, test = np.bincount(found[labels == label], minlength=3)
        assert train >= 1
        assert test + validation >= 1
        if count > 2:
            assert test == (count + 3) // 5
            assert validation == (count - test + 3) // 5
    if max(counts) == 2:
        assert (found == VALIDATION).sum() == len(counts) // 5


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), min_size=4, max_size=40),
    st.sampled_from([BOTH, (TEST,), (VALIDATION,)]),
)
def test_groups_stay_together_unless_they_are_a_whole_class(
    pairs: list[tuple[int, int]], drawn: tuple[int, ...]
) -> None:
    labels, groups = np.array(pairs).T
    found = draw([*labels], [*groups], drawn=drawn)
    assert set(found) <= {TRAIN, *drawn}
    assert TRAIN in found
    whole = [
        label for label in np.unique(labels)
        if (labels == label).sum() > 1 and len(np.unique(groups[labels == label])) == 1
    ]  # fmt: skip
    split = {int(groups[labels == label][0]) for label in whole}
    for group in np.unique(groups):
        if group not in split:
            assert len(np.unique(found[groups == group])) == 1


def test_every_picture_twice_is_split_without_a_leak() -> None:
    labels, groups = [0] * 20 + [1] * 20, [row // 2 for row in range(40)]
    found = draw(labels, groups)
    assert np.bincount(found).tolist() == [28, 4, 8]
    assert all(found[::2] == found[1::2])
    giant = draw([0] * 10 + [1] * 10, [*[0] * 9, 1, *range(2, 12)])  # nine of ten images are the same
    assert np.bincount(giant[:10], minlength=3).tolist() == [9, 0, 1]


def test_given_splits_stay_and_only_missing_ones_are_drawn() -> None:
    labels = [0, 1] * 10
    parts = [TRAIN] * 14 + [TEST] * 6
    found = draw(labels, parts=parts, drawn=(VALIDATION,))
    assert found[14:].tolist() == [TEST] * 6
    assert np.bincount(found[:14], minlength=3).tolist() == [10, 4, 0]
    assert draw(labels, parts=parts, drawn=()).tolist() == parts


@pytest.mark.parametrize("count", [2, 3, 7, 500])
def test_balanced_classes_keep_the_order_of_the_former_split(count: int) -> None:
    """Before, the second of each five images was for test, and the last fifth of all others for validation."""
    found = draw([0] * count)
    test = [row for row in range(count) if row % 5 == 1]
    rest = [row for row in range(count) if row % 5 != 1]
    assert np.flatnonzero(found == TEST).tolist() == test
    assert np.flatnonzero(found == VALIDATION).tolist() == (rest[-((len(rest) + 3) // 5) :] if count > 2 else [])
