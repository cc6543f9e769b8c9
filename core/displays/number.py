"""Number formats for display: units and a sensible number of digits."""

import math
from typing import TYPE_CHECKING

from core.displays.direction import mark_end
from core.plural import format_plural

if TYPE_CHECKING:
    from core.analysis.balanced_accuracy import BalancedDifference
    from core.analysis.difference import Difference, Need
    from core.analysis.seed_mean import SeedMean
    from core.recipe import PublishedResult


def format_count(value: float) -> str:
    """Format a count with all digits: 24586 → "24,586"."""
    return f"{value:,.0f}" if math.isfinite(value) else "–"


def write_selection_note(count: int, noun: str = "configuration") -> str:
    """Return a warning for a view that shows the best of several configurations by test accuracy, otherwise ""."""
    from core.analysis.selection import MANY

    if count < MANY:
        return ""
    return f"Best of {format_plural(count, noun)} on the test set: the highest accuracies are optimistic."


def quote_class(name: str) -> str:
    """Quote the name of a class in running text, where "8" or "a, b" could be read as a number or as two classes."""
    return f'"{name}"{mark_end(name)}'


def write_pair(label: str, predicted: str) -> str:
    """Return the true class and the predicted class of an image, in this order in all scripts.

    The mark at the beginning is for SVG files, where the first letter decides about the direction.
    """
    mark = mark_end(label)
    return f"{mark}{label}{mark} → {predicted}"


def format_short(value: float) -> str:
    """Format a number with three significant digits and an SI prefix: 5195828 → "5.20 M"."""
    if not math.isfinite(value):
        return "–"
    value = _round(value)  # before the prefix is chosen, so that 999,999 becomes "1.00 M"
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{_three(value / size)} {letter}"
    return _three(value)


def format_bytes(value: float) -> str:
    """Format a size in powers of 1,000: 98304 → "98.3 kB"."""
    if not math.isfinite(value):
        return "–"
    value = _round(value)
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{_three(value / size)} {unit}"
    return f"{value:.0f} B"


def format_seconds(value: float) -> str:
    """Format a duration, from microseconds to hours: 0.00021 → "210 µs", 200 → "3 min 20 s"."""
    if not math.isfinite(value):
        return "–"
    short = _round(value)
    if short == 0:
        return "0 s"
    if abs(short) < 1e-3:
        return f"{_three(short * 1e6)} µs"
    if short < 1:
        return f"{_three(short * 1e3)} ms"
    if short < 60:
        return f"{_three(short)} s"
    minutes, seconds = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def format_ratio(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{_three(value)}×"


def format_accuracy(value: "SeedMean", *, seeds: bool = True) -> str:
    """Format a fraction as a percentage with its standard deviation: "87.3 ± 1.2%"; the latter sets the digits.

    Equal seeds are no measure of the spread: "88.9% (2 equal seeds)", or "88.9%" without `seeds`.
    """
    if not math.isfinite(value.mean):
        return "–"
    mean = value.mean * 100
    if value.std is None or (value.std < 5e-5 and not seeds):
        return f"{mean:.1f}%"
    if value.std < 5e-5:
        return f"{mean:.1f}% ({value.seeds} equal seeds)"
    std = value.std * 100
    digits = 2 if std < 0.1 else 1
    return f"{mean:.{digits}f} ± {std:.{digits}f}%"


def format_loss(value: "SeedMean") -> str:
    if not math.isfinite(value.mean):
        return "–"
    if value.std is not None and value.std < 5e-4:
        return f"{value.mean:.3f} ({value.seeds} equal seeds)"
    return f"{value.mean:.3f}" if value.std is None else f"{value.mean:.3f} ± {value.std:.3f}"


def format_area(value: "SeedMean") -> str:
    """Format the area under a curve with three decimals: "0.987 ± 0.002"; "–" if it is undefined."""
    return format_loss(value)


def format_points(difference: float) -> str:
    """Format a difference of fractions in percentage points: −0.045 → "4.5 points lower"."""
    if difference == 0:
        return "no difference"
    return f"{_points(abs(difference))} points {'higher' if difference > 0 else 'lower'}"


def format_interval(difference: "Difference | BalancedDifference", *, name: bool = True) -> str:
    """Format a confidence interval in percentage points: "95% interval −5.1 to −3.9"; "–" if it is undefined."""
    if not math.isfinite(difference.low):
        return "–"
    return f"{'95% interval ' if name else ''}{_points(difference.low)} to {_points(difference.high)}"


def format_need(need: "Need", noun: str = "head") -> str:
    """Format what a conclusion needs: "about 5 seeds per head", "about 2,400 test images"; "" if it is unknown."""
    parts = [f"{format_plural(need.seeds, 'seed')} per {noun}"] if need.seeds else []
    if need.images:
        parts.append(f"{format_rounded(need.images)} test images")
    return f"about {' and '.join(parts)}" if parts else ""


def _points(share: float) -> str:
    """Format percentage points with one decimal (two for small values) and a typographic minus."""
    points = 100 * share
    text = f"{points:.{1 if abs(points) >= 0.095 or points == 0 else 2}f}"
    return text.replace("-", "−")


def format_share(value: float) -> str:
    """Format a fraction as a percentage: "87.3%"; "–" if it is not finite."""
    return f"{100 * value:.1f}%" if math.isfinite(value) else "–"


def format_share_interval(low: float, high: float) -> str:
    """Format a range of fractions as percentages: "85.1 to 89.3%"; "–" if it is undefined."""
    return f"{100 * low:.1f} to {100 * high:.1f}%" if math.isfinite(low) and math.isfinite(high) else "–"


def format_p(value: float) -> str:
    """Format a p-value: "0.021", "< 0.0001"; "–" if it is undefined."""
    if not math.isfinite(value):
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}" if value < 0.001 else f"{value:.3f}"


def format_rounded(value: float) -> str:
    """Format a rough estimate with two significant digits: 24586 → "25,000"."""
    return f"{float(f'{value:.2g}'):,.0f}"


def _round(value: float) -> float:
    """Round to three significant digits."""
    return float(f"{value:.3g}")


def _three(value: float) -> str:
    """Format three significant digits without an exponent."""
    value = _round(value)
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 3)}f}"


def format_published_accuracy(result: "PublishedResult") -> str:
    """Format a printed accuracy with two decimals; an approximate value or a range has none.

    >>> from core.recipe import PublishedResult
    >>> format_published_accuracy(PublishedResult("dense", "test_accuracy", 0.9939))
    '99.39%'
    """
    return result.write("{:.0%}".format if result.printed else "{:.2%}".format)
