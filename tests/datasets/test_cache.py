"""The cache of arrays: opened, damaged, repaired, and identified by a fingerprint."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.cache import fetch_dataset, list_datasets, open_dataset, pin
from core.datasets.dataset import ARRAYS, Arrays
from core.datasets.fetch import start_fetch
from core.datasets.row_file import RowWriter, compute_fingerprint, read_blocks, read_fingerprint
from core.errors import DatasetError, HomeError, UnknownNameError
from core.home import Home
from core.spec import DATASETS, RunSpec

# Open


def test_bundled_dataset_is_created_at_first_use(home: Home) -> None:
    assert not home.path.exists()
    info = open_dataset(home, "digits").info
    assert (info.name, info.label, info.official) == ("digits", "Digits", True)
    assert (info.train_count, info.test_count, info.input_shape) == (1437, 360, (28, 28, 1))
    assert info.classes == DATASETS["digits"].classes
    assert info.bytes == sum(path.stat().st_size for path in (home.datasets / "digits").glob("*.npy"))


def test_arrays_are_mapped_and_read_only(home: Home) -> None:
    arrays = open_dataset(home, "digits").arrays()
    for name in ARRAYS:
        array = getattr(arrays, name)
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_missing_dataset_is_reported_with_its_download_command(home: Home) -> None:
    with pytest.raises(DatasetError) as error:
        open_dataset(home, "kmnist")
    assert str(error.value) == "KMNIST is not downloaded. Download it with: headroom datasets download kmnist"


def test_unknown_dataset_is_rejected(home: Home) -> None:
    for function in (open_dataset, fetch_dataset, start_fetch):
        with pytest.raises(UnknownNameError, match=r"^Unknown dataset 'nist'"):
            function(home, "nist")


def test_home_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match=r"^Cannot write "):
        open_dataset(Home(tmp_path / "file"), "digits")


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "no json": lambda folder: (folder / "dataset.json").unlink(),
    "json cut off": lambda folder: os.truncate(folder / "dataset.json", 100),
    "json of a list": lambda folder: (folder / "dataset.json").write_text("[]"),
    "json of another": lambda folder: _edit(folder, name="mnist"),
    "json of other counts": lambda folder: _edit(folder, train_count=60_000),
    "json without fingerprint": lambda folder: _edit(folder, fingerprint=None),
    "no images": lambda folder: (folder / "train_images.npy").unlink(),
    "images cut off": lambda folder: os.truncate(folder / "train_images.npy", 50_000),
    "empty labels": lambda folder: os.truncate(folder / "test_labels.npy", 0),
    "images of another shape": lambda folder: np.save(folder / "test_images.npy", np.zeros((360, 8, 8, 1), np.uint8)),
    "images of another dtype": lambda folder: np.save(folder / "test_images.npy", np.zeros((360, 28, 28, 1))),
    "labels as objects": lambda folder: np.save(folder / "test_labels.npy", np.array([{}] * 360)),
    "labels as a folder": lambda folder: [(folder / "test_labels.npy").unlink(), (folder / "test_labels.npy").mkdir()],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_dataset_is_reported_and_repaired_by_a_download(damage: Callable[[Path], Any], home: Home) -> None:
    damage(open_dataset(home, "digits").path)
    with pytest.raises(DatasetError) as error:
        open_dataset(home, "digits")
    sentence = str(error.value)
    assert sentence.startswith("Digits is damaged (")
    assert sentence.endswith(" Repair it with: headroom datasets download digits")
    assert "\n" not in sentence
    digits = list_datasets(home)[0]
    assert (digits.available, digits.problem) == (False, sentence)
    assert digits.next_step == "headroom datasets download digits"
    fetch_dataset(home, "digits").verify()
    assert os.listdir(home.datasets / "digits") == os.listdir(open_dataset(home, "digits").path)


def test_changed_content_opens_but_fails_verification_and_a_download_repairs_it(home: Home) -> None:
    cached = open_dataset(home, "digits")
    with (cached.path / "train_images.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(DatasetError, match=r"^Digits is damaged \(fingerprint mismatch\)\. Repair it with"):
        open_dataset(home, "digits").verify()
    fetch_dataset(home, "digits").verify()


def test_download_keeps_a_valid_dataset_unless_forced(home: Home) -> None:
    def stamp() -> int:
        return (home.datasets / "digits" / "dataset.json").stat().st_ino

    fetch_dataset(home, "digits")
    first = stamp()
    mapped = open_dataset(home, "digits").arrays()
    fetch_dataset(home, "digits")
    assert stamp() == first
    fetch_dataset(home, "digits", force=True)
    assert stamp() != first
    assert mapped.test_images.any()  # processes that use the old arrays continue


def test_list_contains_every_dataset_and_creates_none(home: Home) -> None:
    assert [status.name for status in list_datasets(home)] == list(DATASETS)
    assert not home.path.exists()
    open_dataset(home, "digits")
    digits, *others = list_datasets(home)
    assert (digits.available, digits.official, digits.next_step, digits.problem) == (True, True, "", None)
    assert digits.fingerprint == DATASETS["digits"].official_fingerprint
    hows = {"celeba": "add celeba PATH", "folder": "add NAME PATH"}
    for status in others:
        assert status.next_step == f"headroom datasets {hows.get(status.name, f'download {status.name}')}"


# Fingerprint and pin


def _arrays(seed: int = 0) -> Arrays:
    random = np.random.default_rng(seed)
    return Arrays(
        random.integers(0, 256, (4, 3, 3, 1), np.uint8), random.integers(0, 10, 4),
        random.integers(0, 256, (2, 3, 3, 1), np.uint8), random.integers(0, 10, 2),
    )  # fmt: skip


@given(st.sampled_from(ARRAYS), st.integers(0, 1000), st.integers(1, 255))
def test_fingerprint_changes_with_any_value(name: str, index: int, by: int) -> None:
    changed = _arrays()
    flat = getattr(changed, name).reshape(-1)
    flat[index % flat.size] ^= by
    assert compute_fingerprint(changed) != compute_fingerprint(_arrays())


def test_fingerprint_depends_on_shape_and_dtype_but_not_on_memory_layout() -> None:
    plain = _arrays()
    reshaped = Arrays(plain.train_images.reshape(4, 9, 1, 1), plain.train_labels, plain.test_images, plain.test_labels)
    retyped = Arrays(plain.train_images.view(np.int8), plain.train_labels, plain.test_images, plain.test_labels)
    fortran = Arrays(*(np.asfortranarray(getattr(plain, name)) for name in ARRAYS))
    assert len({compute_fingerprint(arrays) for arrays in (plain, reshaped, retyped)}) == 3
    assert compute_fingerprint(fortran) == compute_fingerprint(plain)


@given(st.integers(0, 20), st.sampled_from([(), (3,), (2, 3, 1)]), st.sampled_from([np.uint8, np.int64]))
def test_rows_written_individually_are_a_plain_npy_file(
    tmp_path_factory: pytest.TempPathFactory, count: int, shape: tuple[int, ...], dtype: type
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.npy"
    rows = np.random.default_rng(count).integers(0, 200, (count, *shape)).astype(dtype)
    with RowWriter(path, shape, dtype) as writer:
        for row in rows:
            writer.append(row)
    found = np.load(path)
    assert found.dtype == rows.dtype
    assert np.array_equal(found, rows)
    assert np.array_equal(np.concatenate([rows[:0], *read_blocks(path)]), rows)


def test_fingerprint_of_files_equals_that_of_the_arrays(home: Home) -> None:
    cached = open_dataset(home, "digits")
    assert read_fingerprint(cached.path) == compute_fingerprint(cached.arrays()) == cached.info.fingerprint


def test_dataset_of_a_former_version_without_attributes_is_opened(home: Home) -> None:
    path = open_dataset(home, "digits").path / "dataset.json"
    old = json.loads(path.read_text())
    for name in ("validation_count", "attributes", "folder", "skipped", "note"):
        del old[name]
    path.write_text(json.dumps(old))
    assert open_dataset(home, "digits").info.validation_count == 0


def test_pin_contains_the_fingerprint_of_the_available_data(home: Home) -> None:
    pinned = pin(home, RunSpec(dataset="digits"))
    assert pinned.data == open_dataset(home, "digits").info.fingerprint
    assert pin(home, pinned) == pinned
    with pytest.raises(DatasetError, match=f"does not match: {'0' * 16} in the spec, {pinned.data} on disk"):
        pin(home, pinned.replace(data="0" * 16))
    with pytest.raises(DatasetError, match="is not downloaded"):
        pin(home, RunSpec(dataset="kmnist"))
