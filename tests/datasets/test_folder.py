"""Custom images: folders and archives, valid, unusual and hostile; a dataset is added completely or not at all."""

import io
import json
import os
import re
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.datasets import atomic_folder
from core.datasets.cache import fetch_dataset, list_datasets, list_folders, open_dataset, pin
from core.datasets.custom import image_files
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import list_added, read_fetch, start_add
from core.datasets.report import FILE_COLUMNS, SPLITS, read_files, read_report
from core.datasets.trees import file_tree, tree
from core.errors import DatasetError, HeadroomError, HomeError
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.image_folder import COLOURS, make_folder, make_members, make_zip, picture
from tests.support.markers import thin
from tests.support.paths import ROOT


def refusal(home: Home, path: Path, name: str = "mine", **more: Any) -> str:
    """Return the error message of a rejection, after which nothing is left of the dataset."""
    with pytest.raises(HeadroomError) as error:
        add_dataset(home, name, path, **more)
    left = [entry for entry in os.listdir(home.datasets) if entry != ".fetch"] if home.datasets.exists() else []
    assert left == []
    assert "\n" not in str(error.value)
    return str(error.value)


def files_below(path: Path) -> list[str]:
    return sorted(str(found.relative_to(path)) for found in path.rglob("*"))


# Added datasets


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


# Rejected datasets


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/x", "..", ".", "", "A", "ä", "a b", "a" * 41, "-a", "a\n", "digits", "folder", "kmnist"]
)
def test_invalid_name_is_rejected(name: str, home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2, "red": 2})
    assert re.match("Expected the name to be |The name '|Select a custom dataset", refusal(home, source, name))
    assert call("remove", "--", name)[0] == 1
    assert sorted(os.listdir(tmp_path)) == ["in"]


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


def test_files_that_are_not_archives_are_rejected(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    whole = make_zip(path, make_members()).read_bytes()
    for content in (b"", b"PK", b"text", picture((0, 0, 0))):
        path.write_bytes(content)
        assert refusal(home, path) == "'in.zip' is not a ZIP or tar archive."
    for size in (30, len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:size])
        assert refusal(home, path) == "'in.zip' is an incomplete ZIP archive. Copy or download it again."
    os.mkfifo(tmp_path / "pipe")
    assert "is neither a folder nor an archive." in refusal(home, tmp_path / "pipe")


def _linked(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("red/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")


def _patch(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def _locked(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0].filename.encode()
    content = bytearray(path.read_bytes())
    entry = content.rindex(first) - 46
    content[entry + 8] |= 1
    path.write_bytes(content)


HOSTILE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "parent": (lambda path: _patch(path, b"red/0.png", b"../0.png "), "an absolute path or '..'"),
    "parent within": (lambda path: _patch(path, b"red/0.png", b"a/../.png"), "an absolute path or '..'"),
    "absolute": (lambda path: _patch(path, b"red/0.png", b"/ed/0.png"), "an absolute path or '..'"),
    "backslash": (lambda path: _patch(path, b"red/0.png", b"..\\0.png "), "an absolute path or '..'"),
    "drive": (lambda path: _patch(path, b"red/0.png", b"C:\\0.png "), "an absolute path or '..'"),
    "link": (_linked, "contains a link: 'red/link.png'"),
    "password": (_locked, "without a password"),
}


@pytest.mark.parametrize(("harm", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_archive_is_rejected_and_writes_nothing_outside_the_home(
    harm: Callable[[Path], Any], sentence: str, home: Home, tmp_path: Path
) -> None:
    path = make_zip(tmp_path / "in.zip", make_members())
    harm(path)
    assert sentence in refusal(home, path)
    assert sorted(os.listdir(tmp_path)) == ["home", "in.zip"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archive_without_a_size_limit_is_rejected(method: int, home: Home, tmp_path: Path) -> None:
    assert "Unsupported compression" in refusal(home, make_zip(tmp_path / "in.zip", make_members(), method))


def test_archive_that_unpacks_to_too_much_is_rejected(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(5_000_000)})
    assert path.stat().st_size < 30_000
    monkeypatch.setattr(file_tree, "MAX_UNPACKED_BYTES", 4_000_000)
    assert refusal(home, path) == "An archive may have at most 0.004 GB unpacked; this one has 0.0 GB."


def test_too_large_member_is_left_out_unread(home: Home, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(60_000_000)})
    with file_tree.open_tree(path) as found, pytest.raises(DatasetError, match="at most 30 MB; this one has 60"):
        found.read("red/bomb.png")
    cached = add_dataset(home, "mine", path, side=8)
    assert (cached.path / "skipped.txt").read_text() == (
        "red/bomb.png: An image file may have at most 30 MB; this one has 60.0 MB.\n"
    )


def test_member_with_a_false_size_is_read_only_up_to_it_and_left_out(home: Home, tmp_path: Path) -> None:
    path = make_zip(tmp_path / "in.zip", {**make_members(), "red/bomb.png": bytes(60_000_000)})
    _patch(path, struct.pack("<I", 60_000_000), struct.pack("<I", 100))
    cached = add_dataset(home, "mine", path, side=8)
    assert (cached.info.train_count, cached.info.test_count, cached.info.skipped) == (12, 3, 1)
    assert "damaged" in (cached.path / "skipped.txt").read_text()


@pytest.mark.parametrize("archive", [False, True])
def test_too_many_files_are_counted_and_rejected(
    archive: bool, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (file_tree, tree):
        monkeypatch.setattr(module, "MAX_FILES", 9)
    source = make_zip(tmp_path / "in.zip", make_members()) if archive else make_folder(tmp_path / "in", {"red": 14})
    what = "An archive" if archive else "A folder"
    assert refusal(home, source) == f"{what} may have at most 9 files; this one has 15."


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


# The command, in a separate process


def _start(home: Home, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "core", "datasets", *words], cwd=ROOT, text=True,
        env={**os.environ, "HEADROOM_HOME": str(home.path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _wait_for(happened: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)
    return result


@pytest.mark.parametrize("kind", thin([signal.SIGKILL, signal.SIGINT], 2))
def test_killed_addition_leaves_no_dataset(kind: int, home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 60, "red": 60}, size=(1500, 1500))
    process = _start(home, "add", "mine", str(source))
    running = _wait_for(lambda: (found := read_fetch(home, "folder-mine")) and found.done_files and found)
    assert (running.phase, running.alive, running.total_files) == ("reading", True, 120)
    with pytest.raises(DatasetError, match=r"^Folder mine is being added\. Try again "):
        remove_dataset(home, "folder-mine")
    process.send_signal(kind)
    process.communicate(timeout=30)
    ended = read_fetch(home, "folder-mine")
    assert ended is not None
    assert (ended.alive, "nterrupted" in (ended.error or "")) == (False, True)
    assert list_folders(home) == []
    for photo in list(source.rglob("0[1-9]?.png")):
        photo.unlink()
    assert add_dataset(home, "mine", source, side=8).info.train_count == 16
    assert sorted(os.listdir(home.datasets)) == [".fetch", "folder-mine"]


def test_uploaded_archive_is_added_in_the_background_and_then_removed(home: Home, tmp_path: Path) -> None:
    content = make_zip(tmp_path / "in.zip", make_members("all/")).read_bytes()
    assert start_add(home, "mine", io.BytesIO(content), side=8, origin="--my [cats].zip").alive
    ended = _wait_for(lambda: (found := list_added(home)) and not found[0].alive and found[0])
    assert (ended.phase, ended.error, ended.total_files) == ("done", None, 15)
    _wait_for(lambda: not (home.datasets / ".fetch" / "folder-mine.zip").exists())
    info = open_dataset(home, "folder", "mine").info
    assert (info.train_count, info.source) == (12, "--my [cats].zip")
    start_add(home, "other", io.BytesIO(b"no archive"))
    _wait_for(lambda: (found := read_fetch(home, "folder-other")) and found.phase == "failed")
    _wait_for(lambda: not (home.datasets / ".fetch" / "folder-other.zip").exists())
    with pytest.raises(DatasetError, match="Expected the name to be"):
        start_add(home, "../x", io.BytesIO(content))


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["datasets", *words])
    return result.exit_code, result.stdout, result.stderr


def test_commands_add_list_and_remove(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 5, "red": 5})
    (source / "red" / "bad.png").write_bytes(b"")
    code, out, err = call("add", "mine", str(source), "--side", "16")
    assert code == 0
    summary, _, rest = out.partition("\n")
    assert summary.endswith("2 classes; stratified 80/20 split by Headroom.")
    rows = [line.split() for line in rest.splitlines() if line.startswith((" blue", " red"))]
    assert rows == [["blue", "3", "1", "1", "5"], ["red", "3", "1", "1", "5"]]
    counts = [sum(int(row[column]) for row in rows) for column in (1, 2, 3)]  # every text has those of the table
    stated = "{} training, {} validation and {} test images".format(*counts)
    assert summary.startswith(f"Folder mine: {stated}, ")
    assert call("show", "mine")[1].startswith(f"Folder mine: 2 classes with 5 images each; {stated}. ")
    (row,) = (line.split() for line in call()[1].splitlines() if line.startswith(" folder mine"))
    assert row[3:7] == [*map(str, counts), "1"]
    assert "\nLeft out: 1 file.\n  red/bad.png: This image file is empty.\n" in rest
    assert f"Reasons of all files left out: {home.datasets / 'folder-mine' / 'skipped.txt'}\n" in err
    assert "Train on them: headroom train --dataset mine\n" in err
    listed = json.loads(call("--json")[1])[-1]
    assert (listed["name"], listed["folder"], listed["train_count"], listed["skipped"]) == ("folder", "mine", 8, 1)
    assert "folder mine" in call()[1]
    code, out, err = call("add", "mine", str(source))
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    spec = pin(home, RunSpec(dataset="folder", folder="mine", side=16))
    JobQueue(home).submit([spec])
    code, out, err = call("remove", "mine")
    assert (code, out) == (1, "")
    assert err == (f"Folder mine is in use by 1 unfinished job. Cancel with: headroom jobs cancel {spec.run_id}\n")
    JobQueue(home).cancel(spec.run_id)
    restored = f"estored Folder mine: {stated}, "
    assert call("restore") == (0, "", "")
    for _ in range(2):
        code, out, err = call("remove", "mine")
        assert (code, err) == (0, "Restore it with: headroom datasets restore mine\n")
        assert out.startswith(f"Removed Folder mine: {stated}, ")
        assert call("restore") == (0, "mine\n", "")
        code, out, err = call("restore", "mine")
        assert (code, err, out[1 : 1 + len(restored)]) == (0, "", restored)
    assert call("restore", "mine")[0] == 1
    assert call("remove", "mine")[0] == 0
    assert call("clear-trash") == (0, "Deleted 1 removed dataset permanently.\n", "")
    assert call("remove", "mine")[0] == 1
    assert call("remove", "digits")[0] == 1
    assert [status.name for status in list_datasets(home)][-1] == "folder"


def test_json_and_dry_run_give_the_report_and_dry_run_keeps_nothing(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in" / "x", {"red": 5, "blue": 3}).parent
    for extra in (
        "@eaDir/1.png",
        "x/red/Thumbs.db",
        "README.md",
        "x/none/.hidden",
        "x/red/bad\n.png",
        "x/[red]/1",
    ):
        (source / extra).parent.mkdir(exist_ok=True)
        (source / extra).write_bytes(b"")
    home.path.mkdir()
    code, dry, err = call("add", "mine", str(source), "--side", "8", "--json", "--dry-run")
    assert (code, err, os.listdir(home.path)) == (0, "", [])
    printed = json.loads(dry)
    findings = printed.pop("findings")
    assert {"leaked_test_images", "few_test_images"} <= {finding["code"] for finding in findings}
    assert all(finding.keys() == {"code", "severity", "count", "message"} for finding in findings)
    assert printed == {
        "name": "mine",
        "classes": [
            {"name": "blue", "train": 1, "validation": 1, "test": 1},
            {"name": "red", "train": 3, "validation": 1, "test": 1},
        ],
        "splits": "drawn",
        "skipped": [
            {"file": "README.md", "reason": "This file is not in a class folder."},
            {"file": "x/[red]/1", "reason": "This image file is empty."},
            {"file": "x/none/.hidden", "reason": "This file is hidden."},
            {"file": "x/red/bad\n.png", "reason": "This image file is empty."},
        ],
        "ignored": ["@eaDir", "Thumbs.db"],
        "value_range": [0, 255],
    }
    text = call("add", "mine", str(source), "--side", "8", "--dry-run")
    assert (text[0], text[2], os.listdir(home.path)) == (0, "Nothing was added, because of --dry-run.\n", [])
    assert "Ignored system files: @eaDir, Thumbs.db.\nLeft out: 4 files.\n" in text[1]
    assert r"'x/red/bad\n.png': This image file is empty." in text[1]
    assert all(f"  {one['severity']}, {one['code']}: {one['message']}\n" in text[1] for one in findings)
    added = call("add", "mine", str(source), "--side", "8", "--json")
    assert (added[0], added[1], added[2]) == (0, dry, "")
    report = read_report(open_dataset(home, "folder", "mine").path)
    assert report
    assert report.model_dump(mode="json") == json.loads(dry)
    files = read_files(open_dataset(home, "folder", "mine").path)
    assert files is not None
    assert [*files.columns] == [*FILE_COLUMNS]
    assert sorted(files["file"]) == [f"x/blue/{n:03}.png" for n in range(3)] + [f"x/red/{n:03}.png" for n in range(5)]
    arrays = open_dataset(home, "folder", "mine").arrays()
    for row in files.itertuples():
        images, labels = (
            (arrays.test_images, arrays.test_labels)
            if row.split == "test"
            else (arrays.train_images, arrays.train_labels)
        )
        assert row.file.split("/")[1] == ("blue", "red")[labels[row.row]]
        assert images[row.row][4, 4].tolist() == [*COLOURS[row.file.split("/")[1]]]
        assert (row.width, row.height, row.frames) == (20, 14, 1)
    code, _, err = call("add", "mine", str(source), "--dry-run")
    assert code == 1
    assert "already exists" in err


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
    assert cached.info.note == f"stratified 80/20 split by Headroom{note}"


def test_taken_name_is_refused_with_the_reason(home: Home, tmp_path: Path) -> None:
    add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": 2, "red": 2}), side=8)
    with pytest.raises(DatasetError, match=r"^Folder mine already exists. Use another name, or remove it: "):
        start_add(home, "mine", io.BytesIO(b"an archive"))
    assert not list((home.datasets / ".fetch").glob("*.zip"))


@pytest.mark.parametrize(
    ("log", "message"),
    [("noise\nFolder mine already exists. Use another name.\n", "Folder mine already exists. Use another name."),
     ("noise", "The import of Folder mine was interrupted. Start it again.")],
)  # fmt: skip
def test_process_that_ended_at_once_gives_its_reason(home: Home, log: str, message: str) -> None:
    folder = home.datasets / ".fetch"
    folder.mkdir(parents=True)
    (folder / "folder-mine.log").write_text(log)
    progress = {"name": "folder-mine", "phase": "starting", "pid": 2**22 + 1, "started_at": 0.0}
    (folder / "folder-mine.json").write_text(json.dumps(progress))
    found = read_fetch(home, "folder-mine")
    assert found
    assert found.error == message
