"""Findings: every planted problem is found with its images and its effect, and nothing else."""

import io
import json
import tracemalloc
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.datasets.cache import open_dataset
from core.datasets.custom.add import add_dataset
from core.datasets.findings.class_findings import FEW_TEST_IMAGES
from core.datasets.findings.findings_file import FINDINGS, METHOD, check_dataset, read_findings, read_findings_version
from core.datasets.findings.image_findings import Findings, find_problems
from core.datasets.findings.image_scan import scan_images
from core.datasets.findings.image_sketch import reduce_picture, sketch_images
from core.home import Home
from core.interval import compute_wilson
from tests.support.command import ask, call

TRAIN, TEST = 400, 200
CLASSES = ("cat", "dog")


def draw_photos(count: int, seed: int = 0, side: int = 64) -> np.ndarray:
    """Return random smooth color pictures, uint8 of shape (count, side, side, 3), which are all different."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in coarse])


def find(train: np.ndarray, test: np.ndarray, labels: np.ndarray | None = None, validation: int = 0) -> Findings:
    labels = np.arange(len(train) + len(test)) % 2 if labels is None else labels.astype(int)
    scan = scan_images([train, test])
    return find_problems((labels[: len(train)], labels[len(train) :]), scan, CLASSES, validation)


def codes(found: Findings) -> dict[str, int]:
    return {finding.code: finding.count for finding in found.findings}


def encode_jpeg(image: np.ndarray, quality: int = 70) -> np.ndarray:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=quality)
    return np.asarray(Image.open(content))


def test_hashes_of_images_are_those_of_imagehash() -> None:
    random = np.random.default_rng(0)
    for height, width, channels in ((8, 8, 1), (28, 28, 1), (32, 32, 3), (40, 31, 3), (100, 80, 3)):
        noise = random.integers(20, 236, (40, height, width, channels), np.uint8)
        for images in (noise, noise // 2 + noise[:, ::-1] // 2, np.sort(noise, axis=1)):
            pictures = [Image.fromarray(image[..., 0] if channels == 1 else image) for image in images]
            reduced = np.stack([reduce_picture(picture) for picture in pictures])
            small = [Image.fromarray(image[..., 0] if channels == 1 else image) for image in reduced]
            expected = [np.packbits(imagehash.phash(picture).hash).view(">u8")[0] for picture in small]
            assert sketch_images(reduced).hashes.tolist() == expected


def test_every_planted_problem_is_found_with_its_images() -> None:
    photos = draw_photos(TRAIN + TEST)
    train, test = photos[:TRAIN].copy(), photos[TRAIN:].copy()
    assert codes(find(train, test)) == {}

    test[:4] = train[[10, 12, 14, 16]]  # two of them with another label
    test[6] = encode_jpeg(train[20])
    test[8] = np.clip(train[22] * 1.1, 0, 255)
    train[31] = train[33]  # copies in one split
    train[35] = encode_jpeg(train[37])
    train[390] = train[40]  # among the last 20%
    test[101] = test[100]  # with another label
    train[50], train[51], test[50] = (200, 10, 10), 3, 252
    train[52:54] = 0
    train[53, 1, 1] = 255
    found = find(train, test)
    assert codes(found) == {
        "leaked_test_images": 4, "near_leaked_test_images": 2, "leaked_validation_images": 1, "conflicting_labels": 6,
        "duplicate_images": 3, "near_duplicate_images": 1, "constant_images": 4, "nearly_black_images": 1,
    }  # fmt: skip
    rows = {code: part[["split", "row"]].to_numpy().tolist() for code, part in found.images.groupby("code")}
    assert rows["near_leaked_test_images"] == [["test", 6], ["train", 20], ["test", 8], ["train", 22]]
    assert rows["leaked_validation_images"] == [["train", 40], ["train", 390]]
    assert rows["near_duplicate_images"] == [["train", 35], ["train", 37]]
    assert rows["nearly_black_images"] == [["train", 53]]
    assert "and" in next(one.message for one in found.findings if one.code == "conflicting_labels")


def test_effect_is_stated_with_the_share_of_the_images() -> None:
    photos = draw_photos(180)
    found = find(photos[:170], photos[162:170])
    assert found.findings[0].message == (
        "8 of 8 test images are also among the training images: the accuracy means nothing."
    )
    assert found.findings[0].severity == "error"
    assert [group.to_numpy().tolist() for group in found.list_groups("leaked_test_images", 1)] == [
        [["test", 0], ["train", 162]]
    ]
    assert "8 test images are few: with 7 of them correct" in found.findings[-1].message
    part = find(photos[:40], photos[[38, *range(40, 180)]])
    assert part.findings[0].message == (
        "1 of 141 test images is also among the training images: the test accuracy can be up to 0.71 percentage points "
        "too high."
    )


def test_classes_and_counts_are_examined() -> None:
    photos = draw_photos(340)
    labels = np.zeros(340, int)
    labels[:5] = 1
    found = codes(find(photos[:200], photos[200:], labels))
    assert found == {
        "classes_without_test_images": 5, "classes_without_validation_images": 5, "imbalanced_classes": 335,
        "few_test_images": 140,
    }  # fmt: skip
    assert codes(find(photos[:100], photos[100:], np.arange(340) // 100 > 0))["classes_without_training_images"] == 240
    for count, enough in ((FEW_TEST_IMAGES, True), (FEW_TEST_IMAGES - 1, False)):
        low, high = compute_wilson(0.9 * count, count)
        assert ((high - low) / 2 <= 0.05) == enough


def test_predefined_validation_images_are_a_split_of_their_own() -> None:
    photos = draw_photos(300)
    train = photos[:150].copy()
    train[149] = train[3]
    found = find(train, photos[150:], validation=30)
    leaks = found.images[found.images["code"] == "leaked_validation_images"]
    assert leaks[["split", "row"]].to_numpy().tolist() == [["validation", 149], ["train", 3]]
    assert found.validation_count == 30
    assert "duplicate_images" not in [finding.code for finding in found.findings]
    for first, second, named in (
        (140, 141, "1 validation image is"),
        (3, 4, "1 training image and 1 validation image are"),
    ):
        train[second] = train[first]
        messages = {finding.code: finding.message for finding in find(train, photos[150:], validation=30).findings}
        assert messages["duplicate_images"].startswith(f"{named} a copy of another image of this split")


def test_small_changes_are_found_and_similar_drawings_are_not() -> None:
    """Measured in decision 34 with real images; these are made up."""
    photos = draw_photos(60, side=128)
    changed = {
        "jpeg": np.stack([encode_jpeg(photo, 50) for photo in photos]),
        "brighter": np.clip(photos * 1.12, 0, 255).astype(np.uint8),
        "resized": np.stack([
            np.asarray(Image.fromarray(photo).resize((60, 60)).resize((128, 128))) for photo in photos
        ]),
    }  # fmt: skip
    for name, others in changed.items():
        near = scan_images([photos, others]).near
        assert (near[60:] == np.arange(60)).mean() > 0.95, name
    strokes = np.zeros((50, 28, 28, 1), np.uint8)
    for row, stroke in enumerate(strokes):
        stroke[4:24, 4 + row % 20 : 6 + row % 20 + row // 20] = 255
    assert len(np.unique(scan_images([strokes]).near)) == 50


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_equal_images_have_one_number_in_any_order(kinds: list[int], random: object) -> None:
    pictures = draw_photos(9, side=8)
    scan = scan_images([pictures[kinds]])
    assert [kinds[first] for first in scan.exact] == kinds
    assert all(first == kinds.index(kind) for first, kind in zip(scan.exact, kinds, strict=True))
    order = np.random.default_rng(len(kinds)).permutation(len(kinds))
    reordered = scan_images([pictures[kinds][order]])
    assert (scan.reorder(order).exact == reordered.exact).all()
    assert (scan.reorder(order).near == reordered.near).all()


def test_time_and_memory_do_not_grow_with_the_square(tmp_path: Path) -> None:
    """One thousand nearly equal images have half a million pairs; all are joined by a few comparisons each."""
    frames = np.repeat(draw_photos(1, side=8), 1000, axis=0)
    frames[:, 0, 0, 0] = np.arange(1000) % 250
    frames[:, 0, 1, 0] = np.arange(1000) // 250
    tracemalloc.start()
    scan = scan_images([frames], tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(np.unique(scan.exact)) == 1000
    assert (scan.near == 0).all()
    assert peak < 8_000_000
    assert not [*tmp_path.iterdir()]


def write_folder(path: Path, pictures: dict[str, np.ndarray]) -> Path:
    for name, picture in pictures.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path / name)
    return path


def test_drawn_split_keeps_copies_on_one_side_and_the_report_lists_the_rest(home: Home, tmp_path: Path) -> None:
    photos = draw_photos(40)
    files = {f"{name}/{row:02}.png": photos[row + 20 * n] for n, name in enumerate(CLASSES) for row in range(20)}
    copies = {name.replace(".png", "-again.png"): encode_jpeg(photo, 90) for name, photo in files.items()}
    twins = {name.replace(".png", "-twin.png"): photo for name, photo in files.items()}
    folder = write_folder(tmp_path / "pets", {**files, **copies, **twins})
    add_dataset(home, "pets", folder)
    found = read_findings(home, "folder-pets", open_dataset(home, "folder", "pets").info.fingerprint)
    assert found is not None
    assert "duplicate_images" in codes(found)
    assert not {code for code in codes(found) if "leaked_test" in code}
    listed = ask("datasets", "check", "pets")["findings"]
    assert {one["code"]: one["count"] for one in listed} == codes(found)
    copy = next(one for one in listed if one["code"] == "duplicate_images")
    assert {image["file"].rpartition(".")[2] for image in copy["images"]} == {"png"}
    assert "duplicate_images" in call("datasets", "check", "pets").stdout


def test_stored_findings_belong_to_one_version_of_data_and_method(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    info = open_dataset(home, "digits").info
    bundled = read_findings(home, "digits", info.fingerprint)
    assert bundled is not None  # stored in the package
    assert read_findings_version(home, "digits") == ""
    monkeypatch.setattr("core.datasets.findings.findings_file._BUNDLED", home.path)
    assert read_findings(home, "digits", info.fingerprint) is None
    computed = check_dataset(home, "digits")
    assert computed.findings == bundled.findings
    assert computed.images.astype(str).equals(bundled.images.astype(str))
    path = home.datasets / "digits" / FINDINGS
    assert read_findings_version(home, "digits") != ""
    assert read_findings(home, "digits", info.fingerprint) is not None
    assert read_findings(home, "digits", "0" * 16) is None
    content = json.loads(path.read_text())
    missing = {**content["images"], "row": [9999] * 4}
    for change in ({"method": METHOD + 1}, {"fingerprint": "0" * 16}, {"images": missing}, {"findings": 3}):
        path.write_text(json.dumps(content | change))
        assert read_findings(home, "digits", info.fingerprint) is None
    path.write_text("{")
    assert check_dataset(home, "digits").findings == bundled.findings  # computed again


def test_unknown_names_are_refused_by_the_command(home: Home) -> None:
    for name, words in (("nothing", "headroom datasets add nothing PATH"), ("Not valid", "Expected the name to be")):
        result = call("datasets", "check", name)
        assert result.exit_code == 1
        assert words in result.stderr
    assert "test images" in call("datasets", "check", "digits").stdout
