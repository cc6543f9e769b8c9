"""Custom images of folders and archives, valid and unusual; a dataset is added completely or not at all."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from core.datasets import atomic_folder
from core.datasets.cache import fetch_dataset, list_datasets, list_folders, open_dataset, pin
from core.datasets.custom import image_files
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import read_fetch, start_add
from core.datasets.report import SPLITS, read_report
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import RunSpec
from tests.support.image_folder import COLOURS, make_folder, make_zip, picture, refusal


def files_below(path: Path) -> list[str]:
    return sorted(str(found.relative_to(path)) for found in path.rglob("*"))


def test_folder_becomes_squares_with_a_stratified_split(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 10, "green": 20, "red": 5})
    steps: list[tuple[int, int | None]] = []
    cached = add_dataset(home, "mine", source, side=16, progress=lambda *step: steps.append(step))
    info, arrays = cached.info, cached.arrays()
    assert (info.label, info.folder, info.classes) == ("Folder mine", "mine", ("blue", "green", "red"))
    assert (info.input_shape, info.train_count, info.test_count, info.skipped) == ((16, 16, 3), 28, 7, 0)
    assert not info.official
    assert np.bincount(arrays.train_labels).tolist() == [8, 16, 4]
    assert np.bincount(arrays.test_labels).tolist() == [2, 4, 1]
    for images, labels in ((arrays.train_images, arrays.train_labels), (arrays.test_images, arrays.test_labels)):
        assert np.array_equal(images[:, 8, 8], np.array(list(COLOURS.values()), np.uint8)[labels])
    assert np.bincount(arrays.train_labels[-14:]).tolist() == [4, 8, 2]  # any slice contains each class in its share
    assert steps == [(number, 35) for number in range(1, 36)]
    cached.verify()


def test_same_images_give_the_same_data_from_a_folder_and_from_an_archive(home: Home, tmp_path: Path) -> None:
    folder = add_dataset(home, "a", make_folder(tmp_path / "in", dict.fromkeys(COLOURS, 5)))
    members = {f"{name}/{n:03}.png": picture(colour) for name, colour in COLOURS.items() for n in range(5)}
    plain = add_dataset(home, "b", make_zip(tmp_path / "b.zip", members))
    nested = add_dataset(home, "c", make_zip(tmp_path / "c.zip", {f"all/{n}": c for n, c in members.items()}))
    prints = {cached.info.fingerprint for cached in (folder, plain, nested)}
    assert len(prints) == 1
    assert folder.info.input_shape == (256, 256, 3)
    assert list_folders(home) == ["a", "b", "c"]


def test_images_of_every_format_become_rgb_by_their_content(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2})
    kinds = {
        "grey.png": picture((90, 90, 90), mode="L"), "cmyk.jpg": picture((90, 90, 90), kind="JPEG", mode="CMYK"),
        "web.webp": picture((90, 90, 90), kind="WEBP"), "clear.png": picture((90, 90, 90), mode="RGBA"),
        "palette.gif": picture((90, 90, 90), kind="GIF"), "wrong.txt": picture((90, 90, 90)),
        "tall.jpeg": picture((90, 90, 90), (7, 300), "JPEG"), "tiny.png": picture((90, 90, 90), (1, 1)),
    }  # fmt: skip
    (source / "grey").mkdir()
    for name, content in kinds.items():
        (source / "grey" / name).write_bytes(content)
    cached = add_dataset(home, "mine", source, side=8)
    arrays = cached.arrays()
    images = np.concatenate([arrays.train_images, arrays.test_images])
    labels = np.concatenate([arrays.train_labels, arrays.test_labels])
    assert cached.info.skipped == 0
    assert len(images) == 10
    assert np.abs(images[labels == 1].astype(int) - 90).max() <= 4


def test_unreadable_files_are_listed_and_the_others_are_added(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 5, "red": 5})
    (source / "read.me").write_text("no class")
    (source / "blue" / "empty.png").write_bytes(b"")
    (source / "blue" / "text.png").write_text("not a picture")
    (source / "red" / "cut.jpg").write_bytes(picture((9, 9, 9), (300, 300), "JPEG")[:-400])
    (source / "red" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (source / "red" / "odd\n\udcff.png").write_bytes(b"x")
    os.mkfifo(source / "red" / "pipe.png")
    (source / "red" / ".DS_Store").write_bytes(b"x")
    (source / "red" / "Thumbs.db").write_bytes(b"x")
    big = bytearray(picture((0, 0, 0), (8, 8)))
    big[16:24] = struct.pack(">II", 30_000, 30_000)
    big[29:33] = struct.pack(">I", zlib.crc32(big[12:29]))
    (source / "red" / "huge.png").write_bytes(big)
    cached = add_dataset(home, "mine", source, side=8)
    lines = (cached.path / "skipped.txt").read_text(encoding="utf-8").splitlines()
    assert (cached.info.train_count, cached.info.test_count, cached.info.skipped) == (8, 2, len(lines))
    found = dict(line.split(": ", 1) for line in lines)
    assert found.keys() == {
        "read.me", "blue/empty.png", "blue/text.png", "red/cut.jpg", "red/gone.png", "red/pipe.png", "red/huge.png",
        r"'red/odd\n\xa0.png'",
    }  # fmt: skip
    assert "empty" in found["blue/empty.png"]
    assert "at most 50,000,000 pixels" in found["red/huge.png"]
    assert list_datasets(home)[-1].skipped == 8


@pytest.mark.parametrize("count", [2, 3, 6, 7, 11])
def test_every_class_is_in_training_and_test_with_few_images(count: int, home: Home, tmp_path: Path) -> None:
    cached = add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": count, "red": 2}), side=8)
    arrays = cached.arrays()
    tests = np.bincount(arrays.test_labels)
    assert tests.tolist() == [(count + 3) // 5, 1]
    assert np.bincount(arrays.train_labels).tolist() == [count - tests[0], 1]


def test_adding_only_reads_the_path_and_follows_links_to_images(home: Home, tmp_path: Path, test_data: Path) -> None:
    for name in ("cats", "dogs", "panda"):
        (tmp_path / "in" / name).mkdir(parents=True)
        for photo in sorted((test_data / "animals" / name).iterdir())[:6]:
            (tmp_path / "in" / name / photo.name).symlink_to(photo)
    before = files_below(tmp_path / "in")
    cached = add_dataset(home, "animals", tmp_path / "in", side=64)
    assert files_below(tmp_path / "in") == before
    assert (cached.info.train_count, cached.info.test_count) == (15, 3)
    assert cached.info.classes == ("cats", "dogs", "panda")
    assert cached.arrays().train_images.std() > 30
    assert pin(home, RunSpec(dataset="folder", folder="animals")).data == cached.info.fingerprint


def test_existing_name_is_rejected_until_the_dataset_is_removed(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2, "red": 2})
    first = add_dataset(home, "mine", source, side=8).info
    with pytest.raises(DatasetError, match=r"^Folder mine already exists\..* datasets remove mine"):
        add_dataset(home, "mine", source)
    remove_dataset(home, "folder-mine")
    assert list_folders(home) == []
    assert read_fetch(home, "folder-mine") is None
    assert add_dataset(home, "mine", source, side=8).info.fingerprint == first.fingerprint


def test_folders_that_are_not_classes_are_rejected(home: Home, tmp_path: Path) -> None:
    source = tmp_path / "in"
    assert refusal(home, source) == f"{source} does not exist."
    source.mkdir()
    empty = "The folder contains no subfolders. Create one subfolder per class, or add a file labels.csv with the "
    assert refusal(home, source) == f"{empty}columns filename and label."
    (source / "a.png").write_bytes(picture((0, 0, 0)))
    assert "contains no subfolders" in refusal(home, source)
    make_folder(source, {"red": 3})
    assert "at least 2 subfolders, one per class; got 1: 'red'" in refusal(home, source)
    (source / "a.png").unlink()
    assert "at least 2 subfolders, one per class; got 1: 'red'" in refusal(home, source)
    (source / "none").mkdir()
    assert "at least 2 subfolders, one per class; got 1: 'red'" in refusal(home, source)
    (source / "none" / "1.png").write_bytes(picture((0, 0, 0)))
    assert refusal(home, source) == "Expected at least 2 images per class; got 1 in 'none'."
    (source / "none" / "2.png").write_bytes(b"damaged")
    assert "2 readable images per class; got 1 in 'none': This file is not a valid image" in refusal(home, source)
    (source / "none" / "1.png").write_bytes(b"damaged")
    few = "Expected at least 2 classes with readable images; got 1: 'red'. 'none/1.png' was left out: This file is not "
    assert refusal(home, source).startswith(few)
    (source / "none").rename(source / "no\tne")
    assert r"printable characters; got 'no\tne'" in refusal(home, source)


@pytest.mark.parametrize("side", [0, 7, 513, -1])
def test_side_out_of_bounds_is_rejected(side: int, home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2, "red": 2})
    assert refusal(home, source, side=side) == f"Expected side between 8 and 512; got {side}."


def test_missing_disk_space_is_reported_before_any_file_is_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2, "red": 2})
    monkeypatch.setattr(atomic_folder, "_SPARE_BYTES", 10**15)
    sentence = refusal(home, source)
    assert sentence.startswith("Not enough disk space for 4 images of 256 × 256 pixels: 1000000.0 GB needed, ")
    assert sentence.endswith(" GB free. Free disk space, or use a smaller side.")


def test_home_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match=r"^Cannot write "):
        add_dataset(Home(tmp_path / "file"), "mine", make_folder(tmp_path / "in", {"blue": 2, "red": 2}))


def test_missing_or_unnamed_folder_is_reported_with_how_to_add_it(home: Home) -> None:
    with pytest.raises(DatasetError, match=r"^Folder mine is not available\. Add it with: .* datasets add mine PATH"):
        pin(home, RunSpec(dataset="folder", folder="mine"))
    with pytest.raises(DatasetError, match=r"^Select a custom dataset, .* datasets add NAME PATH"):
        pin(home, RunSpec(dataset="folder"))


def test_damaged_folder_is_listed_and_can_be_removed(home: Home, tmp_path: Path) -> None:
    path = add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": 2, "red": 2}), side=8).path
    (path / "train_labels.npy").unlink()
    with pytest.raises(
        DatasetError,
        match=r"^Folder mine is damaged \(train_labels\.npy cannot be read: No such file or directory\)\. Remove ",
    ):
        open_dataset(home, "folder", "mine")
    status = list_datasets(home)[-1]
    assert (status.folder, status.available, status.next_step) == ("mine", False, "headroom datasets remove mine")
    remove_dataset(home, "folder-mine")
    assert not path.exists()


def test_custom_folder_cannot_be_downloaded(home: Home) -> None:
    with pytest.raises(DatasetError, match=r"cannot be downloaded\. Add its folder with: "):
        fetch_dataset(home, "folder")
    assert image_files.MAX_FILES >= 202_599  # CelebA's


@pytest.mark.parametrize(("images", "missing"), [(2, (0, 16, 4)), (3, (0, 0, 0)), (4, (0, 0, 0))])
def test_many_classes_with_few_images_have_each_a_training_image(
    images: int, missing: tuple[int, ...], home: Home, tmp_path: Path
) -> None:
    names = [f"c{number:02}" for number in range(20)]
    members = {f"{name}/{number}.png": picture((90, 90, 90), (4, 4)) for name in names for number in range(images)}
    cached = add_dataset(home, "few", make_zip(tmp_path / "few.zip", members), side=8)
    report = read_report(cached.path)
    assert report
    assert [*names] == [count.name for count in report.classes]
    without = [{count.name for count in report.classes if not getattr(count, split)} for split in SPLITS]
    assert tuple(map(len, without)) == (0, 16, 4) if images == 2 else missing
    assert without[2] != {*names[:4]}
    note = "; by default, 16 of 20 classes have no validation image" if images == 2 else ""
    assert cached.info.note == f"stratified split by Headroom: 64% training, 16% validation, 20% test{note}"


def test_taken_name_is_refused_with_the_reason(home: Home, tmp_path: Path) -> None:
    add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": 2, "red": 2}), side=8)
    with pytest.raises(DatasetError, match=r"^Folder mine already exists. Use another name, or remove it: "):
        start_add(home, "mine", io.BytesIO(b"an archive"))
    assert not list((home.datasets / ".fetch").glob("*.zip"))
