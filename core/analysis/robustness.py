"""Robustness evaluation: accuracy of each head on corrupted test images."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.crossed import compute_accuracy_interval, compute_components
from core.analysis.significance import correct_holm
from core.augment.corruption import CORRUPTIONS, select_corrupted_images
from core.store.comparison import Comparison, Variant, rank_spec
from core.store.robustness_file import Robustness
from core.store.run import Run

_Row = tuple[str, float]
_CLEAN: _Row = ("", 0.0)


@dataclass(frozen=True)
class Tested:
    """The evaluated runs of a head.

    Attributes:
        pooled: whether the head has global pooling.
        rank: order of the variant by its hyperparameters, whatever its test accuracy.
        rows: name and severity of the corruptions.
        correct: bool of shape (seeds, rows, images), on images that all heads share.
    """

    head: str
    pooled: bool
    rank: tuple[Any, ...]
    seeds: tuple[int, ...]
    rows: tuple[_Row, ...]
    correct: NDArray[np.bool_]

    def at(self, corruption: str, value: float) -> NDArray[np.bool_]:
        """Return whether each prediction is correct at a severity, bool of shape (seeds, images)."""
        row = _CLEAN if value == CORRUPTIONS[corruption].neutral else (corruption, value)
        return self.correct[:, self.rows.index(row)]

    def lost(self, corruption: str, value: float) -> NDArray[np.int8]:
        """Return 1 for a prediction that the corruption made wrong, −1 for one it made correct: (seeds, images)."""
        return self.correct[:, self.rows.index(_CLEAN)].astype(np.int8) - self.at(corruption, value).astype(np.int8)


def list_tested(comparison: Comparison) -> list[Tested]:
    """Return the variants with evaluated runs, on the images and severities that all of these runs share."""
    evaluated: list[tuple[Variant, list[tuple[Run, Robustness]]]] = []
    for variant in comparison.variants:
        runs = [(run, run.robustness) for run in variant.runs]
        known = [(run, robustness) for run, robustness in runs if robustness is not None]
        if known:
            evaluated.append((variant, known))
    if not evaluated:
        return []
    every = [robustness for _, known in evaluated for _, robustness in known]
    images = reduce(np.intersect1d, [robustness.images for robustness in every])
    shared = reduce(set.intersection, [set(_rows(robustness)) for robustness in every])
    known_rows = {(s.name, value) for s in CORRUPTIONS.values() for value in s.values if value != s.neutral}
    rows = [row for row in _rows(every[0]) if row in shared & (known_rows | {_CLEAN})]
    if _CLEAN not in rows or not len(images):
        return []
    return [
        Tested(
            variant.label,
            any("Global" in row.type for row in variant.first.model.rows),
            rank_spec(variant.spec),
            tuple(run.spec.seed for run, _ in known),
            tuple(rows),
            np.stack([_read_correct(run, robustness, rows, images) for run, robustness in known]),
        )
        for variant, known in evaluated
    ]


def _rows(robustness: Robustness) -> list[_Row]:
    return [
        (str(name), round(float(value), 4))
        for name, value in zip(robustness.corruptions, robustness.values, strict=True)
    ]


def _read_correct(run: Run, robustness: Robustness, rows: list[_Row], images: NDArray[np.int32]) -> NDArray[np.bool_]:
    stored = _rows(robustness)
    columns = np.searchsorted(robustness.images, images)
    predictions = robustness.predictions[[stored.index(row) for row in rows]][:, columns]
    correct: NDArray[np.bool_] = predictions == run.predictions.test_labels[images]
    return correct


def compute_robustness(tested: list[Tested]) -> pd.DataFrame:
    """Return accuracy by corruption: columns head, corruption, value, accuracy, low, high, images, seeds.

    `value` is the severity, in ascending order and including clean images; accuracy is the mean over seeds. `low` and
    `high` are the bounds of the 95% confidence interval over images and seeds; with one seed, over images only.
    """
    columns = ["head", "corruption", "value", "accuracy", "low", "high", "images", "seeds"]
    rows: list[tuple[object, ...]] = []
    for one in tested:
        for corruption in CORRUPTIONS.values():
            known = [v for v in corruption.values if v == corruption.neutral or (corruption.name, v) in one.rows]
            for value in known if len(known) > 1 else []:
                correct = one.at(corruption.name, value)
                images = correct.shape[1]
                interval = compute_accuracy_interval(correct)
                rows.append((one.head, corruption.name, value, *interval, images, len(one.seeds)))
    return pd.DataFrame(rows, columns=columns)


def compute_losses(tested: list[Tested], baseline: str = "") -> pd.DataFrame:
    """Return the accuracy loss per corruption at its usual severity.

    Columns head, corruption, value (severity), before, after (accuracies), loss, low, high, images, seeds; more,
    more_low, more_high: the loss minus that of the baseline; more_p and more_p_holm (corrected for all rows): its
    p-values, NaN if a head has a single seed. All of these are NaN without a baseline. `low` and `high` are the bounds
    of the 95% confidence interval over images and seeds; with one seed, over images only.

    Args:
        baseline: label of a variant.
    """
    columns = [
        "head", "corruption", "value", "before", "after", "loss", "low", "high", "images", "seeds", "more", "more_low",
        "more_high", "more_p",
    ]  # fmt: skip
    reference = next((one for one in tested if one.head == baseline), None)
    rows: list[tuple[object, ...]] = []
    for one in tested:
        for corruption in CORRUPTIONS.values():
            if (corruption.name, corruption.usual) not in one.rows:
                continue
            lost = one.lost(corruption.name, corruption.usual)
            before, after = (float(one.at(corruption.name, v).mean()) for v in (corruption.neutral, corruption.usual))
            low, high = compute_components(lost).estimate().interval()
            more = (float("nan"),) * 4
            if reference is not None and reference is not one:
                components = compute_components(lost, reference.lost(corruption.name, corruption.usual))
                p = components.estimate().p if min(components.seeds) > 1 else float("nan")
                more = (components.mean, *components.estimate().interval(), p)
            rows.append(
                (one.head, corruption.name, corruption.usual, before, after, float(lost.mean()), low, high,
                 lost.shape[1], len(one.seeds), *more)
            )  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    known = frame["more_p"].dropna()
    return frame.assign(more_p_holm=pd.Series(correct_holm(known.tolist()), known.index, dtype=np.float64))


@dataclass(frozen=True)
class ShiftInvariance:
    """Accuracy losses of a head with global pooling and of one without, under a corruption at a severity.

    `low` and `high` are the bounds of the 95% confidence interval of the gain: the loss without pooling minus the loss
    with pooling, over the images and all `seeds` of both heads.
    """

    pooled: str
    flat: str
    corruption: str
    value: float
    pooled_loss: float
    flat_loss: float
    low: float
    high: float
    seeds: tuple[int, int]

    @property
    def gain(self) -> float:
        return self.flat_loss - self.pooled_loss


def assess_shift_invariance(
    tested: list[Tested], corruption: str = "shift", value: float | None = None, baseline: str = ""
) -> ShiftInvariance | None:
    """Compare the first head with global pooling with the first one without, by hyperparameters; None without both.

    Args:
        baseline: label of the variant to compare with, instead of the first of its kind.
    """
    value = CORRUPTIONS[corruption].usual if value is None else value
    tested = sorted(tested, key=lambda one: (one.head != baseline, one.rank))
    pooled = next((one for one in tested if one.pooled), None)
    flat = next((one for one in tested if not one.pooled), None)
    if pooled is None or flat is None or (corruption, value) not in pooled.rows:
        return None
    pooled_lost, flat_lost = pooled.lost(corruption, value), flat.lost(corruption, value)
    low, high = compute_components(flat_lost, pooled_lost).estimate().interval()
    return ShiftInvariance(
        pooled.head, flat.head, corruption, value, float(pooled_lost.mean()), float(flat_lost.mean()), low, high,
        (len(pooled.seeds), len(flat.seeds)),
    )  # fmt: skip


def is_too_large(comparison: Comparison) -> bool:
    """Return whether a model needs too many FLOPs per image for a robustness evaluation."""
    return any(
        not len(select_corrupted_images(variant.first.record.data.test_images, variant.first.model.flops))
        for variant in comparison.variants
    )
