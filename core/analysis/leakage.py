"""Test and validation images of a comparison that are also among its training images."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.correctness import stack_correct
from core.analysis.crossed import compute_accuracy_interval
from core.datasets.cache import open_dataset
from core.datasets.dataset_key import key_of, split_key
from core.datasets.findings.findings_file import read_findings
from core.datasets.findings.image_findings import Findings
from core.datasets.split import compute_split
from core.errors import HeadroomError
from core.home import Home
from core.interval import compute_wilson
from core.store.comparison import Comparison, Variant, count_training_images
from core.store.run import Run

Mask = NDArray[np.bool_]

ALL_IMAGES, NOT_LEAKED = "all", "not leaked"

_EXACT_SHARE, _SHARE = 0.001, 0.01


@dataclass(frozen=True)
class Leakage:
    """Leaked test images of a comparison, bool of shape (images,), and numbers of leaked validation images.

    Attributes:
        exact: test images whose pixels equal those of an image that any run has trained or validated with.
        near: other test images that show nearly the same picture as one.
        validation: the most leaked validation images of a run, exact and near ones.
        validation_total: validation images of this run.
    """

    exact: Mask
    near: Mask
    validation: int
    validation_total: int


def read_data_findings(comparison: Comparison) -> Findings | str:
    """Return the stored findings of the dataset of a comparison, or a message why they are missing."""
    run = comparison.first
    try:
        key = key_of(run.spec.dataset, run.spec.folder)
    except HeadroomError:
        return "The dataset of these runs is unknown."
    fingerprint, home = run.record.data.fingerprint, Home.default()
    if (found := read_findings(home, key, fingerprint)) is not None:
        return found
    if (home.datasets / key).exists():
        with suppress(HeadroomError):
            if open_dataset(home, run.spec.dataset, run.spec.folder).info.fingerprint == fingerprint:
                dataset, folder = split_key(key)
                return f"The images have not been checked yet. Run: headroom datasets check {folder or dataset}"
    return "The dataset of these runs is no longer available, and its images were not checked before."


def read_leakage(comparison: Comparison) -> Leakage | str:
    """Return the images of a comparison that leak, or a message why they are unknown."""
    if all(run.spec.elsewhere for run in comparison.runs):
        return "The training images of models that were trained elsewhere are unknown."
    found = read_data_findings(comparison)
    return found if isinstance(found, str) else find_leakage(comparison, found)


def find_leakage(comparison: Comparison, findings: Findings) -> Leakage:
    """Return the images of a comparison that leak, from the findings of its dataset."""
    validation = [_count_validation(findings.images, *rows) for rows in _list_splits(comparison, findings)]
    return Leakage(*find_leaked(comparison, findings), *max(validation))


def find_leaked(comparison: Comparison, findings: Findings) -> tuple[Mask, Mask]:
    """Return the test images that leak, see `Leakage`: those with equal pixels, and others that are nearly equal."""
    images, count = findings.images, comparison.first.record.data.test_images
    exact, near = np.zeros(count, bool), np.zeros(count, bool)
    for mask, code in ((exact, "leaked_test_images"), (near, "near_leaked_test_images")):
        listed = images[images["code"] == code]
        for trained, validating in _list_splits(comparison, findings):
            seen = listed[listed["split"].ne("test") & listed["row"].isin([*trained, *validating])]
            leaked = listed[listed["split"].eq("test") & listed["group"].isin(seen["group"])]
            rows = leaked["row"].to_numpy(np.int64)
            mask[rows[rows < count]] = True  # an imported run can state fewer test images than its dataset has
    return exact, near & ~exact


def read_leaked(comparison: Comparison) -> tuple[Mask, Mask]:
    """Return `find_leaked` with the stored findings of the dataset; no image leaks if it was not checked."""
    found = read_data_findings(comparison)
    unknown = np.zeros(comparison.first.record.data.test_images, bool)
    return (unknown, unknown) if isinstance(found, str) else find_leaked(comparison, found)


def describe_leaked(comparison: Comparison) -> str:
    """Return how many test images leak: "8 of 8 test images are also training images"."""
    exact, near = (int(mask.sum()) for mask in read_leaked(comparison))
    total = comparison.first.record.data.test_images
    verb = "is" if exact + near == 1 else "are"
    what = "also training images" if exact + near > 1 else "also a training image"
    nearly = f"nearly {what.removeprefix('also ')}"
    what = f"{what}, or nearly" if exact and near else what if exact else nearly
    return f"{exact + near:,} of {total:,} test images {verb} {what}"


def _list_splits(comparison: Comparison, findings: Findings) -> list[tuple[range, range]]:
    """Return the different splits of the runs of a comparison, without runs from elsewhere."""
    runs = (run for run in comparison.runs if not run.spec.elsewhere)
    return list(dict.fromkeys(_list_rows(run, findings.validation_count) for run in runs))


def _list_rows(run: Run, validation_count: int) -> tuple[range, range]:
    """Return the positions of the training and the validation images of a run."""
    data = run.record.data
    total = count_training_images(run) or (data.train_images or 0) + (data.validation_images or 0)
    return compute_split(run.spec, total, validation_count)


def _count_validation(images: pd.DataFrame, trained: range, validating: range) -> tuple[int, int]:
    """Return the number of validation images that are among the training images, and of all."""
    codes = ["duplicate_images", "near_duplicate_images", "leaked_validation_images", "near_leaked_validation_images"]
    listed = images[images["code"].isin(codes) & images["split"].ne("test")]
    leaked: set[int] = set()
    for _, group in listed.groupby(["code", "group"]):
        rows = group["row"].to_numpy()
        if np.isin(rows, trained).any():
            leaked.update(rows[np.isin(rows, validating)].tolist())
    return len(leaked), len(validating)


def compute_accuracy_without(variant: Variant, leaked: Mask) -> tuple[float, float]:
    """Return the mean test accuracy over the seeds, on all test images and on those that do not leak."""
    correct = stack_correct(variant)
    return float(correct.mean()), float(correct[:, ~leaked].mean())


def is_severe(exact: int, near: int, total: int) -> bool:
    """Return whether at least 0.1% of the test images leak exactly, or 1% nearly, so that the accuracy is wrong."""
    return bool(exact >= _EXACT_SHARE * total or exact + near >= _SHARE * total)


def compute_leaked_accuracies(comparison: Comparison) -> pd.DataFrame:
    """Return the test accuracy of each head on all test images and on those that do not leak.

    Returns:
        Columns head, part (ALL_IMAGES or NOT_LEAKED), images (number), accuracy (mean over seeds), low and high (95%
        interval, over images and seeds; of a single seed, the Wilson score interval over images), seeds. No row of
        NOT_LEAKED if all images leak; no rows at all if none does or if the images were not checked.
    """
    rows: list[tuple[str, str, int, float, float, float, int]] = []
    leaked = np.logical_or(*read_leaked(comparison))
    if leaked.any():
        for variant in comparison.variants:
            correct = stack_correct(variant)
            for name, part in ((ALL_IMAGES, correct), (NOT_LEAKED, correct[:, ~leaked])):
                if part.shape[1]:
                    rows.append((variant.label, name, part.shape[1], *_compute_interval(part), len(part)))
    return pd.DataFrame(rows, columns=["head", "part", "images", "accuracy", "low", "high", "seeds"])


def _compute_interval(correct: Mask) -> tuple[float, float, float]:
    """Return the mean accuracy and its 95% confidence interval from predictions of shape (seeds, images)."""
    if len(correct) > 1:
        return compute_accuracy_interval(correct)
    low, high = compute_wilson(correct.sum(), correct.size)
    return float(correct.mean()), float(low), float(high)
