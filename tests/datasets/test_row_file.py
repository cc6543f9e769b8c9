"""Rows of arrays on disk: moved without a second copy of the file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.row_file import RowWriter, copy_rows, keep_rows


@settings(max_examples=60)
@given(st.permutations(range(9)), st.integers(0, 9), st.sampled_from([(3,), (70, 60, 3)]))
def test_rows_are_kept_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], count: int, shape: tuple[int, ...]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    images = np.random.default_rng(0).integers(0, 256, (9, *shape), np.uint8)
    with RowWriter(folder / "images.npy", shape, np.uint8) as writer:
        for image in images:
            writer.append(image)
    rows = order[:count]
    copy_rows(folder / "images.npy", folder / "copy.npy", rows)
    keep_rows(folder / "images.npy", rows)
    for name in ("images", "copy"):
        assert np.array_equal(np.load(folder / f"{name}.npy"), images[rows])
    assert (folder / "images.npy").read_bytes() == (folder / "copy.npy").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["copy.npy", "images.npy"]
