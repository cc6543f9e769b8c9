"""Error rates and power of the decision of the advisor, over simulated races with known truths.

`python -m benchmarks.advice_errors [RACES] [CASES]` prints one line of JSON per race. A race has finalists with known
accuracies over all images and seeds. Seeds are added, at least two, until the validation images decide, all seeds would
probably not decide, or there are no more; then the test images decide, with the first of LEVELS. An undecided race can
be continued with more seeds up to two times, with the next levels.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from core.advice.conclude import LEAST_CHANCE, LEVELS, VALIDATION_SHARE
from core.advice.decision import Decision, Finalist, decide

RACES = 1_000
MORE_SEEDS = 3  # of a continued race
DIFFICULTY = 0.75  # share of the difficulty of an image that is the same for all finalists
CONFIGURATION = 0.07  # share that is the same for all seeds of a finalist; measured on KMNIST: 0–0.3 of the differences

Correct = NDArray[np.bool_]


@dataclass(frozen=True)
class SimulatedRace:
    """A race whose truth is known.

    Attributes:
        accuracies: true accuracy of each finalist, in the order of cost.
        margin: as a fraction.
        images: numbers of validation and test images.
        seeds: largest number of seeds per finalist before the first test, at least 2.
        spread: standard deviation of the accuracy across seeds.
        continued: how often an undecided race is continued.
        rare: the losses are on images that are the same for all seeds, which all other finalists predict correctly.
    """

    accuracies: tuple[float, ...]
    margin: float
    images: tuple[int, int]
    seeds: int
    spread: float = 0.004
    rare: bool = False
    continued: int = 0

    def draw(self, rng: np.random.Generator) -> list[Correct]:
        """Return whether predictions are correct on the validation and the test images, each of shape (finalists,
        seeds, images)."""
        best = max(self.accuracies)
        aims = np.array([[best if self.rare else accuracy] for accuracy in self.accuracies])
        runs = aims + self.spread * rng.standard_normal(
            (len(self.accuracies), self.seeds + MORE_SEEDS * self.continued)
        )
        limits = ndtri(np.clip(runs, 0.01, 0.9995)).astype(np.float32)[:, :, None]
        found = []
        for images in self.images:
            latent = sqrt(1 - DIFFICULTY - CONFIGURATION) * rng.standard_normal((*runs.shape, images), dtype=np.float32)
            latent += sqrt(CONFIGURATION) * rng.standard_normal((len(runs), 1, images), dtype=np.float32)
            latent += sqrt(DIFFICULTY) * rng.standard_normal(images, dtype=np.float32)
            correct = latent < limits
            if self.rare:
                shares = 1 - np.array(self.accuracies)[:, None, None] / best
                correct &= rng.random((len(runs), 1, images)) >= shares
            found.append(correct)
        return found

    def decide(
        self, correct: Correct, seeds: int, level: float, reference: str | None = None, most_seeds: int = 0
    ) -> Decision:
        """Decide with the first `seeds` seeds; with `most_seeds`, as on the validation images."""
        labels = np.zeros(correct.shape[2], dtype=np.int64)
        finalists = [Finalist(str(cost), cost, runs[:seeds], labels) for cost, runs in enumerate(correct)]
        alpha = level * VALIDATION_SHARE if most_seeds else level
        return decide(
            finalists, self.margin, alpha=alpha, later_alpha=level, reference=reference, most_seeds=most_seeds
        )  # fmt: skip

    def run(self, rng: np.random.Generator) -> tuple[Decision, int]:
        """Return the last decision on the test images, and its number of seeds per finalist."""
        validation, test = self.draw(rng)
        seeds, limit = 1, self.seeds
        for level in LEVELS[: self.continued + 1]:
            enough = False
            while seeds < limit and not enough:
                seeds += 1
                found = self.decide(validation, seeds, level, most_seeds=limit)
                enough = found.state != "undecided" or found.chance < LEAST_CHANCE
            result = self.decide(test, seeds, level, found.reference)
            if result.state != "undecided":
                break
            limit = seeds + MORE_SEEDS
        return result, seeds

    def judge(self, decision: Decision) -> dict[str, bool]:
        """Return which statements of a decision are wrong; a loss of exactly the margin makes both wrong."""
        lost = {str(cost): max(self.accuracies) - accuracy for cost, accuracy in enumerate(self.accuracies)}
        within = [one.name for one in decision.comparisons if one.verdict == "within the margin"]
        losing = [one.name for one in decision.comparisons if one.verdict == "not within the margin"]
        right = min(name for name, loss in lost.items() if loss < self.margin - 1e-9)
        return {
            "wrong_within": any(lost[name] > self.margin - 1e-9 for name in within),
            "wrong_not_within": any(lost[name] < self.margin + 1e-9 for name in losing),
            "decided": decision.state != "undecided",
            "right": decision.state != "undecided" and decision.choice == right,
        }


def measure_race(race: SimulatedRace, races: int, seed: int = 0) -> dict[str, float]:
    """Return the shares of races with each property of `judge`, and the mean number of seeds per finalist."""
    rng = np.random.default_rng(seed)
    results = [race.run(rng) for _ in range(races)]
    judged = [race.judge(decision) for decision, _ in results]
    shares = {key: round(sum(one[key] for one in judged) / races, 3) for key in judged[0]}
    return {**shares, "seeds_used": round(float(np.mean([seeds for _, seeds in results])), 2)}


def list_races() -> dict[str, Sequence[SimulatedRace]]:
    """Return the cases: finalists exactly at the margin, rare images, high accuracies, and equal finalists."""
    small, large = ((360, 360), (2_000, 2_000)), (10_000, 10_000)
    sizes = (*small, large)
    grid = [(0.01, size, seeds) for size in sizes for seeds in (2, 3, 5)] + [(0.03, size, 3) for size in sizes]
    return {
        "one at the margin": [SimulatedRace((0.95 - margin, 0.95), margin, *case) for margin, *case in grid],
        "two at the margin of two equal ones": [
            SimulatedRace((0.94, 0.94, 0.95, 0.95), 0.01, size, 4) for size in small
        ],
        "five at the margin": [SimulatedRace((0.92,) * 5 + (0.95,), 0.03, size, 4) for size in small],
        "at the margin, on rare images": [
            SimulatedRace((0.95 - margin, 0.95), margin, size, 5, 0.0, rare=True)
            for margin in (0.01, 0.03)
            for size in sizes
        ],
        "at the margin, continued twice": [
            SimulatedRace((0.95 - margin, 0.95), margin, (2_000, 2_000), 3, spread, continued=2)
            for margin, spread in ((0.01, 0.004), (0.01, 0.01), (0.03, 0.004))
        ],
        "98% against 99%": [
            SimulatedRace((0.98, 0.99), 0.01, size, seeds, 0.001) for size in sizes for seeds in (2, 5)
        ],
        "two equal": [SimulatedRace((0.95, 0.95), margin, *case) for margin, *case in grid],
        "four equal": [SimulatedRace((0.95,) * 4, margin, size, 5) for margin in (0.01, 0.03) for size in small],
        "one loses 6 points": [SimulatedRace((0.89, 0.95), 0.01, size, 5) for size in sizes],
    }


def main(races: int, *only: str) -> None:
    for name, cases in list_races().items():
        for race in cases if name in only or not only else ():
            case = {"case": name, "margin": race.margin, "images": race.images[1]}
            case |= {"seeds": race.seeds, "spread": race.spread}
            print(json.dumps({"benchmark": "advice_errors", **case, **measure_race(race, races)}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RACES, *sys.argv[2:])
