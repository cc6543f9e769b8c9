"""Dataset views of runs: the side, the attribute, and copies that several processes create concurrently."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.augment.prepare import prepare
from core.datasets.cache import open_dataset
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.datasets.dataset import ARRAYS
from core.datasets.dataset_view import open_view, read_info
from core.displays.thumbnail import encode_thumbnails
from core.errors import DatasetError
from core.home import Home
from core.jobs.submit import check_spec
from core.spec import RunSpec
from tests.support.image_folder import make_folder
from tests.support.paths import ROOT

SPEC = RunSpec(dataset="folder", folder="mine", side=16)


@pytest.fixture
def added(home: Home, tmp_path: Path) -> Home:
    source = make_folder(tmp_path / "in", {"blue": 10, "red": 10})
    add_dataset(home, "mine", source, side=40)
    return home


def test_view_of_a_dataset_without_a_side_is_the_dataset(home: Home) -> None:
    view, cached = open_view(home, RunSpec(dataset="digits")), open_dataset(home, "digits")
    assert view.info == cached.info
    for name in ARRAYS:
        assert isinstance(getattr(view, name), np.memmap)
        assert np.array_equal(getattr(view, name), getattr(cached.arrays(), name))


def test_view_has_the_prepared_images_and_native_the_stored_ones(added: Home) -> None:
    stored = open_dataset(added, "folder", "mine").arrays()
    view, native = open_view(added, SPEC), open_view(added, SPEC, native=True)
    assert view.info.input_shape == read_info(added, SPEC).input_shape == (16, 16, 3)
    assert native.info.input_shape == (40, 40, 3)
    for split in ("train", "test"):
        images = getattr(view, f"{split}_images")
        assert isinstance(images, np.memmap)
        for image, original in zip(images, getattr(stored, f"{split}_images"), strict=True):
            assert np.array_equal(image, prepare(original, 16))
    assert np.array_equal(native.train_images, stored.train_images)
    assert np.array_equal(view.train_labels, stored.train_labels)


def test_side_of_the_stored_images_needs_no_copy(added: Home) -> None:
    view = open_view(added, SPEC.replace(side=40))
    assert np.array_equal(view.train_images, open_dataset(added, "folder", "mine").arrays().train_images)
    assert not list((added.datasets / "folder-mine").glob("side-*"))


def test_reading_the_shape_or_validating_a_spec_prepares_nothing(added: Home) -> None:
    pinned, model = check_spec(added, SPEC.replace(padding="same"))
    assert pinned.data == read_info(added, SPEC).fingerprint
    assert model.params > 0
    assert not list((added.datasets / "folder-mine").glob("side-*"))


def test_copy_is_created_once_and_again_when_stale_or_damaged(added: Home, tmp_path: Path) -> None:
    folder = added.datasets / "folder-mine" / "side-16"

    def reopen() -> bool:
        before = folder.stat().st_ino if folder.exists() else 0
        mapped = open_view(added, SPEC)
        assert np.array_equal(mapped.test_images[0], prepare(open_view(added, SPEC, native=True).test_images[0], 16))
        return folder.stat().st_ino != before

    assert reopen()
    assert not reopen()
    mark = folder / "side.json"
    for text in (mark.read_text().replace('"prepared":1', '"prepared":0'), "{", '{"fingerprint":"0"}'):
        mark.write_text(text)
        assert reopen()
        assert not reopen()
    os.truncate(folder / "train_images.npy", 200)
    assert reopen()
    (folder / "test_images.npy").unlink()
    assert reopen()
    assert sorted(os.listdir(folder.parent))[-3:] == ["test_labels.npy", "train_images.npy", "train_labels.npy"]
    remove_dataset(added, "folder-mine")
    add_dataset(added, "mine", make_folder(tmp_path / "other", {"green": 5, "red": 5}), side=40)
    assert open_view(added, SPEC).info.classes == ("green", "red")
    assert reopen() is False


_OPEN = """
import sys
from pathlib import Path
from core.datasets.dataset_view import open_view
from core.home import Home
from core.spec import RunSpec
sys.stdin.readline()
view = open_view(Home(Path(sys.argv[1])), RunSpec(dataset="folder", folder="mine", side=16))
print(view.train_images.shape, int(view.train_images.sum()))
"""


def test_processes_that_request_the_same_copy_concurrently_succeed(added: Home) -> None:
    command = [sys.executable, "-c", _OPEN, str(added.path)]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    answers = {process.communicate("go\n", timeout=120) for process in processes}
    whole = open_view(added, SPEC).train_images
    assert answers == {(f"{whole.shape} {int(whole.sum())}\n", "")}
    assert [name for name in os.listdir(added.datasets / "folder-mine") if name.startswith(".")] == []


def test_view_of_data_with_another_fingerprint_is_rejected(added: Home) -> None:
    with pytest.raises(DatasetError, match=r"^The fingerprint of Folder mine does not match: 0{16} in the spec, "):
        check_spec(added, SPEC.replace(data="0" * 16))


def test_thumbnails_of_large_images_are_small() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 512, 512, 3), np.uint8)
    large, small = encode_thumbnails(images, [1])[0], encode_thumbnails(images[:, :28, :28], [1])[0]
    assert len(large) < 80_000
    assert len(small) < 5_000
