"""Whether a model's probabilities can be believed, and what one temperature makes of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.store.comparison import Comparison
from core.store.run import Predictions

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0

Probs = NDArray[np.float32]
Labels = NDArray[np.int64]


def compute_bins(probs: Probs, labels: Labels) -> pd.DataFrame:
    """One row for each of 15 bins of confidence, the probability of the guess: low, high, guesses, rights, confidence
    (mean; NaN in an empty bin), accuracy (likewise).

    A bin holds its upper end and not its lower one, so that a probability of exactly 1 lies in the last. Images with a
    probability that is not finite are left out.

    Source: Guo et al. 2017, On calibration of modern neural networks, section 2.
    """
    probs, labels = _keep_finite(probs, labels)
    predicted = probs.argmax(axis=1)
    confidence = probs[np.arange(len(probs)), predicted].astype(np.float64)
    right = predicted == labels
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    predictions, rights = (np.bincount(place, weights, minlength=BINS) for weights in (None, right))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, confidence, minlength=BINS) / predictions
        accuracy = rights / predictions
    edges = np.arange(BINS + 1) / BINS
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "predictions": predictions.astype(np.int64),
            "correct": rights.astype(np.int64),
            "confidence": mean,
            "accuracy": accuracy,
        }
    )


def compute_ece(bins: pd.DataFrame) -> float:
    """Expected calibration error: |accuracy − confidence| of the bins, weighted by their guesses; NaN without any.

    Source: Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning, section «ECE».
    """
    total = bins["predictions"].sum()
    return (
        float(((bins["accuracy"] - bins["confidence"]).abs() * bins["predictions"]).sum() / total) if total else np.nan
    )


def fit_temperature(probs: Probs, labels: Labels) -> float:
    """The temperature that makes the mean cross-entropy of these images smallest, between 0.05 and 20.

    The loss is convex in 1/T, so its slope has one root at most: without one, as when every guess is right, the
    temperature is the bound that the loss falls towards. NaN without an image that has finite probabilities.

    Source: Guo et al. 2017, section 4.2.
    """
    from scipy.optimize import brentq  # takes a while to import, and few pages need it

    probs, labels = _keep_finite(probs, labels)
    if not len(probs):
        return float("nan")
    logits = _to_logits(probs)
    true = logits[np.arange(len(labels)), labels]

    def slope(inverse: float) -> float:
        weights = np.exp(logits * np.float32(inverse))
        return float((np.einsum("ij,ij->i", weights, logits) / weights.sum(axis=1) - true).mean(dtype=np.float64))

    if slope(1 / HOTTEST) >= 0:
        return HOTTEST
    if slope(1 / COLDEST) <= 0:
        return COLDEST
    return 1 / float(brentq(slope, 1 / HOTTEST, 1 / COLDEST, xtol=1e-4))


def scale_probs(probs: Probs, temperature: float) -> Probs:
    """softmax(log p / T), which is softmax(logits / T). The guesses stay what they were."""
    weights = np.exp(_to_logits(probs) / np.float32(temperature))
    scaled: Probs = weights / weights.sum(axis=1, keepdims=True)
    return scaled


@dataclass(frozen=True)
class Calibration:
    """Of the test images, as predicted and with the temperature that was fitted on the validation images.

    `left_out` counts the test images whose probabilities are not finite. Losses are mean cross-entropies in nats.
    """

    temperature: float
    before: pd.DataFrame
    after: pd.DataFrame
    loss_before: float
    loss_after: float
    left_out: int


def compute_calibration(predictions: Predictions) -> Calibration:
    temperature = fit_temperature(predictions.validation_probs, predictions.validation_labels)
    probs, labels = _keep_finite(predictions.test_probs, predictions.test_labels)
    scaled = scale_probs(probs, temperature) if np.isfinite(temperature) else probs
    return Calibration(
        temperature,
        compute_bins(probs, labels),
        compute_bins(scaled, labels),
        _compute_loss(probs, labels),
        _compute_loss(scaled, labels),
        len(predictions.test_labels) - len(labels),
    )


def compute_calibrations(comparison: Comparison) -> pd.DataFrame:
    """One row a run: head, seed, temperature, ece_before, ece_after, loss_before, loss_after, left_out."""
    rows = []
    for variant in comparison.variants:
        for run in variant.runs:
            found = compute_calibration(run.predictions)
            rows.append(
                {
                    "head": variant.label,
                    "seed": run.spec.seed,
                    "temperature": found.temperature,
                    "ece_before": compute_ece(found.before),
                    "ece_after": compute_ece(found.after),
                    "loss_before": found.loss_before,
                    "loss_after": found.loss_after,
                    "left_out": found.left_out,
                }
            )
    return pd.DataFrame(rows)


def compute_reliability(comparison: Comparison) -> pd.DataFrame:
    """The bins of each head, all its seeds together, as predicted (scaled False) and after the temperature of each run
    (True): columns head, scaled, and those of `compute_bins`."""
    frames = []
    for variant in comparison.variants:
        found = [compute_calibration(run.predictions) for run in variant.runs]
        for scaled in (False, True):
            bins = _merge([one.after if scaled else one.before for one in found])
            bins.insert(0, "head", variant.label)
            bins.insert(1, "scaled", scaled)
            frames.append(bins)
    return pd.concat(frames, ignore_index=True)


def compute_confidence(comparison: Comparison) -> pd.DataFrame:
    """One row a head, whether right, and bin of confidence: head, right, low, high, guesses (of all seeds), share."""
    frames = []
    for variant in comparison.variants:
        predictions = [run.predictions for run in variant.runs]
        bins = _merge([compute_bins(each.test_probs, each.test_labels) for each in predictions])
        for right in (True, False):
            counts = bins["correct"] if right else bins["predictions"] - bins["correct"]
            frame = bins[["low", "high"]].assign(predictions=counts, share=counts / max(int(counts.sum()), 1))
            frame.insert(0, "head", variant.label)
            frame.insert(1, "correct", right)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _merge(many: list[pd.DataFrame]) -> pd.DataFrame:
    """Bins of several runs as if their guesses were of one."""
    merged = many[0][["low", "high"]].copy()
    merged["predictions"], merged["correct"] = (sum(bins[name] for bins in many) for name in ("predictions", "correct"))
    sure = sum((bins["confidence"] * bins["predictions"]).fillna(0.0) for bins in many)
    known = merged["predictions"].where(merged["predictions"] > 0)
    return merged.assign(confidence=sure / known, accuracy=merged["correct"] / known)


def _keep_finite(probs: Probs, labels: Labels) -> tuple[Probs, Labels]:
    finite = np.isfinite(probs).all(axis=1)
    return (probs, labels) if finite.all() else (probs[finite], labels[finite])


def _to_logits(probs: Probs) -> Probs:
    """The logits up to a constant an image, which softmax takes away; a probability of 0 becomes the smallest number
    that float32 holds to full precision. The largest logit of each image is 0, so that no power overflows."""
    logits = np.log(np.maximum(probs, np.finfo(np.float32).tiny), dtype=np.float32)
    shifted: Probs = logits - logits.max(axis=1, keepdims=True)
    return shifted


def _compute_loss(probs: Probs, labels: Labels) -> float:
    if not len(labels):
        return float("nan")
    true = probs[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(true, np.finfo(np.float32).tiny)).mean())
