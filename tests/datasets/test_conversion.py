"""Conversion of added images: one value range, the fit, frames, interruptions, and files that are added twice."""

import io
import os
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from core.analysis.activation import prepare_picture
from core.augment.crop_share import compute_cut_share
from core.augment.fit import FITS, Fit, read_fit
from core.augment.prepare import prepare, undo_fit
from core.datasets.cache import CachedDataset, list_folders
from core.datasets.custom import build
from core.datasets.custom.add import add_dataset
from core.datasets.custom.file_identity import list_equal
from core.datasets.custom.interrupted_add import can_continue, cancel_add, discard_add
from core.datasets.custom.reading_journal import JOURNAL
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import cancel_mark, read_fetch, start_add
from core.datasets.report import read_files, read_report
from core.errors import DatasetError, HomeError
from core.home import Home
from core.spec import RunSpec
from tests.support.damage import DAMAGES
from tests.support.image_folder import make_folder, picture
from tests.support.image_writer import write_png

FITS_LIST: list[Fit] = list(FITS)


def write_deep_folder(path: Path, count: int = 10) -> Path:
    """Write a folder of 12-bit images in files of 16 bits, about 3,000 and about 1,000, grayscale and RGB."""
    random = np.random.default_rng(0)
    for name, middle in (("bright", 3_000), ("dark", 1_000)):
        (path / name).mkdir(parents=True)
        for number in range(count):
            channels = 1 if number % 2 else 3
            values = random.integers(middle - 50, middle + 50, (12, 20, channels)).astype(np.uint16)
            (path / name / f"{number:02}.png").write_bytes(write_png(values))
    return path


def images_of(found: CachedDataset) -> tuple[Any, Any]:
    arrays = found.arrays()
    return (
        np.concatenate([arrays.train_images, arrays.test_images]),
        np.concatenate([arrays.train_labels, arrays.test_labels]),
    )


def run_of(found: CachedDataset) -> Any:
    data = SimpleNamespace(input_shape=found.info.input_shape, value_range=found.info.value_range, fit=found.info.fit)
    spec = RunSpec(dataset="folder", folder=found.info.folder, side=found.info.input_shape[0])
    return SimpleNamespace(record=SimpleNamespace(data=data), spec=spec, run_id="0" * 12)


@pytest.mark.parametrize("fit", FITS_LIST)
def test_new_image_is_converted_like_the_dataset(fit: Fit, home: Home, tmp_path: Path) -> None:
    source = write_deep_folder(tmp_path / "in")
    (source / "bright" / "8-bit.png").write_bytes(picture((9, 99, 199)))
    found = add_dataset(home, "deep", source, side=16, fit=fit)
    report, files = read_report(found.path), read_files(found.path)
    assert report
    assert files is not None
    assert found.info.value_range == report.value_range
    low, high = report.value_range
    assert low == 0
    assert 3_000 < high <= 3_050
    assert f"values from 0 to {high:,.0f} are scaled to 0 to 255" in found.info.note
    images, labels = images_of(found)
    deep = (files["file"] != "bright/8-bit.png").to_numpy()
    inner = images[deep][:, 6:10, 6:10].astype(float).mean(axis=(1, 2, 3))
    assert_allclose(inner[labels[deep] == 0], 250, atol=8)
    assert_allclose(inner[labels[deep] == 1], 250 / 3, atol=4)
    run = run_of(found)
    for (split, row), name in zip(files[["split", "row"]].itertuples(index=False), files["file"], strict=True):
        stored = found.arrays().test_images if split == "test" else found.arrays().train_images
        assert_array_equal(prepare_picture((source / name).read_bytes(), run), stored[row], name)


def test_images_of_8_bits_are_read_once_and_have_the_whole_range(home: Home, tmp_path: Path) -> None:
    found = add_dataset(home, "plain", make_folder(tmp_path / "in", {"blue": 5, "red": 5}), side=8)
    report = read_report(found.path)
    assert report
    assert (found.info.value_range, report.value_range, found.info.fit) == (None, (0, 255), "crop")
    assert found.info.note == "stratified split by Headroom: 64% training, 16% validation, 20% test"


def test_fit_keeps_what_it_promises() -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, :20], wide[:, 20:40], wide[:, 40:] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    assert_array_equal(prepare(wide, 20), wide[:, 20:40])
    padded = prepare(wide, 60, "pad")
    assert_array_equal(padded[20:40], wide)
    assert not padded[:20].any()
    assert not padded[40:].any()
    assert_array_equal(prepare(wide, 3, "stretch")[1].argmax(axis=-1), [0, 1, 2])
    for fit in FITS_LIST:
        kept = undo_fit(prepare(wide, 60, fit), 60, 20, 30, fit)
        assert kept.shape == ((10, 10, 3) if fit == "crop" else (10, 30, 3))
        middle = kept[2:-2, kept.shape[1] // 2]
        assert (middle.argmax(axis=-1) == 1).all()
    assert_array_equal(undo_fit(padded, 60, 20, 60, "pad"), wide)
    thin = np.full((1, 500, 1), 255, np.uint8)
    for fit in FITS_LIST:
        assert prepare(thin, 8, fit).shape == (8, 8, 1)
        assert prepare(thin, 8, fit).any()
        square = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
        assert_array_equal(prepare(square, 9, fit), square)
        assert read_fit(fit) == fit
    assert_allclose(compute_cut_share([60, 20], [20, 20]), [2 / 3, 0])
    assert compute_cut_share(60, 20, "stretch") == 0
    with pytest.raises(DatasetError, match=r"^Expected fit to be one of crop, pad, stretch; got 'fill'\.$"):
        read_fit("fill")


def test_frames_and_sizes_of_the_sources_are_stored(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 3, "red": 3})
    frames = [Image.new("RGB", (30, 10), color) for color in ("red", "blue", "lime")]
    for name, form in (("a.gif", "GIF"), ("b.tif", "TIFF"), ("c.webp", "WEBP"), ("d.png", "PNG")):
        frames[0].save(source / "red" / name, form, save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[0x0112] = 6
    frames[0].save(source / "red" / "turned.jpg", exif=exif)
    found = add_dataset(home, "mine", source, side=8)
    assert "; 4 files have several frames or pages, of which the first is used" in found.info.note
    files = read_files(found.path)
    assert files is not None
    rows = files.set_index("file")[["width", "height", "frames"]]
    assert rows.loc["red/b.tif"].tolist() == rows.loc["red/a.gif"].tolist() == [30, 10, 3]
    assert rows.loc["red/turned.jpg"].tolist() == [10, 30, 1]
    images, _ = images_of(found)
    assert (images.reshape(len(images), -1, 3).argmax(axis=-1) != 1).all()  # no green


def test_missing_reader_is_a_reason(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.image_format._load_heif", lambda: False)
    source = make_folder(tmp_path / "in", {"blue": 3, "red": 3})
    (source / "red" / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    report = read_report(add_dataset(home, "mine", source, side=8).path)
    assert report
    assert [(one.file, one.reason) for one in report.skipped] == [
        ("red/phone.heic", "This HEIC file needs the package pillow-heif. Run: pip install pillow-heif")
    ]


# Interruptions


class Stop:
    """Progress callback that interrupts after a number of calls, as Ctrl-C does."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.steps = at, list[int]()

    def __call__(self, done: int, total: int | None) -> None:
        self.steps.append(done)
        if len(self.steps) == self.at:
            raise KeyboardInterrupt


def _cut_journal(folder: Path) -> None:
    os.truncate(folder / JOURNAL, (folder / JOURNAL).stat().st_size - 3)


def _cut_pixels(folder: Path) -> None:
    os.truncate(folder / "images.npy", 128 + 70 * 8 * 8 * 3 + 5)


def _lose_pixels(folder: Path) -> None:
    (folder / "images.npy").unlink()


def _keep(folder: Path) -> None:
    assert (folder / JOURNAL).exists()


@pytest.mark.parametrize(("at", "deep"), [(1, False), (150, False), (200, False), (70, True)])
def test_interrupted_import_continues(at: int, deep: bool, home: Home, tmp_path: Path) -> None:
    source = write_deep_folder(tmp_path / "in", 99) if deep else make_folder(tmp_path / "in", {"blue": 99, "red": 99})
    (source / ("dark" if deep else "red") / "bad.png").write_bytes(b"bad")
    (source / ("dark" if deep else "red") / "two.gif").write_bytes(picture((9, 9, 9), kind="GIF"))
    whole = add_dataset(home, "whole", source, side=8).info
    remove_dataset(home, "folder-whole")
    harms: list[Callable[[Path], None]] = [_keep, _cut_journal, _cut_pixels, _lose_pixels]
    for number, harm in enumerate(harms if at == 150 else [_keep]):
        name = f"again{number}"
        first = Stop(at + 200 if deep else at)  # the range is searched first
        with pytest.raises(KeyboardInterrupt):
            add_dataset(home, name, source, side=8, progress=first)
        ended = read_fetch(home, f"folder-{name}")
        assert ended
        assert not ended.alive
        assert list_folders(home) == []
        harm(home.datasets / f".folder-{name}.unfinished")
        second = Stop()
        found = add_dataset(home, name, source, side=8, progress=second)
        assert found.info.fingerprint == whole.fingerprint
        assert (found.info.skipped, found.info.value_range, found.info.note) == (1, whole.value_range, whole.note)
        if harm is _keep:
            assert len(second.steps) == 200 - at
        assert sorted(os.listdir(home.datasets)) == [".fetch", ".removed", f"folder-{name}"]
        assert not (found.path / JOURNAL).exists()
        remove_dataset(home, f"folder-{name}")


def test_interrupted_import_with_any_damaged_file_can_be_repeated(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 4, "red": 4})
    fingerprint = add_dataset(home, "whole", source, side=8).info.fingerprint
    remove_dataset(home, "folder-whole")
    for name, (kind, damage) in product(("identity.txt", JOURNAL, "images.npy"), DAMAGES.items()):
        with pytest.raises(KeyboardInterrupt):
            add_dataset(home, "mine", source, side=8, progress=Stop(5))
        damage(home.datasets / ".folder-mine.unfinished" / name)
        try:
            found = add_dataset(home, "mine", source, side=8)
        except HomeError:  # a folder or a link instead of a file, which is removed
            assert kind in ("folder", "unreadable"), (name, kind)
            found = add_dataset(home, "mine", source, side=8)
        assert found.info.fingerprint == fingerprint, (name, kind)
        remove_dataset(home, "folder-mine")


def test_import_that_is_interrupted_after_reading_continues(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_folder(tmp_path / "in", {"blue": 9, "red": 9})
    for function in ("draw_split", "arrange_images", "write_files"):
        with monkeypatch.context() as patch:

            def interrupt(*_: Any) -> None:
                raise KeyboardInterrupt

            patch.setattr(build, function, interrupt)
            with pytest.raises(KeyboardInterrupt):
                add_dataset(home, "mine", source, side=8)
    assert add_dataset(home, "mine", source, side=8).info.train_count == 14


def test_unfinished_import_starts_again_with_other_files_and_can_be_removed(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 9, "red": 9})
    for change in ("side", "files"):
        with pytest.raises(KeyboardInterrupt):
            add_dataset(home, "mine", source, side=8, progress=Stop(5))
        if change == "files":
            (source / "blue" / "000.png").write_bytes(picture((1, 2, 3)))
        steps = Stop()
        add_dataset(home, "mine", source, side=16 if change == "side" else 8, progress=steps)
        assert len(steps.steps) == 18
        remove_dataset(home, "folder-mine")
    with pytest.raises(KeyboardInterrupt):
        add_dataset(home, "mine", source, side=8, progress=Stop(5))
    remove_dataset(home, "folder-mine")
    assert sorted(os.listdir(home.datasets)) == [".fetch", ".removed"]
    with pytest.raises(DatasetError, match="was not found"):
        remove_dataset(home, "folder-mine")


def test_error_leaves_nothing_to_continue(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_folder(tmp_path / "in", {"blue": 9, "red": 9})

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "arrange_images", fail)
    with pytest.raises(HomeError, match="No space left on device"):
        add_dataset(home, "mine", source, side=8)
    assert os.listdir(home.datasets) == [".fetch"]


def test_import_is_cancelled_continued_and_discarded_from_a_page(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "folder-mine"
    source = make_folder(tmp_path / "in", {"blue": 40, "red": 40})
    monkeypatch.setattr("core.datasets.fetch._WRITE_SECONDS", 0.0)
    with pytest.raises(DatasetError, match=r"^Folder mine is not being added\.$"):
        cancel_add(home, key)

    def cancel(done: int, total: int | None) -> None:
        if done == 20:
            cancel_add(home, key)
            with pytest.raises(DatasetError, match=r"^Folder mine is being added\. Cancel it first\.$"):
                discard_add(home, key)

    with pytest.raises(KeyboardInterrupt):
        add_dataset(home, "mine", source, side=8, progress=cancel)
    ended = read_fetch(home, key)
    assert ended
    assert ended.error == (
        "The import of Folder mine was interrupted after 21 of 80 files. Add the same files again to continue."
    )
    assert not cancel_mark(home, key).exists()
    assert not can_continue(home, key)  # a folder was added, not an archive
    (home.datasets / ".fetch" / f"{key}.zip").write_bytes(b"archive")
    assert can_continue(home, key)
    discard_add(home, key)
    assert not can_continue(home, key)
    assert os.listdir(home.datasets) == [".fetch"]


def test_files_that_are_already_added_are_recognized(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 5, "red": 5})
    add_dataset(home, "first", source, side=8)
    sentence = (
        r"^These files are already added as first, with the same settings\. "
        r"Use first, or remove it first: headroom datasets remove first$"
    )
    with pytest.raises(DatasetError, match=sentence):
        add_dataset(home, "second", source, side=8)
    source = source.rename(tmp_path / "moved")
    with pytest.raises(DatasetError, match=sentence):
        add_dataset(home, "second", source, side=8)
    assert add_dataset(home, "padded", source, side=8, fit="pad").info.fit == "pad"
    copy = add_dataset(home, "copy", shutil.copytree(source, tmp_path / "copy", copy_function=shutil.copyfile), side=8)
    assert list_equal(home, copy.info) == ["first"]
    (source / "red" / "more.png").write_bytes(picture((5, 5, 5)))
    assert add_dataset(home, "more", source, side=8).info.train_count == 9


def test_taken_name_of_an_upload_is_refused_before_it_is_saved(home: Home, tmp_path: Path) -> None:
    add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": 2, "red": 2}), side=8)
    with pytest.raises(DatasetError, match=r"^Folder mine already exists\."):
        start_add(home, "mine", io.BytesIO(b"an archive"))
    assert not (home.datasets / ".fetch" / "folder-mine.zip").exists()
