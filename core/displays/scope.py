"""Scope of a number: what a confidence interval covers, and on how many of the images a value is measured."""

from collections.abc import Iterable

from core.plural import format_plural

_IMAGES_ONLY = "test images only: they apply to these trained models, not to other seeds"


def describe_intervals(seeds: Iterable[int], *, images: bool = True) -> str:
    """Return what 95% confidence intervals cover, as a sentence for a caption.

    Args:
        seeds: number of seeds behind each interval.
        images: whether the intervals cover the variation over test images; otherwise only over seeds.

    >>> describe_intervals([3, 3])
    '95% intervals cover test images and seeds.'
    """
    counts = {*seeds}
    if not images:
        return "95% intervals cover seeds only, not test images."
    if counts <= {1}:
        return f"95% intervals cover {_IMAGES_ONLY}."
    single = f"; those of a single seed cover {_IMAGES_ONLY}" if 1 in counts else ""
    return f"95% intervals cover test images and seeds{single}."


def describe_subset(used: int, total: int, noun: str = "test images") -> str:
    """Return "all 360 test images", or "200 of 360 test images"."""
    return f"all {total:,} {noun}" if used == total else f"{used:,} of {total:,} {noun}"


def describe_excluded(count: int, noun: str, reason: str) -> str:
    """Return a sentence that counts what a chart leaves out, such as "3 runs without this metric are excluded."; "" for
    none."""
    if not count:
        return ""
    return f"{format_plural(count, noun)} {reason} {'is' if count == 1 else 'are'} excluded."
