"""The sentence that sums a comparison up, and what to keep in mind with it."""

from core.analysis.summary import Finding, compute_finding, estimate
from core.displays.number import format_accuracy, format_plural, format_seconds
from core.recipes import Recipe
from core.spec import DATASETS, KNOBS
from core.store.comparison import Comparison, count_training_images, describe_epochs, describe_value, list_changes

_UNBALANCED = 1.1  # times the share of a class among equals


def write_headline(comparison: Comparison) -> str:
    """One sentence: what was found, how far the seeds agree, and first of all when the training was a short one."""
    finding, short = compute_finding(comparison), _write_shortfall(comparison)
    if finding is None:
        contender = comparison.contenders[0]
        accuracy = format_accuracy(estimate(contender, "test_accuracy"))
        alone = " (one seed)" if len(contender.runs) == 1 else ""
        params = format_plural(contender.first.record.cost.params, "parameter")
        who, what = contender.label, f"{params}, test accuracy {accuracy}{alone}"
    else:
        who, what = finding.small.label, f"{_params(finding)} {finding.rival.label}, {_accuracy(finding)}"
    return f"{short}: {who} has {what}." if short else f"{who}: {what}."


def _write_shortfall(comparison: Comparison) -> str:
    """«After 1 epoch of 25, on 100 of 1,437 training images» when the recipe has more of them, else «»."""
    recipe = comparison.recipe
    parts = [part for part in (_few_epochs(comparison, recipe), _few_images(comparison, recipe)) if part]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _few_epochs(comparison: Comparison, recipe: Recipe | None) -> str:
    epochs = {run.record.trained_epochs for run in comparison.runs}
    own = recipe.spec.epochs if recipe else KNOBS["epochs"].default
    if min(epochs) >= own:
        return ""
    few = "as few as " if len(epochs) > 1 else ""
    return f"after {few}{format_plural(min(epochs), 'epoch')}" + (f" of {own:,}" if recipe else "")


def _few_images(comparison: Comparison, recipe: Recipe | None) -> str:
    used = {run.record.data.train_images + run.record.data.validation_images: run for run in comparison.runs}
    least = min(used)
    total = count_training_images(used[least])
    own = recipe.spec.train_images if recipe else None
    if total is not None and least >= min(total, own or total):
        return ""
    few = "as few as " if len(used) > 1 else ""
    return f"on {few}{least:,}{'' if total is None else f' of {total:,}'} training images"


def _params(finding: Finding) -> str:
    fewer = finding.rival.first.record.cost.params - finding.small.first.record.cost.params
    if fewer == 0:
        return "as many parameters as"
    if finding.params_ratio < 1.05:  # «1.0× fewer» would say nothing
        return f"{format_plural(fewer, 'fewer parameter')} than"
    digits = 1 if finding.params_ratio < 100 else 0
    return f"{finding.params_ratio:,.{digits}f}× fewer parameters than"


def _accuracy(finding: Finding) -> str:
    difference = finding.accuracy
    if difference.mean == 0:
        return f"the same accuracy{_seeds(finding)}"
    word = "higher" if difference.mean > 0 else "lower"
    points = abs(difference.mean) * 100
    if difference.spread is None:
        return f"accuracy {points:.{1 if points >= 0.1 else 2}f} points {word}{_seeds(finding)}"
    spread = difference.spread * 100
    digits = 2 if spread < 0.1 else 1
    text = f"accuracy {points:.{digits}f} ± {spread:.{digits}f} points {word}"
    return text if finding.settled else f"{text}, which is within the spread of the seeds"


def _seeds(finding: Finding) -> str:
    """What stands behind a difference without a spread; «» for one with a spread."""
    alone = max(len(finding.small.runs), len(finding.rival.runs)) == 1
    if finding.accuracy.seeds == 0:
        return " (one seed each, not the same)" if alone else " (no seed in common)"
    if finding.accuracy.seeds == 1:
        return " (one seed)" if alone else " (one seed in common)"
    return ""


def write_params(comparison: Comparison) -> str:
    """Where most of each head's parameters sit."""
    parts = []
    for contender in comparison.contenders:
        model = contender.first.model
        largest = max(model.rows, key=lambda row: row.params)
        share = largest.params / max(model.params, 1)
        params = format_plural(model.params, "parameter")
        parts.append(f"{contender.label}: {params}, {share:.0%} of them in {largest.name}")
    return "; ".join(parts) + "."


def write_curves(comparison: Comparison) -> str:
    """Where validation accuracy ended, and after what time."""
    parts = []
    for contender in comparison.contenders:
        accuracy = format_accuracy(estimate(contender, "validation_accuracy"))
        seconds = format_seconds(estimate(contender, "train_seconds").mean)
        parts.append(f"{contender.label} ends at {accuracy} after {describe_epochs(contender.runs)} in {seconds}")
    return "Validation accuracy: " + "; ".join(parts) + "."


def write_predictions(comparison: Comparison) -> str:
    """How many test images each head misses, as a mean over its seeds."""
    images = comparison.first.record.data.test_images
    parts = []
    for contender in comparison.contenders:
        missed = (1 - estimate(contender, "test_accuracy").mean) * images
        parts.append(f"{contender.label} misses {missed:,.{0 if len(contender.runs) == 1 else 1}f}")
    return (
        f"Of {format_plural(images, 'test image')}, "
        + ", ".join(parts)
        + (" (mean over seeds)." if len(comparison.runs) > len(parts) else ".")
    )


def list_cautions(comparison: Comparison) -> list[str]:
    """What a reader must know before taking the headline for the truth."""
    sentences = [
        _caution_of_seeds(comparison),
        _caution_of_data(comparison),
        _caution_of_balance(comparison),
        _caution_of_settings(comparison),
        _caution_of_differences(comparison),
    ]
    if len({run.record.cpu for run in comparison.runs}) > 1:
        sentences.append("The runs were timed on different processors: their latencies and times are not comparable.")
    return [sentence for sentence in sentences if sentence]


def _caution_of_seeds(comparison: Comparison) -> str:
    alone = [contender.label for contender in comparison.contenders if len(contender.runs) == 1]
    seeds = sorted({len(contender.runs) for contender in comparison.contenders} - {1})
    spread = f"± is the standard deviation over {' to '.join(map(str, seeds[:1] + seeds[1:][-1:]))} seeds"
    if not alone:
        return f"{spread}, not a confidence interval."
    if not seeds:
        who = "One seed a head" if len(alone) > 1 else "One seed"
        return f"{who} shows a result, not its uncertainty: train more seeds before you decide."
    return f"{spread}, not a confidence interval; with one seed, that of {', '.join(alone)} is unknown."


def _caution_of_data(comparison: Comparison) -> str:
    run = next((run for run in comparison.runs if not run.record.data.official), None)
    if run is None or DATASETS[run.spec.dataset].official_counts == (0, 0):  # nobody's own images are official
        return ""
    dataset, data, total = DATASETS[run.spec.dataset], run.record.data, count_training_images(run)
    size = format_plural(data.test_images, "test image")
    if total is not None:
        size = f"{total:,} training and {size}"
        if (total, data.test_images) != dataset.official_counts:
            size += f" instead of {' and '.join(f'{count:,}' for count in dataset.official_counts)}"
    return (
        f"The data is not the official {dataset.label}: {size}, fingerprint {data.fingerprint}. "
        f"Scores cannot be set against published ones."
    )


def _caution_of_balance(comparison: Comparison) -> str:
    """What always guessing the commonest class would score, where that is no small thing."""
    data = comparison.first.record.data
    if data.majority is None or data.majority * len(data.classes) < _UNBALANCED:
        return ""
    return f"The classes are unbalanced: always guessing the commonest one scores {data.majority:.1%} here."


def _caution_of_settings(comparison: Comparison) -> str:
    recipe = comparison.recipe
    changes = list_changes(recipe, comparison.contenders) if recipe else {}
    return f"The settings are not the recipe's own: {', '.join(changes.values())}." if changes else ""


def _caution_of_differences(comparison: Comparison) -> str:
    """Knobs beside the head's own in which the contenders differ."""
    parts = []
    for name, knob in KNOBS.items():
        values = list(dict.fromkeys(getattr(contender.spec, name) for contender in comparison.contenders))
        if knob.group != "head" and len(values) > 1:
            parts.append(f"{knob.label.lower()} {' and '.join(describe_value(name, value) for value in values)}")
    return f"The runs differ in more than the head: {', '.join(parts)}." if parts else ""
