"""Problems of a dataset: leaks between splits, duplicates, contradicting labels and pictures without content."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.datasets.findings.class_findings import find_class_problems
from core.datasets.findings.image_scan import ImageScan, Numbers
from core.datasets.findings.image_sketch import NEARLY_BLACK, NEARLY_WHITE, ONE_COLOUR
from core.datasets.report import SPLITS, DataFinding, Severity, read_files
from core.datasets.split import compute_split
from core.errors import SpecError
from core.plural import format_plural
from core.spec import RunSpec

COLUMNS = ("code", "split", "row", "group")
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

_TRAIN, _VALIDATION, _TEST = range(3)
_NAMES = ("training", "validation", "test")
_MUCH = 0.01  # share of the images from which a finding is more severe

_NO_IMAGES = pd.DataFrame({"code": [], "split": [], "row": [], "group": []}).astype(
    {"code": str, "split": str, "row": np.int64, "group": np.int64}
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Findings:
    """The findings of a dataset, the most severe first, and the images of each.

    `images` has the columns code, split (one of SPLITS), row (position in `train_images`, also for the validation
    split, or in `test_images`) and group. Images with the same code and group show the same picture. A leak lists the
    leaked images and the training images that they equal; findings about classes list no images. Callers must not
    modify it. `validation_count` is the size of the predefined validation split.
    """

    findings: tuple[DataFinding, ...]
    images: pd.DataFrame
    validation_count: int = 0

    def list_groups(self, code: str, most: int | None = None) -> list[pd.DataFrame]:
        """Return the first groups of images of a finding, each with the columns split and row."""
        images = self.images[self.images["code"] == code]
        if most is not None:
            images = images[images["group"].isin(images["group"].unique()[:most])]
        return [group[["split", "row"]].reset_index(drop=True) for _, group in images.groupby("group", sort=False)]


def name_files(images: pd.DataFrame, folder: Path, counts: tuple[int, int]) -> pd.DataFrame:
    """Add the column file to rows with a split and a row: the path of the source, or None if it is not known."""
    names = read_files(folder, counts, ("split", "row", "file"))
    if names is None:
        return images.assign(file=None)
    named = images.merge(names, "left", ["split", "row"])
    return named.assign(file=named["file"].where(named["file"].notna(), None))


@dataclass(frozen=True)
class _Images:
    """All images of a dataset, the training images first, each array of shape (images,).

    `parts` are _TRAIN, _VALIDATION (a predefined split) or _TEST; `held` marks the images that validate by default.
    """

    scan: ImageScan
    parts: NDArray[np.uint8]
    labels: Numbers
    held: Mask
    classes: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    finding: DataFinding
    rows: Numbers
    groups: Numbers

    @classmethod
    def of(cls, code: str, severity: Severity, count: int, message: str, rows: Mask, groups: Numbers) -> "_Found":
        listed = np.flatnonzero(rows)
        return cls(DataFinding(code=code, severity=severity, count=count, message=message), listed, groups[listed])


def find_problems(
    labels: tuple[NDArray[Any], NDArray[Any]],
    scan: ImageScan,
    classes: Sequence[str],
    validation_count: int = 0,
    attributes: Sequence[str] = (),
) -> Findings:
    """Return what is wrong with the images and labels of a dataset.

    Args:
        labels: of the training and the test images.
        scan: of the training images, followed by the test images.
        validation_count: size of the predefined validation split at the end of the training images.
        attributes: those of labels of shape (images, attributes), whose classes are not counted.
    """
    train, test = map(len, labels)
    sizes = [train - validation_count, validation_count, test]
    stacked = np.concatenate(labels)
    held = np.zeros(len(stacked), bool)
    held[_list_validation(train, validation_count)] = True
    images = _Images(
        scan,
        np.repeat(np.array([_TRAIN, _VALIDATION, _TEST], np.uint8), sizes),
        np.unique(stacked, axis=0, return_inverse=True)[1].ravel() if attributes else stacked,
        held,
        () if attributes else tuple(classes),
    )
    found = [one for find in (_find_leaks, _find_conflicts, _find_copies, _find_empty) for one in find(images)]
    tables = [_list_images(images, train, one) for one in found]
    findings = [one.finding for one in found]
    if not attributes:
        trained = ~held[:train]
        findings += find_class_problems(labels[0][trained], labels[0][~trained], labels[1], classes)
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Findings(tuple(findings), pd.concat([_NO_IMAGES, *tables], ignore_index=True), validation_count)


def _list_validation(train_count: int, validation_count: int) -> slice:
    """Return the positions of the predefined validation images, or of those that are drawn by default."""
    if validation_count:
        return slice(train_count - validation_count, train_count)
    try:
        drawn = compute_split(RunSpec(), train_count)[1]
    except SpecError:  # too few images to train on
        return slice(0, 0)
    return slice(drawn.start, drawn.stop)


def _list_images(images: _Images, train_count: int, found: _Found) -> pd.DataFrame:
    parts = images.parts[found.rows]
    positions = np.where(parts == _TEST, found.rows - train_count, found.rows)
    frame = pd.DataFrame({"split": np.array(SPLITS)[parts], "row": positions, "group": found.groups})
    order = np.lexsort((found.rows, -parts.astype(int), found.groups))  # a leaked image before the one that it equals
    return frame.iloc[order].assign(code=found.finding.code)[list(COLUMNS)]


def _find_leaks(images: _Images) -> Iterator[_Found]:
    """Find test images that are also in the training split, and validation images that are training images."""
    tests = images.parts == _TEST
    drawn = "" if (images.parts == _VALIDATION).any() else " (by default the last 20% of the training images)"
    of_validation: tuple[Severity, ...] = ("warning", "note", "note")
    for name, leaks, sources, note, severities in (
        ("test", tests, ~tests, "", SEVERITIES),
        ("validation", images.held, ~tests & ~images.held, drawn, of_validation),
    ):
        exact = leaks & _share_group(images.scan.exact, sources)
        near = leaks & _share_group(images.scan.near, sources) & ~exact
        for leaked, groups, prefix, what, level in (
            (exact, images.scan.exact, "", "also among the training images", 0),
            (near, images.scan.near, "near_", "nearly the same picture as a training image", 1),
        ):
            count, total = int(leaked.sum()), int(leaks.sum())
            if count:
                severity = severities[level + (count < _MUCH * total)]
                verb = "is" if count == 1 else "are"
                message = (
                    f"{count:,} of {total:,} {name} images{note} {verb} {what}: {describe_bias(count, total, name)}"
                )
                rows = leaked | (sources & _share_group(groups, leaked))
                yield _Found.of(f"{prefix}leaked_{name}_images", severity, count, message, rows, groups)


def describe_bias(leaked: int, total: int, split: str = "test") -> str:
    """Return the effect of leaked images: the accuracy without them is lower by at most their share of all images.

    >>> describe_bias(8, 8), describe_bias(3, 400)
    ('the accuracy means nothing.', 'the test accuracy can be up to 0.75 percentage points too high.')
    """
    if leaked == total:
        return "the accuracy means nothing."
    return f"the {split} accuracy can be up to {100 * leaked / total:.2g} percentage points too high."


def _find_conflicts(images: _Images) -> Iterator[_Found]:
    """Find pictures that occur with different labels."""
    exact = _have_two_labels(images.scan.exact, images.labels)
    near = _have_two_labels(images.scan.near, images.labels) & ~exact
    if count := int(exact.sum()):
        sizes = pd.DataFrame({"group": images.scan.exact[exact], "label": images.labels[exact]}).value_counts()
        groups = sizes.groupby(level="group")
        wrong = int((groups.sum() - groups.max()).sum())
        example = _name_example(images, images.scan.exact, exact)
        wrong_labels = f"{format_plural(wrong, 'label')} {'is' if wrong == 1 else 'are'}"
        message = f"{count:,} images have a copy with another label{example}: at least {wrong_labels} wrong."
        severity: Severity = "error" if count >= _MUCH * len(exact) else "warning"
        yield _Found.of("conflicting_labels", severity, count, message, exact, images.scan.exact)
    if count := int(near.sum()):
        example = _name_example(images, images.scan.near, near)
        what = f"nearly the same picture as one with another label{example}"
        message = f"{count:,} images are {what}: some of these labels may be wrong."
        severity = "warning" if count >= _MUCH * len(near) else "note"
        yield _Found.of("near_conflicting_labels", severity, count, message, near, images.scan.near)


def _name_example(images: _Images, groups: Numbers, mask: Mask) -> str:
    if not images.classes:
        return ""
    first = groups == groups[np.flatnonzero(mask)[0]]
    a, b = np.unique(images.labels[first])[:2]
    return f', such as "{images.classes[a]}" and "{images.classes[b]}"'


def _find_copies(images: _Images) -> Iterator[_Found]:
    """Find pictures that occur more than once in one split; predefined validation images are a separate split."""
    sides = [images.scan.exact * len(SPLITS) + images.parts, images.scan.near * len(SPLITS) + images.parts]
    exact, near = (~_are_first(side) for side in sides)
    for copies, groups, side, prefix, what, effect in (
        (exact, images.scan.exact, sides[0], "", "a copy of", "such pictures count more than once"),
        (
            near & ~exact,
            images.scan.near,
            sides[1],
            "near_",
            "nearly the same picture as",
            "such pictures count nearly twice",
        ),
    ):
        if count := int(copies.sum()):
            numbers = np.bincount(images.parts[copies], minlength=len(_NAMES))
            listed = [
                format_plural(int(number), f"{name} image")
                for name, number in zip(_NAMES, numbers, strict=True)
                if number
            ]
            severity: Severity = "warning" if count >= _MUCH * len(copies) else "note"
            verb = "is" if count == 1 else "are"
            message = f"{_enumerate(listed)} {verb} {what} another image of this split: {effect}."
            yield _Found.of(f"{prefix}duplicate_images", severity, count, message, _share_group(side, copies), groups)


def _find_empty(images: _Images) -> Iterator[_Found]:
    content = images.scan.content
    for kind, code, what in (
        (ONE_COLOUR, "constant_images", "of one color: a model cannot recognize anything"),
        (NEARLY_BLACK, "nearly_black_images", "nearly black: a model can recognize little"),
        (NEARLY_WHITE, "nearly_white_images", "nearly white: a model can recognize little"),
    ):
        mask = content == kind
        if count := int(mask.sum()):
            severity: Severity = "warning" if count >= _MUCH * len(mask) else "note"
            verb, them = ("is", "it") if count == 1 else ("are", "them")
            message = f"{format_plural(count, 'image')} {verb} {what} in {them}."
            yield _Found.of(code, severity, count, message, mask, np.arange(len(mask)))


def _enumerate(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _share_group(groups: Numbers, mask: Mask) -> Mask:
    """Return whether each image is in a group with one of the marked images."""
    return np.isin(groups, groups[mask])


def _are_first(groups: Numbers) -> Mask:
    mask = np.zeros(len(groups), bool)
    mask[np.unique(groups, return_index=True)[1]] = True
    return mask


def _have_two_labels(groups: Numbers, labels: Numbers) -> Mask:
    pairs = np.unique(np.stack([groups, labels], axis=1), axis=0)
    numbers, counts = np.unique(pairs[:, 0], return_counts=True)
    return np.isin(groups, numbers[counts > 1])
