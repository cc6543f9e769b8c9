"""Calibration of predicted probabilities: reliability bins, expected calibration error and temperature scaling."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from core.root import find_root
from core.store.comparison import Comparison
from core.store.metrics import compute_predicted
from core.store.run import Predictions

BINS = 15
COLDEST, HOTTEST = 0.05, 20.0
_TOLERANCE = 1e-5  # of 1 / T

Probs = NDArray[np.float32]
Labels = NDArray[np.int64]


def compute_bins(probs: Probs, labels: Labels) -> pd.DataFrame:
    """Return one row for each of 15 equal-width bins of confidence (the probability of the predicted class).

    Columns low, high, predictions, correct (counts), confidence and accuracy (means; NaN for an empty bin). A bin is
    (low, high], so a probability of exactly 1 belongs to the last one. Images with a non-finite probability are
    excluded.

    Source: Guo et al. 2017, On calibration of modern neural networks, section 2.
    """
    probs, labels = _keep_finite(probs, labels)
    predicted = compute_predicted(probs)
    confidence = probs[np.arange(len(probs)), predicted].astype(np.float64)
    index = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    predictions, correct = (np.bincount(index, weights, minlength=BINS) for weights in (None, predicted == labels))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(index, confidence, minlength=BINS) / predictions
        accuracy = correct / predictions
    edges = np.arange(BINS + 1) / BINS
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "predictions": predictions.astype(np.int64),
            "correct": correct.astype(np.int64),
            "confidence": mean,
            "accuracy": accuracy,
        }
    )


def compute_ece(bins: pd.DataFrame) -> float:
    """Return the expected calibration error (ECE) of the bins of `compute_bins`.

    ECE = Σ n_b/n · |accuracy_b − confidence_b| over the bins b; NaN without predictions.

    Source: Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning, section "ECE".
    """
    total = bins["predictions"].sum()
    return (
        float(((bins["accuracy"] - bins["confidence"]).abs() * bins["predictions"]).sum() / total) if total else np.nan
    )


def compute_expected_ece(bins: pd.DataFrame) -> float:
    """Return the ECE that a perfectly calibrated model with these confidences has on average, because of few images.

    Each bin contributes the mean absolute deviation of a binomial distribution with its mean confidence.

    Source: De Moivre's formula, in Diaconis & Zabell 1991, Closed form summation for classical distributions, Stat.
    Sci. 6.

    >>> bins = pd.DataFrame({"predictions": [2], "confidence": [0.5]})
    >>> float(compute_expected_ece(bins))  # 0, 1 or 2 of 2 correct: deviations 0.5, 0, 0.5 with 1/4, 1/2, 1/4
    0.25
    """
    full = bins[bins["predictions"] > 0]
    count = full["predictions"].to_numpy(np.float64)
    if not len(count):
        return float("nan")
    share = np.clip(full["confidence"].to_numpy(np.float64), 1e-12, 1 - 1e-12)
    low = np.floor(count * share)
    log = (
        np.log(2) + gammaln(count + 1) - gammaln(low + 1) - gammaln(count - low)
        + (low + 1) * np.log(share) + (count - low) * np.log1p(-share)
    )  # fmt: skip
    return float(np.exp(log).sum() / count.sum())


def fit_temperature(probs: Probs, labels: Labels) -> float:
    """Return the temperature T between 0.05 and 20 that minimizes the mean cross-entropy of these images.

    The loss is convex in 1/T, so its derivative has at most one root. Without a root, for example if all predictions
    are correct, T is the bound towards which the loss decreases. NaN without images that have finite probabilities.

    Source: Guo et al. 2017, section 4.2.
    """
    probs, labels = _keep_finite(probs, labels)
    if not len(probs):
        return float("nan")
    logits = _to_logits(probs)
    true = logits[np.arange(len(labels)), labels]

    def derivative(inverse: float) -> float:
        weights = np.exp(logits * np.float32(inverse))
        return float((np.einsum("ij,ij->i", weights, logits) / weights.sum(axis=1) - true).mean(dtype=np.float64))

    if derivative(1 / HOTTEST) >= 0:
        return HOTTEST
    if derivative(1 / COLDEST) <= 0:
        return COLDEST
    return 1 / find_root(derivative, 1 / HOTTEST, 1 / COLDEST, _TOLERANCE)


def scale_probs(probs: Probs, temperature: float) -> Probs:
    """Return softmax(log p / T), which equals softmax(logits / T). Predicted classes do not change."""
    weights = np.exp(_to_logits(probs) / np.float32(temperature))
    scaled: Probs = weights / weights.sum(axis=1, keepdims=True)
    return scaled


@dataclass(frozen=True)
class Calibration:
    """Calibration on the test set, before and after scaling with the temperature fitted on the validation images.

    Attributes:
        before, after: the bins of `compute_bins`.
        loss_before, loss_after: mean cross-entropies in nats.
        left_out: number of test images excluded because a probability is not finite.
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


CALIBRATION_COLUMNS = (
    "head", "seed", "temperature", "ece_before", "ece_after", "ece_expected_before", "ece_expected_after",
    "loss_before", "loss_after", "left_out",
)  # fmt: skip


def compute_calibrations(comparison: Comparison) -> pd.DataFrame:
    """Return one row per run with the CALIBRATION_COLUMNS; `compute_expected_ece` describes the expected errors.

    Without validation images, the values after scaling are NaN.
    """
    rows = []
    for variant in comparison.variants:
        for run in variant.runs:
            calibration = compute_calibration(run.predictions)
            scaled = 1.0 if len(run.predictions.validation_labels) else float("nan")
            rows.append(
                {
                    "head": variant.label,
                    "seed": run.spec.seed,
                    "temperature": calibration.temperature,
                    "ece_before": compute_ece(calibration.before),
                    "ece_after": scaled * compute_ece(calibration.after),
                    "ece_expected_before": compute_expected_ece(calibration.before),
                    "ece_expected_after": scaled * compute_expected_ece(calibration.after),
                    "loss_before": calibration.loss_before,
                    "loss_after": scaled * calibration.loss_after,
                    "left_out": calibration.left_out,
                }
            )
    return pd.DataFrame(rows, columns=[*CALIBRATION_COLUMNS])


def compute_reliability(comparison: Comparison) -> pd.DataFrame:
    """Return the bins of each head, pooled over its seeds, before (scaled False) and after temperature scaling (True).

    Columns head, scaled and those of `compute_bins`. Each run is scaled with its own temperature.
    """
    frames = []
    for variant in comparison.variants:
        calibrations = [compute_calibration(run.predictions) for run in variant.runs]
        validated = all(len(run.predictions.validation_labels) for run in variant.runs)
        for scaled in (False, True) if validated else (False,):
            bins = _merge([each.after if scaled else each.before for each in calibrations])
            bins.insert(0, "head", variant.label)
            bins.insert(1, "scaled", scaled)
            frames.append(bins)
    columns = ["head", "scaled", *_BINS]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns).astype({"scaled": bool})


def compute_confidence(comparison: Comparison) -> pd.DataFrame:
    """Return one row per head, correctness and bin of confidence: head, correct, low, high, predictions, share.

    Predictions are counted over all seeds; `share` is the fraction of the head's correct (or wrong) predictions.
    """
    frames = []
    for variant in comparison.variants:
        predictions = [run.predictions for run in variant.runs]
        bins = _merge([compute_bins(each.test_probs, each.test_labels) for each in predictions])
        for correct in (True, False):
            counts = bins["correct"] if correct else bins["predictions"] - bins["correct"]
            frame = bins[["low", "high"]].assign(predictions=counts, share=counts / max(int(counts.sum()), 1))
            frame.insert(0, "head", variant.label)
            frame.insert(1, "correct", correct)
            frames.append(frame)
    columns = ["head", "correct", "low", "high", "predictions", "share"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


_BINS = ("low", "high", "predictions", "correct", "confidence", "accuracy")


def _merge(runs: list[pd.DataFrame]) -> pd.DataFrame:
    """Pool the bins of several runs."""
    merged = runs[0][["low", "high"]].copy()
    merged["predictions"], merged["correct"] = (sum(bins[name] for bins in runs) for name in ("predictions", "correct"))
    confidence = sum((bins["confidence"] * bins["predictions"]).fillna(0.0) for bins in runs)
    counts = merged["predictions"].where(merged["predictions"] > 0)
    return merged.assign(confidence=confidence / counts, accuracy=merged["correct"] / counts)


def _keep_finite(probs: Probs, labels: Labels) -> tuple[Probs, Labels]:
    finite = np.isfinite(probs).all(axis=1)
    return (probs, labels) if finite.all() else (probs[finite], labels[finite])


def _to_logits(probs: Probs) -> Probs:
    """Return log p, shifted so that the largest logit of each image is 0; softmax is invariant to the shift.

    Probabilities of 0 are replaced by the smallest normal float32.
    """
    logits = np.log(np.maximum(probs, np.finfo(np.float32).tiny), dtype=np.float32)
    shifted: Probs = logits - logits.max(axis=1, keepdims=True)
    return shifted


def _compute_loss(probs: Probs, labels: Labels) -> float:
    if not len(labels):
        return float("nan")
    true = probs[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(true, np.finfo(np.float32).tiny)).mean())
