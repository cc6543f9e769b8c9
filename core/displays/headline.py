"""The sentence that sums a comparison up, and what to keep in mind with it."""

from core.analysis.summary import Finding, compute_finding, estimate
from core.displays.number import format_accuracy, format_seconds
from core.spec import DATASETS
from core.store.comparison import Comparison, describe


def write_headline(comparison: Comparison) -> str:
    """One sentence: what was found, and how far the seeds agree."""
    finding = compute_finding(comparison)
    if finding is None:
        contender = comparison.contenders[0]
        accuracy = format_accuracy(estimate(contender, "test_accuracy"))
        return f"{contender.label}: {contender.first.record.cost.params:,} parameters, test accuracy {accuracy}."
    return f"{finding.small.label}: {_params(finding)} than {finding.rival.label}, {_accuracy(finding)}."


def _params(finding: Finding) -> str:
    if finding.params_ratio == 1:
        return "no fewer parameters"
    digits = 1 if finding.params_ratio < 100 else 0
    return f"{finding.params_ratio:.{digits}f}× fewer parameters"


def _accuracy(finding: Finding) -> str:
    difference = finding.accuracy
    if difference.mean == 0:
        return "the same accuracy"
    word = "higher" if difference.mean > 0 else "lower"
    points = abs(difference.mean) * 100
    if difference.spread is None:
        text = f"accuracy {points:.{1 if points >= 0.1 else 2}f} points {word}"
        return f"{text} (one seed)" if difference.seeds else text
    spread = difference.spread * 100
    digits = 2 if spread < 0.1 else 1
    text = f"accuracy {points:.{digits}f} ± {spread:.{digits}f} points {word}"
    return text if finding.settled else f"{text}, which is within the spread of the seeds"


def write_params(comparison: Comparison) -> str:
    """Where most of each head's parameters sit."""
    parts = []
    for contender in comparison.contenders:
        model = contender.first.model
        largest = max(model.rows, key=lambda row: row.params)
        share = largest.params / max(model.params, 1)
        parts.append(f"{contender.label}: {model.params:,} parameters, {share:.0%} of them in {largest.name}")
    return "; ".join(parts) + "."


def write_curves(comparison: Comparison) -> str:
    """Where validation accuracy ended, and after what time."""
    parts = []
    for contender in comparison.contenders:
        accuracy = format_accuracy(estimate(contender, "validation_accuracy"))
        seconds = format_seconds(estimate(contender, "train_seconds").mean)
        parts.append(
            f"{contender.label} ends at {accuracy} after {describe('epochs', contender.spec.epochs)} in {seconds}"
        )
    return "Validation accuracy: " + "; ".join(parts) + "."


def write_predictions(comparison: Comparison) -> str:
    """How many test images each head misses, as a mean over its seeds."""
    images = comparison.first.record.data.test_images
    parts = []
    for contender in comparison.contenders:
        missed = (1 - estimate(contender, "test_accuracy").mean) * images
        parts.append(f"{contender.label} misses {missed:,.{0 if len(contender.runs) == 1 else 1}f}")
    return (
        f"Of {images:,} test images, "
        + ", ".join(parts)
        + (" (mean over seeds)." if len(comparison.runs) > len(parts) else ".")
    )


def list_cautions(comparison: Comparison) -> list[str]:
    """What a reader must know before taking the headline for the truth."""
    cautions = []
    seeds = min(len(contender.runs) for contender in comparison.contenders)
    if seeds < 2:
        cautions.append("One seed a head shows a result, not its uncertainty: train more seeds before you decide.")
    elif len(comparison.contenders) > 1:
        cautions.append(f"± is the standard deviation over {seeds} seeds, not a confidence interval.")
    data = comparison.first.record.data
    if not comparison.official:
        images = f"{data.train_images + data.validation_images:,} training and {data.test_images:,} test images"
        cautions.append(
            f"The data is not the official {DATASETS[comparison.first.spec.dataset].label}: {images}, "
            f"fingerprint {data.fingerprint}. Scores cannot be set against published ones."
        )
    if len({run.spec.epochs for run in comparison.runs}) > 1:
        cautions.append("The runs were trained for different numbers of epochs.")
    if len({run.record.cpu for run in comparison.runs}) > 1:
        cautions.append("The runs were timed on different processors: their latencies and times are not comparable.")
    return cautions
