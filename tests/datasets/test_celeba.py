"""CelebA from its official layout: parts, attributes and invalid files."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.datasets.cache import list_datasets, open_dataset
from core.datasets.custom.add import add_dataset
from core.datasets.custom.celeba_survey import draw_parts, read_attributes
from core.datasets.dataset_view import open_view
from core.datasets.report import read_files, read_report
from core.datasets.sources.celeba import ATTRIBUTES
from core.datasets.split import compute_split
from core.errors import DatasetError
from core.home import Home
from core.spec import RunSpec

MALE = ATTRIBUTES.index("Male")


def make_faces(path: Path, count: int = 20, size: tuple[int, int] = (12, 16)) -> Path:
    """Write faces: image n has the value n in every pixel, and only the attribute Male, if n is odd."""
    (path / "img_align_celeba").mkdir(parents=True)
    lines = [str(count), " ".join(ATTRIBUTES)]
    for number in range(count):
        name = f"{number + 1:06}.jpg"
        content = io.BytesIO()
        Image.new("RGB", size, (number,) * 3).save(content, "PNG")  # the content of the file decides
        (path / "img_align_celeba" / name).write_bytes(content.getvalue())
        values = [" 1" if column == MALE and number % 2 else "-1" for column in range(40)]
        lines.append(f"{name} {' '.join(values)}")
    (path / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")
    return path


def test_official_partition_is_used_with_validation_at_the_end_of_training(home: Home, tmp_path: Path) -> None:
    source = make_faces(tmp_path / "in")
    parts = [2, 0, 1, 0] * 5
    names = [f"{number + 1:06}.jpg {part}" for number, part in enumerate(parts)]
    (source / "list_eval_partition.txt").write_text("\n".join([*names, "999999.jpg 0"]) + "\n")
    info = add_dataset(home, "celeba", source).info
    assert (info.train_count, info.validation_count, info.test_count) == (15, 5, 5)
    assert (info.input_shape, info.classes, info.attributes, info.note) == ((16, 12, 3), ("no", "yes"), ATTRIBUTES, "")
    view = open_view(home, RunSpec(dataset="celeba", attribute="Male"))
    numbers = {part: [n for n in range(20) if parts[n] == part] for part in (0, 1, 2)}
    assert view.train_images[:, 0, 0, 0].tolist() == numbers[0] + numbers[1]
    assert view.test_images[:, 0, 0, 0].tolist() == numbers[2]
    assert view.train_labels.tolist() == [n % 2 for n in numbers[0] + numbers[1]]
    assert view.test_labels.dtype == view.train_labels.dtype == np.int64
    assert not open_view(home, RunSpec(dataset="celeba", attribute="Young")).train_labels.any()
    train, validation = compute_split(RunSpec(dataset="celeba"), info.train_count, info.validation_count)
    assert (train, validation) == (range(10), range(10, 15))


def test_missing_partition_gives_a_random_split_with_a_notice(home: Home, tmp_path: Path) -> None:
    info = add_dataset(home, "celeba", make_faces(tmp_path / "in")).info
    assert (info.train_count, info.validation_count, info.test_count) == (18, 2, 2)
    assert info.note == "no partition file: random 80/10/10 split by Headroom (seed 0)"
    assert not info.official
    assert next(status for status in list_datasets(home) if status.name == "celeba").note == info.note
    parts = draw_parts(10_000)
    assert np.bincount(parts).tolist() == [8000, 1000, 1000]
    assert np.array_equal(parts, draw_parts(10_000))


def test_faces_of_another_size_are_resized_and_damaged_ones_left_out(home: Home, tmp_path: Path) -> None:
    source = make_faces(tmp_path / "in", 30)
    folder = source / "img_align_celeba"
    Image.new("RGB", (40, 30), (4, 4, 4)).save(folder / "000005.jpg", "PNG")
    (folder / "000009.jpg").write_bytes(b"damaged")
    (folder / ".DS_Store").write_bytes(b"x")
    cached = add_dataset(home, "celeba", source)
    info, arrays = cached.info, cached.arrays()
    assert info.note.endswith("; 1 image of a different size resized to 12 × 16")
    assert (info.train_count + info.test_count, info.skipped) == (29, 1)
    assert (cached.path / "skipped.txt").read_text().startswith("000009.jpg: This file is not a valid image")
    numbers = np.concatenate([arrays.train_images, arrays.test_images])[:, 0, 0, 0].astype(int)
    labels = np.concatenate([arrays.train_labels, arrays.test_labels])
    assert sorted(numbers) == sorted(set(range(30)) - {8})
    assert np.array_equal(labels[:, MALE], numbers % 2)  # a face that is left out shifts no label
    assert labels.sum() == labels[:, MALE].sum()
    report, files = read_report(cached.path), read_files(cached.path)
    assert report
    assert files is not None
    assert [*map(str, (report.name, report.splits, [file.file for file in report.skipped], report.ignored))] == [
        "celeba", "drawn", "['000009.jpg']", "('.DS_Store',)",
    ]  # fmt: skip
    males = {count.name: (count.train, count.validation, count.test) for count in report.classes}["Male"]
    assert sum(males) == labels[:, MALE].sum()
    assert files["file"].tolist() == [f"{number + 1:06}.jpg" for number in numbers]
    assert (files["width"].max(), files["frames"].max()) == (40, 1)


def edit(name: str, change: Callable[[list[str]], Any]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        lines = (folder / name).read_text().splitlines()
        change(lines)
        (folder / name).write_text("\n".join(lines) + "\n")

    return do


def at(line: int, old: str, new: str) -> Callable[[Path], None]:
    def change(lines: list[str]) -> None:
        assert old in lines[line]
        lines[line] = lines[line].replace(old, new, 1)

    return edit("list_attr_celeba.txt", change)


def partition(text: str) -> Callable[[Path], Any]:
    return lambda folder: (folder / "list_eval_partition.txt").write_text(text)


WRONG: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no attributes": (lambda f: (f / "list_attr_celeba.txt").unlink(), "list_attr_celeba.txt is missing in "),
    "empty attributes": (lambda f: (f / "list_attr_celeba.txt").write_text(""), "in line 1 .* got ''"),
    "no count": (at(0, "20", "image_id"), "in line 1 .* got 'image_id'"),
    "huge count": (at(0, "20", "9" * 5000), "in line 1 of list_attr_celeba.txt; got '999"),
    "missing rows": (edit("list_attr_celeba.txt", lambda lines: lines.pop()), "Expected 20 images .* got 19"),
    "more rows": (edit("list_attr_celeba.txt", lambda lines: lines.append("x")), "Expected 20 images .* got 21"),
    "no header": (edit("list_attr_celeba.txt", lambda lines: lines.pop(1)), "line 2 .* got '000001.jpg'"),
    "another header": (at(1, "Male", "Mail"), "line 2 .* got 'Mail'"),
    "short header": (at(1, "Male ", ""), "line 2 .* got 39 names"),
    "short row": (at(4, "-1 ", ""), "Expected 40 values in line 5 of list_attr_celeba.txt; got 39"),
    "other value": (at(4, "-1", "0"), "Expected 1 or -1 in line 5 of list_attr_celeba.txt; got '0'"),
    "twice": (at(3, "000002", "000001"), "got '000001.jpg' several times"),
    "no images": (lambda f: (f / "img_align_celeba").rename(f / "images"), "^The image folder .* does not exist"),
    "missing images": (
        lambda f: [(f / "img_align_celeba" / f"00000{n}.jpg").unlink() for n in (3, 4)],
        "does not contain '000003.jpg' and 1 more, listed in ",
    ),
    "image beyond": (at(4, "000003.jpg", "../../x"), r"does not contain '../../x', listed in "),
    "images without a row": (
        lambda f: (f / "img_align_celeba" / "000099.jpg").write_bytes(b""), "celeba.txt does not contain '000099.jpg'",
    ),
    "only damaged images": (
        lambda f: [path.write_bytes(b"x") for path in (f / "img_align_celeba").iterdir()], "no valid image files",
    ),
    "partition of few": (partition("000001.jpg 0\n"), "does not contain '000002.jpg' and 18 more"),
    "partition of other values": (partition("000001.jpg 3\n"), "0, 1 or 2 in line 1 .*; got '000001.jpg 3'"),
    "partition without a test": (
        partition("".join(f"{n + 1:06}.jpg {n % 2}\n" for n in range(20))), "contains no test images",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("harm", "sentence"), WRONG.values(), ids=WRONG)
def test_unofficial_layout_is_rejected_with_an_error_message(
    harm: Callable[[Path], Any], sentence: str, home: Home, tmp_path: Path
) -> None:
    source = make_faces(tmp_path / "in")
    harm(source)
    with pytest.raises(DatasetError) as error:
        add_dataset(home, "celeba", source)
    assert re.search(sentence, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300
    assert os.listdir(home.datasets) == [".fetch"]


def test_side_cannot_be_chosen_and_a_file_is_not_a_folder(home: Home, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="at its original size; side 64 does not apply"):
        add_dataset(home, "celeba", make_faces(tmp_path / "in"), side=64)
    with pytest.raises(DatasetError, match=r"is not a folder\. Use the folder that contains img_align_celeba"):
        add_dataset(home, "celeba", tmp_path / "in" / "list_attr_celeba.txt")


@pytest.fixture
def faces(tmp_path: Path, test_data: Path) -> Path:
    """The first 300 real faces."""
    names, _ = read_attributes(test_data / "celeba" / "list_attr_celeba.txt")
    lines = (test_data / "celeba" / "list_attr_celeba.txt").read_text().splitlines()[:302]
    (tmp_path / "in" / "img_align_celeba").mkdir(parents=True)
    for name in names[:300]:
        (tmp_path / "in" / "img_align_celeba" / name).symlink_to(test_data / "celeba" / "img_align_celeba" / name)
    (tmp_path / "in" / "list_attr_celeba.txt").write_text("\n".join(["300", *lines[1:]]) + "\n")
    return tmp_path / "in"


def test_real_faces_are_stored_unchanged_with_their_attributes(home: Home, faces: Path, test_data: Path) -> None:
    info = add_dataset(home, "celeba", faces).info
    assert (info.train_count, info.validation_count, info.test_count, info.skipped) == (270, 30, 30, 0)
    assert info.input_shape == (109, 89, 3)
    names, labels = read_attributes(faces / "list_attr_celeba.txt")
    tested = [row for row, part in enumerate(draw_parts(300)) if part == 2]
    arrays = open_dataset(home, "celeba").arrays()
    assert np.array_equal(arrays.test_labels, labels[tested])
    first = np.asarray(Image.open(test_data / "celeba" / "img_align_celeba" / names[tested[0]]))
    assert np.array_equal(arrays.test_images[0], first)
    assert 0.3 < arrays.train_labels[:, MALE].mean() < 0.6
