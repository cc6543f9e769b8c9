"""Loaders of published datasets, with small files in the formats of the authors."""

import string
from pathlib import Path

import numpy as np
import pytest

from core.datasets.cache import fetch_dataset
from core.datasets.dataset import ARRAYS, Arrays
from core.datasets.download import Download, Downloads, is_intact
from core.datasets.formats.array_formats import read_pickle
from core.errors import DatasetError
from core.home import Home
from core.spec import DATASETS
from tests.support.source_files import WRITERS, pickle_of_python_2, write_hostile_cifar, write_source

every_source = pytest.mark.parametrize("name", WRITERS)


def make_arrays(name: str) -> Arrays:
    """Return random images, with each class once in the training split and three classes in the test split."""
    dataset, random = DATASETS[name], np.random.default_rng(0)
    labels = np.arange(len(dataset.classes))
    images = random.integers(0, 256, (len(labels) + 3, *dataset.input_shape), np.uint8)
    return Arrays(images[:-3], labels, images[-3:], labels[-3:])


def test_every_dataset_with_files_has_a_writer() -> None:
    assert set(WRITERS) == {name for name, dataset in DATASETS.items() if dataset.files}


@every_source
def test_files_of_the_authors_are_read_upright_and_in_order(name: str, home: Home) -> None:
    folder, made = home.datasets / "downloads", make_arrays(name)
    write_source(name, folder, made)
    assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in DATASETS[name].files)
    found = fetch_dataset(home, name)
    assert not found.info.official  # only the number of images is not the official one
    for array in ARRAYS:
        np.testing.assert_array_equal(getattr(found.arrays(), array), getattr(made, array), array)


@every_source
def test_damaged_files_are_reported_in_one_sentence(name: str, home: Home) -> None:
    folder = home.datasets / "downloads"
    write_source(name, folder, make_arrays(name))
    for path in folder.iterdir():
        whole = path.read_bytes()
        for damaged in (b"", b"<html>Please log in</html>", whole[: len(whole) // 2], whole[:-30]):
            path.write_bytes(damaged)
            with pytest.raises(DatasetError) as error:
                fetch_dataset(home, name)
            assert "damaged" in str(error.value) or "cannot be read" in str(error.value)
            assert "\n" not in str(error.value)
        path.write_bytes(whole)
    assert not (home.datasets / name).exists()


def test_pickle_of_cifar_runs_no_code(home: Home, tmp_path: Path) -> None:
    folder, touched = home.datasets / "downloads", tmp_path / "touched"
    folder.mkdir(parents=True)
    write_hostile_cifar(folder, touched)
    with pytest.raises(DatasetError, match=r"cannot be read: not a pickled dictionary of arrays: \w+\.\w+ is refused"):
        fetch_dataset(home, "cifar100")
    assert not touched.exists()
    rows = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal(read_pickle(pickle_of_python_2({"data": rows}))[b"data"], rows)
    for content in (b"", b"\x80\x02].", b"cbuiltins\neval\n(X\x01\0\0\x001tR.", b"cnumpy\nload\n."):
        with pytest.raises(ValueError, match="not a pickled dictionary"):
            read_pickle(content)


def test_classes_are_complete_and_in_order() -> None:
    assert DATASETS["emnist_byclass"].classes == tuple(string.digits + string.ascii_uppercase + string.ascii_lowercase)
    assert DATASETS["emnist_balanced"].classes == tuple(string.digits + string.ascii_uppercase + "abdefghnqrt")
    assert DATASETS["emnist_bymerge"].classes == DATASETS["emnist_balanced"].classes
    assert [name[0] for name in DATASETS["emnist_letters"].classes] == list(string.ascii_uppercase)
    for name, count in {"cifar10": 10, "cifar100": 100, "cifar100_coarse": 20, "stl10": 10}.items():
        assert sorted(DATASETS[name].classes) == list(DATASETS[name].classes)
        assert len(DATASETS[name].classes) == count
    characters = [name[0] for name in DATASETS["k49"].classes]
    assert sorted(characters[:44]) == characters[:44]
    assert "".join(characters[44:]) == "ゐゑをんゝ"
    assert set(DATASETS["kmnist"].classes) <= set(DATASETS["k49"].classes)


def test_related_datasets_are_adjacent_and_custom_images_last() -> None:
    families = [name.partition("_")[0].removesuffix("100").removesuffix("10") for name in DATASETS]
    for family in ("emnist", "svhn", "cifar"):
        rows = [row for row, found in enumerate(families) if found == family]
        assert rows == list(range(rows[0], rows[0] + len(rows)))
    assert list(DATASETS)[-1] == "folder"


def test_published_checksums_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    md5 = "900150983cd24fb0d6963f7d28e17f72"
    assert is_intact(path, sha256)
    assert is_intact(path, None, md5)
    assert is_intact(path, sha256, md5)
    assert not is_intact(path, sha256, "0" * 32)
    assert not is_intact(path, "0" * 64, md5)
    assert not is_intact(path)
    file = Download("https://example.org/file", "datasets/file", md5=md5)
    assert Downloads("It", (file,), tmp_path, lambda done, total: None).placed() == [path]
    for dataset in DATASETS.values():
        for file in dataset.files:
            assert file.sha256 is None or len(file.sha256) == 64
            assert file.md5 is None or len(file.md5) == 32
