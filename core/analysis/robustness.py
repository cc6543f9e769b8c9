"""What each head keeps of its accuracy when test images are shifted, turned, blurred or covered."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.difference import bound, resample_mean
from core.analysis.interval import compute_wilson
from core.augment.corruption import CORRUPTIONS, select_corrupted_images
from core.store.comparison import Comparison, Variant
from core.store.robustness_file import Robustness
from core.store.run import Run

_Row = tuple[str, float]
_UNCHANGED: _Row = ("", 0.0)


@dataclass(frozen=True)
class Tested:
    """A head's runs that were put to stress: `right` bool of shape (seeds, rows, images), on images that all share."""

    head: str
    pooled: bool
    seeds: tuple[int, ...]
    rows: tuple[_Row, ...]
    correct: NDArray[np.bool_]

    def at(self, corruption: str, value: float) -> NDArray[np.bool_]:
        """Of shape (seeds, images)."""
        row = _UNCHANGED if value == CORRUPTIONS[corruption].neutral else (corruption, value)
        return self.correct[:, self.rows.index(row)]

    def lost(self, corruption: str, value: float) -> NDArray[np.int8]:
        """1 where the stress cost a right answer, −1 where it gave one: of shape (seeds, images)."""
        return self.correct[:, self.rows.index(_UNCHANGED)].astype(np.int8) - self.at(corruption, value).astype(np.int8)


def list_tested(comparison: Comparison) -> list[Tested]:
    """The contenders with runs that were put to stress, on the images and amounts that all of these runs share."""
    found: list[tuple[Variant, list[tuple[Run, Robustness]]]] = []
    for variant in comparison.variants:
        runs = [(run, run.robustness) for run in variant.runs]
        known = [(run, robustness) for run, robustness in runs if robustness is not None]
        if known:
            found.append((variant, known))
    if not found:
        return []
    every = [robustness for _, known in found for _, robustness in known]
    images = reduce(np.intersect1d, [robustness.images for robustness in every])
    shared = reduce(set.intersection, [set(_rows(robustness)) for robustness in every])
    known_rows = {(s.name, value) for s in CORRUPTIONS.values() for value in s.values if value != s.neutral}
    rows = [row for row in _rows(every[0]) if row in shared & (known_rows | {_UNCHANGED})]
    if _UNCHANGED not in rows or not len(images):
        return []
    return [
        Tested(
            variant.label,
            any("Global" in row.type for row in variant.first.model.rows),
            tuple(run.spec.seed for run, _ in known),
            tuple(rows),
            np.stack([_right(run, robustness, rows, images) for run, robustness in known]),
        )
        for variant, known in found
    ]


def _rows(robustness: Robustness) -> list[_Row]:
    return [
        (str(name), round(float(value), 4))
        for name, value in zip(robustness.corruptions, robustness.values, strict=True)
    ]


def _right(run: Run, robustness: Robustness, rows: list[_Row], images: NDArray[np.int32]) -> NDArray[np.bool_]:
    own = _rows(robustness)
    columns = np.searchsorted(robustness.images, images)
    predictions = robustness.predictions[[own.index(row) for row in rows]][:, columns]
    correct: NDArray[np.bool_] = predictions == run.predictions.test_labels[images]
    return correct


def compute_robustness(tested: list[Tested]) -> pd.DataFrame:
    """Columns head, stress, value, accuracy (mean over seeds), low, high, images, seeds.

    The bounds are Wilson's for the mean share of the images, whatever the number of seeds: more seeds do not make the
    images more. Rows of a stress come in the order of its values, the unchanged image among them.
    """
    columns = ["head", "corruption", "value", "accuracy", "low", "high", "images", "seeds"]
    rows: list[tuple[object, ...]] = []
    for one in tested:
        for corruption in CORRUPTIONS.values():
            known = [v for v in corruption.values if v == corruption.neutral or (corruption.name, v) in one.rows]
            for value in known if len(known) > 1 else []:
                right = one.at(corruption.name, value)
                images = right.shape[1]
                accuracy = float(right.mean())
                low, high = compute_wilson(np.float64(accuracy * images), images)  # type: ignore[arg-type]
                rows.append(
                    (one.head, corruption.name, value, accuracy, float(low), float(high), images, len(one.seeds))
                )
    return pd.DataFrame(rows, columns=columns)


def compute_losses(tested: list[Tested]) -> pd.DataFrame:
    """What each stress costs at its usual value: columns head, stress, value, before, after, loss, low, high, images,
    seeds. Accuracies and losses are shares of 1; the interval is that of `resample_mean`, over images and seeds."""
    columns = ["head", "corruption", "value", "before", "after", "loss", "low", "high", "images", "seeds"]
    rows: list[tuple[object, ...]] = []
    for one in tested:
        for corruption in CORRUPTIONS.values():
            if (corruption.name, corruption.usual) not in one.rows:
                continue
            lost = one.lost(corruption.name, corruption.usual)
            before, after = (float(one.at(corruption.name, v).mean()) for v in (corruption.neutral, corruption.usual))
            low, high = bound(np.clip(resample_mean(lost)[1], -1, 1))
            rows.append(
                (one.head, corruption.name, corruption.usual, before, after, float(lost.mean()), low, high, lost.shape[1],
                 len(one.seeds))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class ShiftInvariance:
    """Whether global pooling loses less than a flat head under a stress at a value: losses as shares of 1.

    `low` and `high` bound the 95 % interval of the flat head's loss minus the pooled one's, over the images and the
    `seeds` that both have.
    """

    pooled: str
    flat: str
    corruption: str
    value: float
    pooled_loss: float
    flat_loss: float
    low: float
    high: float
    seeds: int

    @property
    def gain(self) -> float:
        return self.flat_loss - self.pooled_loss


def assess_shift_invariance(
    tested: list[Tested], corruption: str = "shift", value: float | None = None
) -> ShiftInvariance | None:
    """The first head with global pooling against the first without; None without one of each, or a seed in common."""
    value = CORRUPTIONS[corruption].usual if value is None else value
    pooled = next((one for one in tested if one.pooled), None)
    flat = next((one for one in tested if not one.pooled), None)
    if pooled is None or flat is None or (corruption, value) not in pooled.rows:
        return None
    common = [seed for seed in pooled.seeds if seed in flat.seeds]
    if not common:
        return None
    kept, lost = (one.lost(corruption, value)[[one.seeds.index(seed) for seed in common]] for one in (pooled, flat))
    low, high = bound(resample_mean(lost - kept)[1])
    return ShiftInvariance(
        pooled.head, flat.head, corruption, value, float(kept.mean()), float(lost.mean()), low, high, len(common)
    )


def is_too_large(comparison: Comparison) -> bool:
    """Whether some model takes so many FLOPs an image that it is not put to stress."""
    return any(
        not len(select_corrupted_images(variant.first.record.data.test_images, variant.first.model.flops))
        for variant in comparison.variants
    )
