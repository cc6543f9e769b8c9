"""The sentence that sums a comparison up, and what to keep in mind with it."""

from core.analysis.check import run_checks
from core.analysis.difference import Difference, compute_need
from core.analysis.summary import Finding, compute_finding, describe_metric
from core.displays.number import (
    format_accuracy,
    format_interval,
    format_plural,
    format_points,
    format_rounded,
    format_seconds,
)
from core.recipes import Recipe
from core.spec import DATASETS, SETTINGS
from core.store.comparison import Comparison, count_training_images, describe_epochs


def write_headline(comparison: Comparison) -> str:
    """One sentence: what was found, how sure it is, and first of all when the training was a short one."""
    finding, short = compute_finding(comparison), _write_shortfall(comparison)
    if finding is None:
        variant = comparison.variants[0]
        accuracy = format_accuracy(describe_metric(variant, "test_accuracy"))
        alone = " (one seed)" if len(variant.runs) == 1 else ""
        params = format_plural(variant.first.record.cost.params, "parameter")
        who, what = variant.label, f"{params}, test accuracy {accuracy}{alone}"
    else:
        who, what = finding.small.label, f"{_params(finding)} {finding.baseline.label}, {_accuracy(finding)}"
    return f"{short}: {who} has {what}." if short else f"{who}: {what}."


def write_facts(comparison: Comparison) -> list[str]:
    """What the finding was measured on, and how often."""
    spec, data = comparison.first.spec, comparison.first.record.data
    return [
        comparison.recipe.name if comparison.recipe else spec.backbone,
        f"{format_plural(len(comparison.variants), 'head')} × {_count_seeds(comparison)}",
        describe_epochs(comparison.runs),
        f"{DATASETS[spec.dataset].label}: {data.train_images:,} training, {data.validation_images:,} validation, "
        f"{format_plural(data.test_images, 'test image')}",
        f"data {data.fingerprint}{'' if data.official else ' (not the official data)'}",
    ]


def _count_seeds(comparison: Comparison) -> str:
    """«3 seeds», or «1–3 seeds» when not all heads have as many."""
    counts = [len(variant.runs) for variant in comparison.variants]
    fewest = f"{min(counts)}–" if min(counts) < max(counts) else ""
    return fewest + format_plural(max(counts), "seed")


def _write_shortfall(comparison: Comparison) -> str:
    """«After 1 epoch of 25, on 100 of 1,437 training images» when the recipe has more of them, else «»."""
    recipe = comparison.recipe
    parts = [part for part in (_few_epochs(comparison, recipe), _few_images(comparison, recipe)) if part]
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


def _few_epochs(comparison: Comparison, recipe: Recipe | None) -> str:
    epochs = {run.record.trained_epochs for run in comparison.runs}
    own = recipe.spec.epochs if recipe else SETTINGS["epochs"].default
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
    fewer = finding.baseline.first.record.cost.params - finding.small.first.record.cost.params
    if fewer == 0:
        return "as many parameters as"
    if finding.params_ratio < 1.05:  # «1.0× fewer» would say nothing
        return f"{format_plural(fewer, 'fewer parameter')} than"
    digits = 1 if finding.params_ratio < 100 else 0
    return f"{finding.params_ratio:,.{digits}f}× fewer parameters than"


def _accuracy(finding: Finding) -> str:
    """Better, worse, or no difference that these runs can show; with its interval, and what would settle it."""
    difference = finding.accuracy
    points = format_points(difference)
    if difference.verdict == "one seed":
        which = "the same accuracy" if difference.mean == 0 else f"accuracy {points}"
        return f"{which} ({_why_no_verdict(finding)}: a result, not a verdict)"
    if difference.low == difference.high == 0:
        return "the same accuracy, image by image"
    interval = format_interval(difference)
    if difference.verdict == "no significant difference":
        return f"no difference in accuracy that these runs can show ({points}, {interval}){_need(difference)}"
    return f"{difference.verdict} accuracy, {points} ({interval})"


def _why_no_verdict(finding: Finding) -> str:
    alone = max(len(finding.small.runs), len(finding.baseline.runs)) == 1
    if finding.accuracy.seeds == 0:
        return "one seed each, not the same" if alone else "no seed in common"
    return "one seed" if alone else "one seed in common"


def _need(difference: Difference) -> str:
    need = compute_need(difference)
    if need.seeds:
        return f"; about {format_plural(need.seeds, 'seed')} a head would settle it"
    return f"; about {format_rounded(need.images)} test images would settle it" if need.images else ""


def write_params(comparison: Comparison) -> str:
    """Where most of each head's parameters sit."""
    parts = []
    for variant in comparison.variants:
        model = variant.first.model
        largest = max(model.rows, key=lambda row: row.params)
        share = largest.params / max(model.params, 1)
        params = format_plural(model.params, "parameter")
        parts.append(f"{variant.label}: {params}, {share:.0%} of them in {largest.name}")
    return "; ".join(parts) + "."


def write_curves(comparison: Comparison) -> str:
    """Where validation accuracy ended, and after what time."""
    parts = []
    for variant in comparison.variants:
        accuracy = format_accuracy(describe_metric(variant, "validation_accuracy"))
        seconds = format_seconds(describe_metric(variant, "train_seconds").mean)
        parts.append(f"{variant.label} ends at {accuracy} after {describe_epochs(variant.runs)} in {seconds}")
    return "Validation accuracy: " + "; ".join(parts) + "."


def write_accuracies(comparison: Comparison) -> str:
    """How many test images each head misses, as a mean over its seeds."""
    images = comparison.first.record.data.test_images
    parts = []
    for variant in comparison.variants:
        missed = (1 - describe_metric(variant, "test_accuracy").mean) * images
        parts.append(f"{variant.label} misses {missed:,.{0 if len(variant.runs) == 1 else 1}f}")
    return (
        f"Of {format_plural(images, 'test image')}, "
        + ", ".join(parts)
        + (" (mean over seeds)." if len(comparison.runs) > len(parts) else ".")
    )


def write_cautions(comparison: Comparison) -> list[str]:
    """What a reader must know before taking the headline for the truth: the sentences of the checks that failed."""
    return [result.message for _, result in run_checks(comparison) if result.state == "failed"]
