"""Test images of runs in a home that cannot be written."""

from pathlib import Path

import numpy as np
import pytest

from core.datasets import cache
from core.datasets.cache import open_dataset
from core.errors import DatasetError, HomeError
from core.home import Home
from core.store import thumbnail
from core.store.thumbnail import load_test_images
from tests.support.run_writer import RunWriter


@pytest.fixture
def locked_home(tmp_path: Path) -> Home:
    """Home below a file, so that no user can write it."""
    (tmp_path / "file").write_text("")
    return Home(tmp_path / "file" / "home")


def test_bundled_dataset_needs_no_cache(locked_home: Home, make_run: RunWriter) -> None:
    run = make_run()
    written, kept = open_dataset(make_run.home, "digits"), open_dataset(locked_home, "digits")
    assert kept.info.fingerprint == written.info.fingerprint
    np.testing.assert_array_equal(kept.arrays().test_images, written.arrays().test_images)
    np.testing.assert_array_equal(load_test_images(locked_home, run), load_test_images(make_run.home, run))
    assert not locked_home.path.exists()


def test_images_that_need_a_written_cache_are_not_available(
    locked_home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise HomeError("Cannot write the home: Read-only file system.")

    monkeypatch.setattr(thumbnail, "open_view", lambda *args, **kwargs: refuse())
    with pytest.raises(DatasetError, match="not available: the home cannot be written"):
        load_test_images(locked_home, make_run())
    assert cache.open_dataset is open_dataset


def test_run_with_more_test_images_than_its_dataset_has_none(make_run: RunWriter) -> None:
    with pytest.raises(DatasetError, match="has 400 of them, and the dataset has 360"):
        load_test_images(make_run.home, make_run(test_images=400))
