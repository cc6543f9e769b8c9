"""The decision between finalists: the cheapest one that loses at most a margin to the best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.advice.request import Metric
from core.analysis.difference import MarginVerdict

MAX_MARGIN = 0.5

DecisionState = Literal["decided", "needed", "undecided"]


@dataclass(frozen=True)
class Finalist:
    """A candidate with its results on the images that decide.

    Attributes:
        cost: in any unit; smaller is better.
        right: whether each prediction is correct, of shape (seeds, images); the images are the same for all finalists.
        labels: class of each image, of shape (images,).
    """

    name: str
    cost: float
    right: NDArray[np.bool_]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class MarginComparison:
    """A finalist compared with the reference, as fractions of 1.

    Attributes:
        mean, low, high: its accuracy minus that of the reference, with the bounds of the two-sided 95% interval.
        bound: one-sided lower bound of its accuracy minus that of the best other finalist, whichever that is, at the
            level that decides; −1 without one. It is "within the margin" if this is above −margin.
        p: p-value of the hypothesis that it loses the margin or more, adjusted for the number of finalists.
        seeds: its number of seeds.
    """

    name: str
    cost: float
    mean: float
    low: float
    high: float
    bound: float
    p: float
    verdict: MarginVerdict
    seeds: int


@dataclass(frozen=True)
class Decision:
    """What the finalists show.

    Attributes:
        state: "decided": `choice` is the cheapest finalist within the margin of the best; "needed": `choice` is the
            reference, and every cheaper finalist loses more than the margin; "undecided" otherwise.
        choice: if undecided, the cheapest finalist shown to be within the margin, which can be used, or None.
        reference: the best finalist.
        comparisons: one per finalist, the reference included, in the order of cost.
        tied: if undecided, the finalists between which it is not decided, in the order of cost.
        more_seeds: additional seeds per finalist that settle an undecided result with a probability of 80%; None if
            more seeds cannot, because the images are too few, or if nothing is undecided.
        level: the significance level of this look.
    """

    state: DecisionState
    choice: str | None
    reference: str
    comparisons: tuple[MarginComparison, ...]
    tied: tuple[str, ...]
    more_seeds: int | None
    level: float


def decide(
    finalists: Sequence[Finalist],
    margin: float,
    *,
    metric: Metric = "accuracy",
    reference: str | None = None,
    alpha: float = 0.05,
    look: int = 1,
    looks: int = 1,
) -> Decision:
    """Return the cheapest finalist within the margin of the best, or what is missing to know it.

    Args:
        margin: as a fraction: 0.01 is one percentage point.
        reference: name of the best finalist if other images selected it, such as validation images; by default the
            finalist with the highest accuracy on these images.
        alpha: probability of a wrong "within the margin", over all finalists and looks.
        look, looks: number of this look from 1, and how many there can be at most.

    Raises:
        ValueError: no finalists, names that repeat, arrays of different images, or a value out of its range.
    """
    raise NotImplementedError
