"""Agreement between heads: per image, per class and per confused class pair."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.baseline import list_compared
from core.analysis.correctness import compute_correct
from core.analysis.prediction import compute_confusion, select_seed_runs
from core.errors import ComparisonError
from core.interval import compute_wilson
from core.store.comparison import Comparison

Cell = Literal["both correct", "only the first", "only the second", "both wrong"]
CELLS: tuple[Cell, ...] = ("both correct", "only the first", "only the second", "both wrong")
Pair = tuple[str, str]


def list_pairs(comparison: Comparison, pair: Pair | None = None) -> list[Pair]:
    """Return the labels of the compared pairs of variants (see `list_compared`), or only `pair`.

    Raises:
        ComparisonError: if `pair` contains an unknown head, or the same head twice.
    """
    if pair is None:
        return [(a.label, b.label) for a, b in list_compared(comparison)]
    if len(set(pair)) < 2 or not set(pair) <= set(comparison.labels):
        raise ComparisonError(
            f"Expected two different heads of {', '.join(map(repr, comparison.labels))}; got {pair!r}."
        )
    return [pair]


def compute_disagreement(comparison: Comparison, pair: Pair | None = None, seed: int | None = None) -> pd.DataFrame:
    """Return the agreement of pairs of heads, by the runs of `seed`: columns a, b, cell, images, share.

    The four rows per pair are the cells of its 2×2 contingency table of correct and wrong predictions.
    """
    correct = {head: compute_correct(run) for head, run in select_seed_runs(comparison, seed).items()}
    rows = []
    for a, b in list_pairs(comparison, pair):
        cells = _index_cells(correct[a], correct[b])
        rows += [(a, b, cell, int((cells == i).sum())) for i, cell in enumerate(CELLS)]
    frame = pd.DataFrame(rows, columns=["a", "b", "cell", "images"])
    return frame.assign(share=frame["images"] / max(comparison.first.record.data.test_images, 1))


def list_images(comparison: Comparison, pair: Pair, cell: Cell, seed: int | None = None) -> list[int]:
    """Return the indices of the test images in a cell.

    They are sorted by the difference between the two heads' probabilities of the true class, largest first.
    """
    runs = select_seed_runs(comparison, seed)
    a, b = (runs[head] for head in list_pairs(comparison, pair)[0])
    labels = a.predictions.test_labels
    rows = np.arange(len(labels))
    gap = np.abs(a.predictions.test_probs[rows, labels] - b.predictions.test_probs[rows, labels])
    selected = np.flatnonzero(_index_cells(compute_correct(a), compute_correct(b)) == CELLS.index(cell))
    return selected[np.argsort(-np.nan_to_num(gap[selected]), kind="stable")].tolist()


def compute_class_accuracy(comparison: Comparison, seed: int | None = None) -> pd.DataFrame:
    """Return one row per head and class: head, seed, label, images, correct, accuracy, low, high.

    `low` and `high` are the bounds of the Wilson score interval; accuracy is NaN for a class without images. One run
    per head is used: pooling several would count the same images again and make the interval too narrow.
    """
    classes = len(comparison.first.record.data.classes)
    frames = []
    for head, run in select_seed_runs(comparison, seed).items():
        labels, is_correct = run.predictions.test_labels, compute_correct(run)
        images = np.bincount(labels, minlength=classes)
        correct = np.bincount(labels[is_correct], minlength=classes)
        low, high = compute_wilson(correct, images)
        with np.errstate(invalid="ignore"):
            accuracy = correct / images
        columns = {"label": np.arange(classes), "images": images, "correct": correct, "accuracy": accuracy}
        frame = pd.DataFrame(columns | {"low": low, "high": high})
        frame.insert(0, "head", head)
        frame.insert(1, "seed", run.spec.seed)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def compare_confused_pairs(comparison: Comparison, pair: Pair | None = None) -> pd.DataFrame:
    """Return one row per pair of heads and confused class pair, the largest difference first.

    Columns a, b, label (true class), predicted, images_a, images_b (means over the seeds), difference (a − b) and only:
    the head that confuses the two classes if the other one never does, otherwise empty.
    """
    confusion = compute_confusion(comparison)
    wrong = confusion[confusion["label"] != confusion["predicted"]]
    rows_of = {str(head): rows.reset_index(drop=True) for head, rows in wrong.groupby("head", sort=False)}
    frames = []
    for a, b in list_pairs(comparison, pair):
        frame = rows_of[a][["label", "predicted"]].assign(images_a=rows_of[a]["images"], images_b=rows_of[b]["images"])
        frame = frame[(frame["images_a"] > 0) | (frame["images_b"] > 0)]
        frame.insert(0, "a", a)
        frame.insert(1, "b", b)
        frame["difference"] = frame["images_a"] - frame["images_b"]
        frame["only"] = np.select([frame["images_b"] == 0, frame["images_a"] == 0], [a, b], "")
        frames.append(frame.loc[frame["difference"].abs().sort_values(ascending=False, kind="stable").index])
    columns = ["a", "b", "label", "predicted", "images_a", "images_b", "difference", "only"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _index_cells(correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the index in CELLS of each image."""
    return np.where(correct_a, np.where(correct_b, 0, 1), np.where(correct_b, 2, 3))
