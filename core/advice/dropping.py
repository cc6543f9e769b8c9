"""Early dropping of candidates whose learning curve cannot reach the margin of the best.

The accuracy after the last epoch is forecast with many curves a − b·h(e): power laws h = e^−c, which rise slowly for
long, and Weibull curves h = exp(−(e/τ)^κ), which for κ > 1 also begin with a plateau. For each shape a and b follow by
least squares. All curves that fit about as well as the best one count: the forecast is the highest end of their 95%
prediction intervals, or what repeating the gain of the last quarter of the epochs would reach, if that is more. A slow
start therefore leaves a high forecast. A candidate is dropped only if it is below the level that the best has reached.
Both are widened by the variation across seeds.

The variance from epoch to epoch is that of the residuals, or of the second differences if larger: with few epochs some
curve fits too well.

Sources: Domhan, Springenberg & Hutter 2015, Speeding up automatic hyperparameter optimization of deep neural networks
by extrapolation of learning curves, IJCAI (the families of curves, and dropping by the forecast); Viering & Loog 2023,
The shape of learning curves: a review, IEEE Trans. Pattern Anal. Mach. Intell. 45; Gasser, Sroka & Jennen-Steinmetz
1986, Residual variance and residual pattern in nonlinear regression, Biometrika 73.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri, stdtrit

Curve = NDArray[np.float64]

MIN_EPOCHS = 4
MIN_SHARE = 0.2
"""Share of the epochs before which no candidate is dropped; nor before MIN_EPOCHS."""
RUN_DEVIATION = 0.007
"""Assumed standard deviation of the accuracy across seeds; 0.2 to 1.5 points were measured."""
NOISE = 0.003
"""Least standard deviation of the validation accuracy from epoch to epoch."""
_POWERS = (0.1, 0.25, 0.5, 1.0, 2.0)
_SHAPES = tuple(product((0.5, 1.0, 2.0, 4.0, 8.0), (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)))


@dataclass(frozen=True)
class Forecast:
    """Pessimistic and optimistic validation accuracy after the last epoch."""

    low: float
    high: float


def choose_dropped(
    curves: Mapping[str, Curve], epochs: int, costs: Mapping[str, float], margin: float
) -> dict[str, str]:
    """Return the candidates to drop, with the reason as a sentence.

    A candidate is dropped if it cannot come within the margin of the best one, if it costs at least as much as one that
    it cannot reach, or if it diverged. The one with the highest level so far is dropped only if it diverged.

    Args:
        curves: validation accuracy after each epoch, of shape (epochs so far,) or (seeds, epochs so far); numbers of
            epochs may differ. NaN for epochs without a result.
        epochs: epochs of a complete run.
        costs: cost of each candidate; smaller is better.
        margin: as a fraction.
    """
    forecasts = {name: forecast_accuracy(curve, epochs) for name, curve in curves.items()}
    known = {name: forecast for name, forecast in forecasts.items() if forecast}
    dropped = {
        name: "Training diverged: the validation accuracy is not a number." for name in curves if name not in known
    }
    best = max((forecast.low for forecast in known.values()), default=0.0)
    for name, forecast in known.items():
        top = f"At most {forecast.high:.1%} validation accuracy expected after {epochs} epochs"
        cheaper = max(
            (other.low for key, other in known.items() if key != name and costs[key] <= costs[name]), default=0.0
        )
        if forecast.high < best - margin:
            dropped[name] = f"{top}; the best candidate has reached at least {best:.1%}."
        elif forecast.high < cheaper:
            dropped[name] = f"{top}; a candidate that costs no more has reached at least {cheaper:.1%}."
    return dropped


def forecast_accuracy(curve: Curve, epochs: int) -> Forecast | None:
    """Return the range of the accuracy after the last epoch; None if the curve ends with NaN for all seeds.

    With fewer than MIN_EPOCHS epochs or MIN_SHARE of them the range is 0 to 1.

    Args:
        curve: of shape (epochs so far,) or (seeds, epochs so far).
    """
    values = np.atleast_2d(np.asarray(curve, dtype=np.float64))
    if not values.size:
        return Forecast(0.0, 1.0)
    values = values[np.isfinite(values[:, -1])]
    if not len(values):
        return None
    seeds = len(values)
    finite = np.isfinite(values).all(axis=0)
    steps = np.asarray(np.flatnonzero(finite) + 1, dtype=np.float64)
    mean = np.asarray(values[:, finite].mean(axis=0), dtype=np.float64)
    slack = 2 * RUN_DEVIATION / sqrt(seeds)
    if values.shape[1] >= epochs:
        return Forecast(max(float(mean[-1]) - slack, 0.0), min(float(mean[-1]) + slack, 1.0))
    if len(mean) < max(MIN_EPOCHS, MIN_SHARE * epochs):
        return Forecast(0.0, 1.0)
    low, high = _forecast_mean(steps, mean, epochs)
    return Forecast(max(low - slack, 0.0), min(max(high, float(mean[-1])) + slack, 1.0))


def _forecast_mean(steps: Curve, mean: Curve, epochs: int) -> tuple[float, float]:
    """Return the level reached, and the highest forecast of all curves that fit about as well as the best one.

    Args:
        steps, mean: epochs and accuracies, of shape (epochs so far,).
    """
    grid = np.append(steps, float(epochs))
    shapes = [grid**-power for power in _POWERS]
    shapes += [np.exp(-((grid / (scale * epochs)) ** shape)) for shape, scale in _SHAPES]
    h = np.array(shapes)
    weights = steps**2 / np.sum(steps**2)  # later epochs say more about the end
    centre = h[:, :-1] @ weights
    average = float(mean @ weights)
    centred = h[:, :-1] - centre[:, None]
    square = np.maximum((centred**2) @ weights, 1e-12)
    slope = np.minimum((centred * (mean - average)) @ weights / square, 0.0)  # b is not negative: no curve falls
    residual = mean - average - slope[:, None] * centred
    errors = (residual**2) @ weights
    count = len(steps)
    jumps = np.diff(mean, 2)[-max(count // 2, 3) :]
    variance = max(float(errors.min()) * count / (count - 2), float(np.mean(jumps**2)) / 6, NOISE**2)
    fits = errors * count <= float(errors.min()) * count + float(chdtri(2, 0.05)) * variance
    ahead = h[:, -1] - centre
    half = -float(stdtrit(count - 2, 0.025)) * np.sqrt(variance * (1 + ahead**2 / square) / count)
    forecasts = average + slope * ahead
    reached = float(mean[-3:].mean()) - 3 * sqrt(variance)
    repeated = 2 * float(mean[-1]) - float(mean[-1 - ceil(count / 4)])
    return reached, max(float((forecasts + half)[fits].max()), repeated)


def can_decide(images: int, margin: float, level: float = 0.05, accuracy: float = 0.9) -> str | None:
    """Return a sentence if so few images can never show that a candidate is within the margin, otherwise None.

    It is the test of `core.advice.contrast` for two candidates that predict every image alike.

    Args:
        margin: as a fraction, above 0 and below 1.
        level: significance level of the test.
        accuracy: expected accuracy of the best candidate; equal candidates differ for about as many images as are
            wrong.
    """
    if images > 1 and _find_smallest_margin(images, margin, level) < margin:
        return None
    points = f"{100 * margin:.3g} point{'' if margin == 0.01 else 's'}"
    needed = ceil(float(ndtri(level)) ** 2 * (1 - margin) / margin)
    while _find_smallest_margin(needed, margin, level) >= margin:
        needed += 1
    half = -float(stdtrit(max(images - 1, 1), level)) * sqrt((1 - accuracy) / max(images, 1))
    shown = f" Only losses above about {100 * (margin + half):.0f} points can be shown."
    return (
        f"{images} images are too few to show that a candidate loses less than {points}, even if all candidates "
        f"predict every image alike: at least {needed:,} are needed.{shown if margin + half < accuracy else ''}"
    )


def _find_smallest_margin(images: int, margin: float, level: float) -> float:
    return -float(stdtrit(images - 1, level)) * sqrt(margin * (1 - margin) / images)
