"""Every dataset of the registry, and the real data if available."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.datasets.cache import fetch_dataset
from core.datasets.dataset import ARRAYS, Arrays, Dataset
from core.datasets.dataset_key import FOLDER
from core.datasets.download import Downloads
from core.datasets.row_file import compute_fingerprint
from core.errors import DatasetError
from core.home import Home
from core.spec import DATASETS
from tests.support.markers import long
from tests.support.paths import ROOT

DATA = Path(os.environ.get("HEADROOM_TEST_DATA") or "/nowhere")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="HEADROOM_TEST_DATA names no folder with real data")
every_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
PUBLISHED = {name: dataset for name, dataset in DATASETS.items() if name != FOLDER}
every_published_dataset = pytest.mark.parametrize("dataset", PUBLISHED.values(), ids=PUBLISHED)


@pytest.fixture(scope="module")
def digits() -> Arrays:
    dataset = DATASETS["digits"]
    assert dataset.load
    return dataset.load(Downloads(dataset.label, (), Path("/nowhere"), lambda done, total: None))


@every_published_dataset
def test_source_has_origin_and_license(dataset: Dataset) -> None:
    assert dataset.source.startswith("http")
    assert dataset.licence
    assert "(19" in dataset.citation or "(20" in dataset.citation
    assert dataset.summary.endswith(".")


@every_published_dataset
def test_source_lists_each_class_once(dataset: Dataset) -> None:
    assert len(set(dataset.classes)) == len(dataset.classes) >= 2
    assert all(name.strip() for name in dataset.classes)


@every_dataset
def test_source_is_bundled_or_added_or_has_files(dataset: Dataset) -> None:
    assert [dataset.bundled, dataset.added, bool(dataset.files)].count(True) == 1
    assert dataset.added == (dataset.load is None)
    assert len({file.name for file in dataset.files}) == len(dataset.files)
    for file in dataset.files:
        assert file.url.startswith("http")
        assert file.cached.startswith("datasets/")


@every_published_dataset
def test_only_official_counts_or_arrays_are_official(dataset: Dataset) -> None:
    known = dataset.official_fingerprint
    assert not dataset.is_official("0" * 16, (8000, 2000))
    assert dataset.is_official(known or "0" * 16, dataset.official_counts)
    assert dataset.is_official("0" * 16, dataset.official_counts) == (known is None)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "celeba",
            "CelebA cannot be downloaded. Get it from https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and add its "
            "folder with: headroom datasets add celeba PATH",
        ),
        ("folder", "Own images cannot be downloaded. Add its folder with: headroom datasets add NAME PATH"),
    ],
)
def test_custom_source_is_not_downloaded_but_describes_how_to_add_it(name: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as error:
        fetch_dataset(Home(tmp_path), name)
    assert str(error.value) == sentence


def test_digits_are_deterministic(digits: Arrays) -> None:
    assert compute_fingerprint(digits) == DATASETS["digits"].official_fingerprint


def test_digits_use_the_whole_range_and_every_class(digits: Arrays) -> None:
    assert digits.train_images.shape == (1437, 28, 28, 1)
    assert digits.test_images.shape == (360, 28, 28, 1)
    assert (digits.train_images.min(), digits.train_images.max()) == (0, 255)
    train, test = (np.bincount(labels) for labels in (digits.train_labels, digits.test_labels))
    assert np.allclose(train / 1437, test / 360, atol=0.003)


@every_published_dataset
def test_arrays_that_do_not_match_the_source_are_rejected(dataset: Dataset) -> None:
    shape, classes = dataset.input_shape, len(dataset.classes)
    images, labels = np.zeros((classes, *shape), np.uint8), np.arange(classes)
    assert dataset.find_problem(Arrays(images, labels, images, labels)) is None
    for bad in (
        Arrays(images, labels, images, labels + 1),
        Arrays(images, labels - 1, images, labels),
        Arrays(images, labels[:-1], images, labels),
        Arrays(images[:, :-1], labels, images, labels),
        Arrays(images.astype(np.float32), labels, images, labels),
        Arrays(images, labels, images[:0], labels[:0]),
    ):
        problem = dataset.find_problem(bad)
        assert problem is not None
        assert problem.startswith(f"Expected {dataset.label} to have ")


@needs_data
@pytest.mark.parametrize("name", ["fashion_mnist", "mnist"])
def test_official_files_put_into_downloads_are_official(name: str, tmp_path: Path) -> None:
    home, folder = Home(tmp_path), tmp_path / "datasets" / "downloads"
    folder.mkdir(parents=True)
    kept = {"fashion_mnist": "keras_home/datasets/fashion-mnist", "mnist": "."}[name]
    for file in DATASETS[name].files:
        (folder / file.name).symlink_to(DATA / kept / file.name)
    cached = fetch_dataset(home, name)
    assert cached.info.official
    assert (cached.info.train_count, cached.info.test_count) == (60_000, 10_000)
    assert set(np.unique(cached.arrays().test_labels)) == set(range(10))


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut off", b"<html>Please log in</html>"])
def test_damaged_file_in_downloads_is_reported_and_kept(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "datasets" / "downloads" / "mnist.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"mnist\.npz is damaged\. Delete or replace it"):
        fetch_dataset(Home(tmp_path), "mnist")
    assert path.read_bytes() == content
    assert not (tmp_path / "datasets" / "mnist").exists()


def test_complete_file_with_other_content_in_downloads_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "datasets" / "downloads" / "mnist.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, x_train=np.zeros((3, 28, 28), np.uint8))
    with pytest.raises(DatasetError, match=r"^The files of MNIST cannot be read: 'y_train"):
        fetch_dataset(Home(tmp_path), "mnist")
    assert path.is_file()


_FETCH = """
import json, logging, sys
from pathlib import Path
from core.datasets.cache import fetch_dataset
from core.datasets.dataset import ARRAYS
from core.home import Home
logging.basicConfig(level=logging.INFO)  # so that log messages would be printed
found = fetch_dataset(Home(Path(sys.argv[1])), "kmnist")
shapes = [getattr(found.arrays(), name).shape for name in ARRAYS]
print(json.dumps([found.info.official, shapes, len(logging.getLogger().handlers)]))
"""


@needs_data
@long  # imports TensorFlow in one more process; needs real data
def test_kmnist_subset_is_loaded_without_output_and_is_not_official(tmp_path: Path) -> None:
    keras_home = tmp_path / "keras"
    (keras_home / "datasets").mkdir(parents=True)
    for file in DATASETS["kmnist"].files:
        shutil.copyfile(DATA / "keras_home" / file.cached, keras_home / file.cached)
    command = [sys.executable, "-c", _FETCH, str(tmp_path / "home")]
    env = {**os.environ, "KERAS_HOME": str(keras_home)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    official, shapes, handlers = json.loads(done.stdout)
    assert not official
    assert dict(zip(ARRAYS, shapes, strict=True)) == {
        "train_images": [8000, 28, 28, 1], "train_labels": [8000],
        "test_images": [2000, 28, 28, 1], "test_labels": [2000],
    }  # fmt: skip
    assert handlers == 1
