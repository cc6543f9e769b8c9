"""Where two heads disagree: images, classes and confusions."""

from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.correctness import compute_correct
from core.analysis.interval import compute_wilson
from core.analysis.prediction import compute_confusion, select_seed_runs
from core.errors import ComparisonError
from core.store.comparison import Comparison

Cell = Literal["both correct", "only the first", "only the second", "both wrong"]
CELLS: tuple[Cell, ...] = ("both correct", "only the first", "only the second", "both wrong")
Pair = tuple[str, str]


def list_pairs(comparison: Comparison, pair: Pair | None = None) -> list[Pair]:
    """Labels of all pairs of contenders, or the one asked for.

    Raises:
        ComparisonError: when it names a head that is not compared, or one head twice.
    """
    if pair is None:
        return list(combinations(comparison.labels, 2))
    if len(set(pair)) < 2 or not set(pair) <= set(comparison.labels):
        raise ComparisonError(f"Expected two of {', '.join(map(repr, comparison.labels))}; got {pair!r}.")
    return [pair]


def compute_disagreement(comparison: Comparison, pair: Pair | None = None, seed: int | None = None) -> pd.DataFrame:
    """Columns a, b, cell, images, share: four rows a pair, which part the test images. By the runs of `seed`."""
    right = {head: compute_correct(run) for head, run in select_seed_runs(comparison, seed).items()}
    rows = []
    for a, b in list_pairs(comparison, pair):
        cells = _part(right[a], right[b])
        rows += [(a, b, cell, int((cells == i).sum())) for i, cell in enumerate(CELLS)]
    frame = pd.DataFrame(rows, columns=["a", "b", "cell", "images"])
    return frame.assign(share=frame["images"] / max(comparison.first.record.data.test_images, 1))


def list_images(comparison: Comparison, pair: Pair, cell: Cell, seed: int | None = None) -> list[int]:
    """Indices of the test images in a cell, those first whose true class the two heads give the most different
    probabilities."""
    runs = select_seed_runs(comparison, seed)
    a, b = (runs[head] for head in list_pairs(comparison, pair)[0])
    labels = a.predictions.test_labels
    rows = np.arange(len(labels))
    gap = np.abs(a.predictions.test_probs[rows, labels] - b.predictions.test_probs[rows, labels])
    chosen = np.flatnonzero(_part(compute_correct(a), compute_correct(b)) == CELLS.index(cell))
    return chosen[np.argsort(-np.nan_to_num(gap[chosen]), kind="stable")].tolist()


def compute_class_accuracy(comparison: Comparison, seed: int | None = None) -> pd.DataFrame:
    """One row a head and class: head, seed, label, images, rights, accuracy (NaN without an image), low, high.

    By one run a head: over several, the same images would be counted again and the interval were too narrow.
    """
    classes = len(comparison.first.record.data.classes)
    frames = []
    for head, run in select_seed_runs(comparison, seed).items():
        labels, right = run.predictions.test_labels, compute_correct(run)
        images = np.bincount(labels, minlength=classes)
        rights = np.bincount(labels[right], minlength=classes)
        low, high = compute_wilson(rights, images)
        with np.errstate(invalid="ignore"):
            accuracy = rights / images
        columns = {"label": np.arange(classes), "images": images, "correct": rights, "accuracy": accuracy}
        frame = pd.DataFrame(columns | {"low": low, "high": high})
        frame.insert(0, "head", head)
        frame.insert(1, "seed", run.spec.seed)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def compare_confused_pairs(comparison: Comparison, pair: Pair | None = None) -> pd.DataFrame:
    """Columns a, b, label, guess, images_a, images_b (means over the seeds), difference (a − b), only.

    One row a pair of heads and confusion that at least one of them has, the most different first; `only` is the head
    that alone has it, else empty.
    """
    confusion = compute_confusion(comparison)
    wrong = confusion[confusion["label"] != confusion["predicted"]]
    of = {str(head): rows.reset_index(drop=True) for head, rows in wrong.groupby("head", sort=False)}
    frames = []
    for a, b in list_pairs(comparison, pair):
        frame = of[a][["label", "predicted"]].assign(images_a=of[a]["images"], images_b=of[b]["images"])
        frame = frame[(frame["images_a"] > 0) | (frame["images_b"] > 0)]
        frame.insert(0, "a", a)
        frame.insert(1, "b", b)
        frame["difference"] = frame["images_a"] - frame["images_b"]
        frame["only"] = np.select([frame["images_b"] == 0, frame["images_a"] == 0], [a, b], "")
        frames.append(frame.loc[frame["difference"].abs().sort_values(ascending=False, kind="stable").index])
    columns = ["a", "b", "label", "predicted", "images_a", "images_b", "difference", "only"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _part(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The place in CELLS of each image."""
    return np.where(right_a, np.where(right_b, 0, 1), np.where(right_b, 2, 3))
