"""What the heads said about each test image: guesses, who was right, and which images tell most."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.analysis.correctness import NO_PREDICTION, compute_predicted
from core.errors import ComparisonError
from core.spec import DATASETS
from core.store.comparison import Comparison
from core.store.run import Run

Show = Literal["all", "wrong", "only one wrong", "only one correct"]
Order = Literal["dataset order", "most confident first", "least confident first"]


def select_seed_runs(comparison: Comparison, seed: int | None = None) -> dict[str, Run]:
    """One run a contender: that of `seed` where there is one, else its first."""
    chosen = {}
    for variant in comparison.variants:
        same = [run for run in variant.runs if run.spec.seed == seed]
        chosen[variant.label] = same[0] if same else variant.first
    return chosen


def find_positive(comparison: Comparison) -> int | None:
    """The class that is a yes, where the classes are no and yes to one question; None where they are more than that.

    Its probability alone says all, so it is told of every image, whatever the guess.
    """
    spec = comparison.first.spec
    return 1 if spec.loss == "binary" or "attribute" in DATASETS[spec.dataset].uses else None


def compute_predictions(comparison: Comparison, seed: int | None = None) -> pd.DataFrame:
    """One row an image and contender: columns image, head, label, guess, prob (of the guess), prob_label, right; told
    is the class whose probability, prob_shown, is worth telling: the positive one where there is one, else the guess.

    `guess` is NO_PREDICTION and `prob` NaN where the probabilities are not finite."""
    frames = []
    positive = find_positive(comparison)
    for head, run in select_seed_runs(comparison, seed).items():
        probs, labels = run.predictions.test_probs, run.predictions.test_labels
        predicted = compute_predicted(probs)
        rows = np.arange(len(labels))
        told = predicted if positive is None else np.full_like(predicted, positive)
        frames.append(
            pd.DataFrame(
                {
                    "image": rows,
                    "head": head,
                    "label": labels,
                    "predicted": predicted,
                    "prob": np.where(predicted == NO_PREDICTION, np.nan, probs[rows, predicted]).astype(np.float64),
                    "prob_label": probs[rows, labels].astype(np.float64),
                    "correct": predicted == labels,
                    "shown": told,
                    "prob_shown": np.where(told == NO_PREDICTION, np.nan, probs[rows, told]).astype(np.float64),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def select_images(
    predictions: pd.DataFrame, show: Show = "all", label: int | None = None, order: Order = "dataset order"
) -> NDArray[np.int64]:
    """Indices of the test images to show.

    «wrong» is wrong by any head, «only one wrong» by exactly one, «only one correct» right by exactly one. Sureness is the
    mean probability that the heads gave to their own guesses.
    """
    if predictions.empty:
        raise ComparisonError("Expected predictions of at least one test image; got none.")
    images, first, index, heads = np.unique(
        predictions["image"].to_numpy(), return_index=True, return_inverse=True, return_counts=True
    )
    rights = np.bincount(index, predictions["correct"])
    wrongs = heads - rights
    keep = {
        "all": wrongs >= 0,
        "wrong": wrongs > 0,
        "only one wrong": wrongs == 1,
        "only one correct": (rights == 1) & (heads > 1),
    }[show]
    if label is not None:
        keep &= predictions["label"].to_numpy()[first] == label
    chosen = images[keep].astype(np.int64)
    if order == "dataset order":
        return chosen
    sure = (np.bincount(index, predictions["prob"]) / heads)[keep]
    return chosen[np.argsort(sure if order == "least confident first" else -sure, kind="stable")]


def compute_confusion(comparison: Comparison) -> pd.DataFrame:
    """Columns head, label, guess, images (mean count over seeds), share (of the images of that label).

    Images without a guess stand in no cell."""
    classes = len(comparison.first.record.data.classes)
    frames = []
    for variant in comparison.variants:
        total, images = np.zeros((classes, classes)), np.zeros(classes)
        for run in variant.runs:
            predicted, labels = compute_predicted(run.predictions.test_probs), run.predictions.test_labels
            places = (labels * classes + predicted)[predicted != NO_PREDICTION]
            total += np.bincount(places, minlength=classes**2).reshape(classes, classes)
            images += np.bincount(labels, minlength=classes)
        counts = total / len(variant.runs)
        share = total / np.maximum(images, 1)[:, None]
        label, predicted = np.indices((classes, classes))
        columns = {"label": label, "predicted": predicted, "images": counts, "share": share}
        frames.append(pd.DataFrame({name: array.ravel() for name, array in columns.items()}).assign(head=variant.label))
    return pd.concat(frames, ignore_index=True)
