"""Accuracy difference between two variants: interval, significance, non-inferiority, and sample size for a conclusion.

The statistical model is in `core.analysis.crossed`.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtr, stdtrit

from core.analysis.baseline import count_params, has_common_baseline, list_compared
from core.analysis.correctness import stack_correct
from core.analysis.crossed import Components, compute_components
from core.analysis.significance import correct_holm
from core.interval import LEVEL
from core.store.comparison import Comparison

MAX_SEEDS = 50
SEEDS_WITH_IMAGES = (10, 20, 50)
MAX_IMAGES = 1_000_000
POWER = 0.8
MARGIN = 0.01
_QUANTILES = (np.arange(40) + 0.5) / 40

Verdict = Literal["better", "worse", "no significant difference", "one seed"]
MarginVerdict = Literal["within the margin", "not within the margin", "undecided"]


@dataclass(frozen=True)
class Difference:
    """Accuracy of `a` minus accuracy of `b`, over the test images and over all seeds of both.

    Attributes:
        low, high: bounds of the 95% confidence interval; with one seed per variant, of these two trained models only.
        p: two-sided p-value; `p_holm` is corrected for the `pairs` of the comparison.
        margin: non-inferiority margin, as a fraction.
        p_loss, p_gain: p-values of the hypotheses that `a` loses, and that it gains, exactly the margin (see
            `compute_margin_p`), corrected in the same way.
    """

    a: str
    b: str
    components: Components
    p_holm: float
    pairs: int = 1
    margin: float = MARGIN
    p_loss: float = 1.0
    p_gain: float = 1.0

    def reverse(self) -> "Difference":
        """Return `b` minus `a`."""
        return replace(
            self, a=self.b, b=self.a, components=self.components.reverse(), p_loss=self.p_gain, p_gain=self.p_loss
        )  # fmt: skip

    @property
    def mean(self) -> float:
        return self.components.mean

    @property
    def seeds(self) -> tuple[int, int]:
        first, second = self.components.seeds
        return first, second

    @property
    def images(self) -> int:
        return self.components.images

    @cached_property
    def _interval(self) -> tuple[float, float]:
        return self.components.estimate().interval()

    @property
    def low(self) -> float:
        return self._interval[0]

    @property
    def high(self) -> float:
        return self._interval[1]

    @cached_property
    def p(self) -> float:
        return self.components.estimate().p

    @property
    def verdict(self) -> Verdict:
        """Conclusion about `a`, Holm-corrected; "one seed" if one of the variants has a single seed."""
        if min(self.seeds) == 1:
            return "one seed"
        if self.p_holm < 1 - LEVEL:
            return "better" if self.mean > 0 else "worse"
        return "no significant difference"

    @property
    def margin_verdict(self) -> MarginVerdict:
        """Whether `a` loses at most the margin, Holm-corrected: non-inferiority.

        Source: Piaggio et al. 2012, Reporting of noninferiority and equivalence randomized trials, JAMA 308.
        """
        if min(self.seeds) == 1 or self.p_loss >= 1 - LEVEL:
            return "undecided"
        return "within the margin" if self.mean > -self.margin else "not within the margin"


@dataclass(frozen=True)
class Need:
    """Seeds per variant, test images, or both, that settle the difference with a probability of POWER.

    Both are None if no numbers up to MAX_SEEDS and MAX_IMAGES are enough.
    """

    seeds: int | None = None
    images: int | None = None


def compute_interval(
    correct_a: NDArray[np.bool_], correct_b: NDArray[np.bool_], level: float = LEVEL
) -> tuple[float, float, float]:
    """Return the difference in accuracy, a − b, and the bounds of its confidence interval.

    Args:
        correct_a, correct_b: bool of shape (seeds, images); the same images, any numbers of seeds.

    >>> a = np.arange(100) < np.array([[90], [90], [90]])
    >>> b = np.arange(100) < np.array([[80], [80]])
    >>> [round(value, 4) for value in compute_interval(a, b)]
    [0.1, 0.0402, 0.1598]
    """
    components = compute_components(correct_a, correct_b)
    return (components.mean, *components.estimate().interval(level))


def compute_differences(comparison: Comparison, margin: float = MARGIN) -> list[Difference]:
    """Return the differences of the pairs in `list_compared`.

    Without a common baseline, each is the variant with fewer parameters minus the other one.
    """
    correct = {variant.label: stack_correct(variant) for variant in comparison.variants}
    pairs = []
    for a, b in list_compared(comparison):
        if not has_common_baseline(comparison) and count_params(a) > count_params(b):
            a, b = b, a
        pairs.append((a.label, b.label, compute_components(correct[a.label], correct[b.label])))
    tests = [(one.estimate().p, *(compute_margin_p(one, side) for side in (margin, -margin))) for *_, one in pairs]
    corrected = [correct_holm(values).tolist() for values in zip(*tests, strict=True)]
    return [
        Difference(a, b, components, p_holm, len(pairs), margin, p_loss, p_gain)
        for (a, b, components), p_holm, p_loss, p_gain in zip(pairs, *corrected, strict=True)
    ]


def compute_margin_p(components: Components, margin: float) -> float:
    """Return the two-sided p-value of the hypothesis that the first head loses exactly the margin.

    As a loss δ may always concern the same share δ of the images, the variance over the images is at least δ(1 − δ), as
    in score tests. So heads that agree on a few images are not within a small margin.

    Source: Tango 1998, Equivalence test and confidence interval for the difference in proportions for the paired-sample
    design, Stat. Med. 17.

    Args:
        margin: as a fraction; negative for a gain.
    """
    least = abs(margin) * (1 - abs(margin))
    shifted = replace(
        components, mean=components.mean + margin, image_variance=max(components.image_variance, least)
    )  # fmt: skip
    return shifted.estimate().p


def compute_need(difference: Difference) -> Need:
    """Return the number of seeds per variant needed for a conclusion, otherwise of test images, otherwise of both.

    A number is sufficient if more data of the same kind would make the interval exclude 0 with a probability of POWER,
    given the present estimate and its uncertainty (predictive power). It is always larger than the present number.

    Source: Spiegelhalter, Freedman & Blackburn 1986, Monitoring clinical trials: conditional or predictive power?,
    Control. Clin. Trials 7.
    """
    components = difference.components
    if difference.verdict != "no significant difference" or components.estimate().variance == 0:
        return Need()
    for seeds in range(min(components.seeds) + 1, MAX_SEEDS + 1):
        if predict_power(components, seeds=seeds) >= POWER:
            return Need(seeds=seeds)
    for seeds in (0, *SEEDS_WITH_IMAGES):
        if predict_power(components, seeds, MAX_IMAGES) >= POWER:
            return Need(seeds if seeds > min(components.seeds) else None, _find_images(components, seeds))
    return Need()


def _find_images(components: Components, seeds: int) -> int:
    """Return the number of test images with sufficient power, at most 1% too large."""
    few, enough = components.images, MAX_IMAGES
    while enough - few > max(1, few // 100):
        middle = ceil((few + enough) / 2)
        few, enough = (few, middle) if predict_power(components, seeds, middle) >= POWER else (middle, enough)
    return enough


def predict_power(components: Components, seeds: int = 0, images: int = 0, level: float = LEVEL) -> float:
    """Return the probability that the interval at `level` excludes 0 with more data.

    The true difference is as uncertain as the variance of the estimate says, and the variance as its degrees of freedom
    (scaled inverse χ²).
    """
    now, then = components.estimate(), components.estimate(seeds, images)
    scales = now.df / chdtri(now.df, _QUANTILES)
    change = np.sqrt(scales * max(now.variance - then.variance, 1e-9 * now.variance))
    threshold = stdtrit(then.df, (1 + level) / 2) * np.sqrt(scales * then.variance)
    return float(np.mean(ndtr((now.mean - threshold) / change) + ndtr((-now.mean - threshold) / change)))
