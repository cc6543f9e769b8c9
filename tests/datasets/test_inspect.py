"""Inspection of datasets: counts, rows, files and pixel values of their images; removal and restoration."""

from pathlib import Path

import numpy as np
import pytest

from core.datasets import statistics
from core.datasets.background import follow_statistics
from core.datasets.cache import open_dataset
from core.datasets.custom.originals import MAX_ORIGINALS, read_originals
from core.datasets.custom.removed import clear_removed, list_removed, remove_dataset, restore_removed
from core.datasets.fetch import locked
from core.datasets.inspect import InspectedDataset, inspect_dataset
from core.datasets.report import SPLITS
from core.datasets.statistics import DatasetStatistics, compute_statistics, ensure_statistics, open_statistics
from core.errors import DatasetError, HomeError
from core.home import Home
from core.image_file import shrink_picture
from tests.support.dataset_writer import SKIPPED, write_dataset
from tests.support.image_folder import make_folder


@pytest.fixture
def inspected(home: Home) -> list[InspectedDataset]:
    """A bundled dataset, custom ones with and without a report, and one with attributes."""
    write_dataset(home, ("cat", "dog", "none"), validation=3)
    write_dataset(home, ("cat", "dog"), name="old", shape=(80, 100, 1), report=False)
    write_dataset(home, ("no", "yes"), dataset="celeba", attributes=("Male", "Young"), shape=(20, 16, 3))
    return [inspect_dataset(home, key) for key in ("digits", "folder-mine", "folder-old", "celeba")]


def list_labels(data: InspectedDataset) -> np.ndarray:
    arrays = data.dataset.arrays()
    return np.concatenate([arrays.train_labels, arrays.test_labels])


def test_splits_of_every_dataset_partition_its_images_as_the_report_counts_them(
    inspected: list[InspectedDataset],
) -> None:
    for data in inspected:
        train, validation, test = (data.find_rows(split).tolist() for split in SPLITS)
        assert [*train, *validation] == [*range(data.info.train_count)]
        assert test == [*range(data.info.test_count)]
        for label, counted in enumerate(data.report.classes):
            found = [len(data.find_rows(split, label)) for split in SPLITS]
            assert found == [counted.train, counted.validation, counted.test], data.key
        assert {label for row in test for label in data.list_labels("test", row)} <= {*data.names}
    mine, old = inspected[1:3]
    assert mine.name_images("validation", [9, 11]) == ["cat/photo [9](x).jpg", "cat/photo [11](x).jpg"]
    assert mine.name_images("test", [1]) == ["cat/photo [13](x).jpg"]
    assert old.name_images("test", [1]) == [""]
    assert (mine.report.skipped, old.report.skipped) == (SKIPPED, SKIPPED)
    assert (mine.searched, old.searched, old.sizes) == (True, False, None)


def test_statistics_equal_those_of_all_images_at_once(
    inspected: list[InspectedDataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    for data in inspected:
        found = data.statistics
        arrays, labels = data.dataset.arrays(), list_labels(data)
        images = np.concatenate([arrays.train_images, arrays.test_images])
        small = np.stack([shrink_picture(image, 64) for image in images])
        for label in range(len(data.names)):
            rows = labels[:, label] == 1 if labels.ndim == 2 else labels == label
            assert found.counts[label] == rows.sum()
            assert np.abs(found.means[label] - small[rows].mean(axis=0)).max() <= 0.5
            assert (found.histograms[label] == np.bincount(images[rows].ravel(), minlength=256)).all()
    seen: list[tuple[int, int | None]] = []
    monkeypatch.setattr(statistics, "_SUM_BYTES", 1_000)  # as for thousands of classes
    compute_statistics(inspected[0].dataset, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1797, 1797)
    assert compute_statistics(inspected[0].dataset).means.shape == (10, 8, 8, 1)


def test_statistics_are_stored_until_the_dataset_changes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_dataset(home, ("cat", "dog"))
    dataset = open_dataset(home, "folder", "mine")
    assert open_statistics(dataset) is None
    found = follow_statistics(home, dataset, 30)
    assert isinstance(found, DatasetStatistics)
    monkeypatch.setattr(statistics, "compute_statistics", lambda dataset, progress: pytest.fail("computed again"))
    assert (ensure_statistics(home, dataset).means == found.means).all()
    for damage in (lambda: (path / "statistics" / "means.npy").write_bytes(b"no"), lambda: _change_version(path)):
        damage()
        assert open_statistics(dataset) is None
        monkeypatch.undo()
        assert open_statistics(dataset) is None
        assert (ensure_statistics(home, dataset).means == found.means).all()
        assert open_statistics(dataset) is not None


def _change_version(path: Path) -> None:
    mark = path / "statistics" / "mark.json"
    mark.write_text(mark.read_text().replace('"version":1', '"version":0'))


def test_statistics_of_a_home_that_cannot_be_written_are_computed_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(home, ("cat", "dog"))
    dataset = open_dataset(home, "folder", "mine")
    monkeypatch.setattr(statistics, "locked", lambda *args, **more: (_ for _ in ()).throw(HomeError("Cannot write.")))
    assert ensure_statistics(home, dataset) is ensure_statistics(home, dataset)
    assert open_statistics(dataset) is None


def test_added_images_keep_some_sources_and_the_size_of_all(home: Home, tmp_path: Path) -> None:
    from core.datasets.custom.add import add_dataset

    make_folder(tmp_path / "photos", {"blue": 12, "red": 12}, size=(60, 30))
    add_dataset(home, "photos", tmp_path / "photos", side=16)
    data = inspect_dataset(home, "folder-photos")
    originals = read_originals(data.dataset.path)
    assert {one.pixels.shape for one in originals} == {(30, 60, 3)}
    assert len({(one.split, one.row) for one in originals}) == MAX_ORIGINALS
    assert data.sizes is not None
    assert data.sizes.to_dict("records") == [{"width": 60, "height": 30, "images": 24}]
    (data.dataset.path / "originals" / f"{originals[0].split}-{originals[0].row}.jpg").write_bytes(b"damaged")
    assert len(read_originals(data.dataset.path)) == MAX_ORIGINALS - 1


def test_removed_dataset_is_restored_unless_its_name_is_used_again(home: Home) -> None:
    write_dataset(home, ("cat", "dog"))
    fingerprint = open_dataset(home, "folder", "mine").info.fingerprint
    with (
        locked(home, "folder-mine", wait=True),
        pytest.raises(DatasetError, match=r"^Folder mine is being added\. Try again when this has finished\.$"),
    ):
        remove_dataset(home, "folder-mine")
    remove_dataset(home, "folder-mine")
    with pytest.raises(DatasetError, match="not available"):
        open_dataset(home, "folder", "mine")
    (home.datasets / ".removed" / "stray").mkdir()
    assert list_removed(home) == ["folder-mine"]
    restore_removed(home, "folder-mine")
    assert open_dataset(home, "folder", "mine").info.fingerprint == fingerprint
    remove_dataset(home, "folder-mine")
    write_dataset(home, ("cat", "dog", "other"))
    with pytest.raises(DatasetError, match=r"^Cannot restore Folder mine: another dataset has this name\."):
        restore_removed(home, "folder-mine")
    remove_dataset(home, "folder-mine")  # replaces the earlier one
    restore_removed(home, "folder-mine")
    assert len(open_dataset(home, "folder", "mine").info.classes) == 3
    remove_dataset(home, "folder-mine")
    clear_removed(home)
    assert list_removed(home) == []
    for key, message in (("folder-mine", "was not found"), ("digits", "was not added by a user")):
        with pytest.raises(DatasetError, match=message):
            remove_dataset(home, key)
