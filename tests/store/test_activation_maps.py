"""Stored activation maps: small, exact to three digits, and damaged."""

import numpy as np
import pytest

from core.errors import RunDamagedError
from core.store.activation_maps import MAX_BYTES, MAX_FLOPS, MAX_IMAGES, NAME, count_images, read_maps, save_maps
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter


def test_stored_maps_are_small_and_fast_for_every_head() -> None:
    for size in (1, 500, 98_000, 2_000_000, 10**9):
        for flops in (1, 10**6, 4 * 10**9, 10**12):
            count = count_images(10_000, size, flops)
            assert 1 <= count <= MAX_IMAGES
            assert count == 1 or (count * size <= MAX_BYTES and count * flops <= MAX_FLOPS)
    assert count_images(10_000, 500, 10**6) == MAX_IMAGES
    assert count_images(3, 500, 10**6) == 3


@pytest.mark.parametrize("size", [1e-20, 1.0, 1e9])
def test_stored_maps_keep_three_digits_at_any_magnitude(make_run: RunWriter, size: float) -> None:
    run = make_run()
    maps = (size * np.random.default_rng(0).normal(size=(3, 10, 5, 5))).astype(np.float32)
    maps[0, 0, 0, 0], maps[1] = np.nan, 0
    save_maps(run.path / NAME, maps, np.zeros(10, np.float32), exact=True)
    found = read_maps(rewrite(run))
    assert found
    np.testing.assert_allclose(found.maps, maps, rtol=1e-3, atol=1e-6 * size)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_damaged_maps_are_rejected_with_an_error_message(make_run: RunWriter, content: bytes | None) -> None:
    run = make_run()
    (run.path / NAME).write_bytes(content if content is not None else (run.path / NAME).read_bytes()[:200])
    with pytest.raises(RunDamagedError, match=r"is damaged \(checksum mismatch\)\. Delete .*train it again: "):
        read_maps(run)
    with pytest.raises(RunDamagedError, match=r"^maps\.npz of run .* cannot be read: "):
        read_maps(rewrite(run))


def test_maps_of_other_classes_are_rejected(make_run: RunWriter) -> None:
    run = make_run()
    save_maps(run.path / NAME, np.zeros((4, 3, 5, 5), np.float32), np.zeros(3, np.float32), exact=True)
    with pytest.raises(RunDamagedError, match=r"shares has shape \(4, 3, 5, 5\) instead of any × 10"):
        read_maps(rewrite(run))
