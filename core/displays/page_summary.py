"""Summaries of a comparison below the titles of its pages."""

import math
from collections.abc import Mapping

import numpy as np

from core.analysis.seed_mean import SeedMean
from core.analysis.summary import compute_mean_cost, describe_metric
from core.analysis.timed import find_timed
from core.displays.number import format_accuracy, format_count, format_seconds
from core.plural import format_plural
from core.store.comparison import Comparison
from core.store.elsewhere import select_with, write_lacking
from core.store.kept_epoch import describe_kept_epoch

_MANY = 6  # variants in a summary


def write_params(comparison: Comparison) -> str:
    """Describe the largest layer of each model; of many models, the smallest and the largest one."""
    known = select_with(comparison, ("layers",)).variants
    if len(known) > _MANY:
        ranked = sorted(known, key=lambda variant: variant.first.model.params)
        few, most = (f"{one.label} {format_count(one.first.model.params)}" for one in (ranked[0], ranked[-1]))
        return f"Parameters of {len(ranked)} {comparison.noun}s: fewest {few}, most {most}."
    parts = []
    for variant in known:
        model = variant.first.model
        largest = max(model.rows, key=lambda row: row.params)
        share = largest.params / max(model.params, 1)
        params = format_plural(model.params, "parameter")
        parts.append(f"{variant.label}: {params}, {share:.0%} in the layer {largest.name}")
    return " ".join(filter(None, [f"{'; '.join(parts)}." if parts else "", write_lacking(comparison, ("layers",))]))


def write_curves(comparison: Comparison) -> str:
    """Describe the validation accuracy of each variant, at the epoch that its runs keep, and its training time."""
    accuracies = {v.label: describe_metric(v, "validation_accuracy") for v in comparison.variants}
    if len(accuracies) > _MANY:
        return _write_extreme_curves(accuracies, comparison.noun)
    parts, timed = [], find_timed(comparison).run_ids
    for variant, found in zip(comparison.variants, accuracies.values(), strict=True):
        if not math.isfinite(found.mean):
            parts.append(f"{variant.label} not recorded")
            continue
        seconds = compute_mean_cost(variant, "train_seconds", timed).mean
        took = f", {format_seconds(seconds)}" if math.isfinite(seconds) else ""
        kept = describe_kept_epoch(run.record for run in variant.runs)
        parts.append(f"{variant.label} {format_accuracy(found)} {kept}{took}")
    return f"Validation accuracy: {'; '.join(parts)}."


def _write_extreme_curves(accuracies: Mapping[str, SeedMean], noun: str) -> str:
    """Describe the variants with the highest and the lowest validation accuracy."""
    known = {label: found for label, found in accuracies.items() if math.isfinite(found.mean)}
    if not known:
        return f"Validation accuracy of {len(accuracies)} {noun}s: not recorded."
    ranked = sorted(known, key=lambda label: -known[label].mean)
    high, low = (f"{label} {format_accuracy(known[label])}" for label in (ranked[0], ranked[-1]))
    return f"Validation accuracy of {len(ranked)} {noun}s: highest {high}, lowest {low}."


def write_accuracies(comparison: Comparison) -> str:
    """Describe the number of misclassified test images of each variant, as a mean over seeds; of many variants, the
    lowest and the highest one."""
    images, variants = comparison.first.record.data.test_images, comparison.variants
    numbers = [(1 - describe_metric(variant, "test_accuracy").mean) * images for variant in variants]
    parts = [
        f"{variant.label} {f'{wrong:,.{0 if len(variant.runs) == 1 else 1}f}'.removesuffix('.0')}"
        for variant, wrong in zip(variants, numbers, strict=True)
    ]
    if len(parts) > _MANY:
        ranked = np.argsort(numbers, kind="stable")
        parts = [f"lowest {parts[ranked[0]]}", f"highest {parts[ranked[-1]]}"]
    mean = " (mean over seeds)." if len(comparison.runs) > len(variants) else "."
    return f"Misclassified test images (of {images:,}): {', '.join(parts)}{mean}"
