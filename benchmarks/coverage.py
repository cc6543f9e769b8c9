"""Coverage of the intervals of an accuracy difference, error rate of verdicts, and advice on the sample size.

`python -m benchmarks.coverage [TRIALS]` simulates comparisons of two heads: the images are equally difficult for both,
the seeds are independent. Prints one line of JSON per case, and one per case of the advice and of the margin.
"""

import json
import sys
from dataclasses import dataclass
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from core.analysis.crossed import compute_accuracy_interval, compute_components
from core.analysis.difference import (
    MAX_SEEDS,
    POWER,
    Difference,
    Need,
    compute_interval,
    compute_margin_p,
    compute_need,
)

TRIALS = 1_000
DIFFERENCES = 0.03
DIFFICULTY = 0.85  # share of the difficulty of an image that is the same for all models

Correct = NDArray[np.bool_]


@dataclass(frozen=True)
class Head:
    """A head whose runs have accuracies with mean `accuracy` and standard deviation `spread` (the seeds only)."""

    accuracy: float
    spread: float

    def train(self, seeds: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the normal quantiles of the accuracies of runs, float64 of shape (seeds,)."""
        accuracies = self.accuracy + self.spread * rng.standard_normal(seeds)
        return np.asarray(ndtri(np.clip(accuracies, 0.01, 0.999)), dtype=np.float64)


def evaluate(runs: NDArray[np.float64], difficulty: NDArray[np.float64], rng: np.random.Generator) -> Correct:
    """Return whether each run is correct on each image, bool of shape (seeds, images)."""
    noise = rng.standard_normal((len(runs), len(difficulty)), dtype=np.float32)
    correct: Correct = (sqrt(DIFFICULTY) * difficulty + sqrt(1 - DIFFICULTY) * noise) < runs[:, None]
    return correct


def measure(
    accuracy: float, difference: float, spread: float, seeds: int, images: int, trials: int
) -> dict[str, float]:
    """Simulate comparisons of two heads with a true difference, and return how often the results hold.

    `coverage` of the interval of the difference, `decided` (the interval excludes 0), median `width_points`, and
    `coverage_accuracy` of the interval of the accuracy of one head.
    """
    rng = np.random.default_rng(0)
    heads = Head(accuracy - difference, spread), Head(accuracy, spread)
    covered, decided, covered_one, widths = 0, 0, 0, []
    for _ in range(trials):
        difficulty = rng.standard_normal(images)
        a, b = (evaluate(head.train(seeds, rng), difficulty, rng) for head in heads)
        _, low, high = compute_interval(a, b)
        covered += low <= -difference <= high
        decided += low > 0 or high < 0
        widths.append(100 * (high - low))
        _, low, high = compute_accuracy_interval(b)
        covered_one += low <= accuracy <= high
    return {
        "coverage": covered / trials,
        "decided": decided / trials,
        "width_points": round(float(np.median(widths)), 1),
        "coverage_accuracy": covered_one / trials,
    }


def measure_margin(
    accuracy: float, loss: float, margin: float, spread: float, seeds: int, images: int, trials: int
) -> float:
    """Return how often a head with a true loss is described as within the margin."""
    rng = np.random.default_rng(0)
    heads = Head(accuracy - loss, spread), Head(accuracy, spread)
    within = 0
    for _ in range(trials):
        difficulty = rng.standard_normal(images)
        components = compute_components(*(evaluate(head.train(seeds, rng), difficulty, rng) for head in heads))
        p_loss = compute_margin_p(components, margin)
        within += (
            Difference("a", "b", components, 1.0, margin=margin, p_loss=p_loss).margin_verdict == "within the margin"
        )
    return within / trials


def measure_advice(seeds: int, images: int, spread: float, trials: int) -> dict[str, float]:
    """Follow the advice of undecided comparisons, and return how often that settles them.

    The true differences are normally distributed with a standard deviation of DIFFERENCES.
    """
    rng = np.random.default_rng(0)
    undecided, advised, settled = 0, 0, 0
    for _ in range(trials):
        heads = Head(0.9, spread), Head(0.9 - DIFFERENCES * rng.standard_normal(), spread)
        difficulty = rng.standard_normal(images)
        runs = [head.train(seeds, rng) for head in heads]
        correct = [evaluate(run, difficulty, rng) for run in runs]
        found = _compare(correct)
        if found.verdict != "no significant difference":
            continue
        undecided += 1
        need = compute_need(found)
        if need == Need():
            continue
        runs = [
            np.r_[run, head.train((need.seeds or seeds) - seeds, rng)] for run, head in zip(runs, heads, strict=True)
        ]
        fresh = [evaluate(run[seeds:], difficulty, rng) for run in runs]
        correct = [np.concatenate(pair) for pair in zip(correct, fresh, strict=True)]
        if need.images:
            difficulty = rng.standard_normal(need.images - images)
            fresh = [evaluate(run, difficulty, rng) for run in runs]
            correct = [np.concatenate(pair, axis=1) for pair in zip(correct, fresh, strict=True)]
        advised += 1
        settled += _compare(correct).verdict != "no significant difference"
    return {"undecided": undecided, "advised": advised, "settled": round(settled / max(advised, 1), 2)}


def _compare(correct: list[Correct]) -> Difference:
    components = compute_components(*correct)
    return Difference("a", "b", components, components.estimate().p)


def main(trials: int) -> None:
    heads = ((0.9, 0.0), (0.98, 0.0), (0.9, 0.03), (0.9, 0.09))
    for images, seeds, spread, (accuracy, difference) in product((360, 10_000), (2, 3, 5), (0.002, 0.007, 0.02), heads):
        found = measure(accuracy, difference, spread, seeds, images, trials)
        case = {"images": images, "seeds": seeds, "spread": spread, "accuracy": accuracy, "difference": difference}
        print(json.dumps({"benchmark": "coverage", **case, **found}), flush=True)
    for images, seeds in product((360, 10_000), (2, 3, 5)):
        advice = measure_advice(seeds, images, 0.007, trials)
        case = {"images": images, "seeds": seeds, "spread": 0.007}
        print(json.dumps({"benchmark": "advice", "promised": POWER, "most": MAX_SEEDS, **case, **advice}), flush=True)
    for accuracy, margin, images, seeds in product((0.9, 0.98), (0.01, 0.03), (100, 360, 2_000), (2, 3, 5)):
        wrong, right = (measure_margin(accuracy, loss, margin, 0.004, seeds, images, trials) for loss in (margin, 0.0))
        case = {"accuracy": accuracy, "margin": margin, "images": images, "seeds": seeds, "spread": 0.004}
        print(json.dumps({"benchmark": "margin", **case, "wrong": wrong, "right": right}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
