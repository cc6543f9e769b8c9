"""Headline, facts and caveats of a comparison."""

from collections.abc import Sequence

from core.analysis.balanced_accuracy import compare_balanced
from core.analysis.baseline import find_baseline
from core.analysis.check import CHECKS, find_failed, run_checks
from core.analysis.class_balance import compute_majority, describe_balanced_accuracy, is_imbalanced
from core.analysis.difference import Difference, compute_need
from core.analysis.finding import Finding, compute_finding
from core.analysis.leakage import NOT_LEAKED, compute_leaked_accuracies, describe_leaked
from core.analysis.summary import compute_last_accuracy, describe_metric
from core.datasets.dataset_key import label_of_spec
from core.displays.label import shorten
from core.displays.number import format_accuracy, format_interval, format_need, format_points, format_share
from core.displays.scope import describe_intervals
from core.interval import LEVEL
from core.plural import format_plural
from core.recipe import Recipe
from core.spec import SETTINGS
from core.store.comparison import Comparison, Variant, count_training_images
from core.store.kept_epoch import describe_epochs, describe_kept_epoch
from core.store.setting_text import describe_backbone, describe_setting

MAX_TITLE_CHARS = 150
_LABEL_CHARS = 36  # of a variant in a title
_CHECKS_OF_SETTINGS = ("augmentation", "backbone", "budget", "split")
_MOST_LEAKED = 3  # variants whose accuracy without leaked images is in the headline


def write_brief_headline(comparison: Comparison) -> str:
    """Return the headline if it fits two lines of a page; otherwise its claim without intervals and other variants."""
    headline = write_headline(comparison)
    if len(headline) <= MAX_TITLE_CHARS:
        return headline
    return _write_result(comparison, brief=True) + _write_leaked(comparison)


def write_headline(comparison: Comparison) -> str:
    """Summarize the result with its uncertainty; reduced epochs or training images come first."""
    return _write_result(comparison) + _write_best(comparison, compute_finding(comparison)) + _write_leaked(comparison)


def _write_result(comparison: Comparison, *, brief: bool = False) -> str:
    finding, variant = compute_finding(comparison), comparison.variants[0]
    short = _write_shortfall(comparison, (finding.subject, finding.baseline) if finding else (variant,))
    if finding is None:
        accuracy = format_accuracy(describe_metric(variant, "test_accuracy"))
        single = " (single seed)" if len(variant.runs) == 1 else ""
        params = variant.first.record.cost.params
        known = "" if params is None else f"{format_plural(params, 'parameter')}, "
        balanced = _write_balanced(comparison, [variant])
        label, result = variant.label, f"{known}test accuracy {accuracy}{single}{balanced}"
    else:
        label = finding.subject.label
        if brief:
            label = shorten(label, _LABEL_CHARS)
            result = f"{_params(finding)} {shorten(finding.baseline.label, _LABEL_CHARS)}, {_claim(finding.accuracy)}"
        else:
            balanced = _write_balanced(comparison, [finding.subject, finding.baseline])
            noun, baseline = comparison.noun, _name_baseline(comparison, finding)
            result = f"{_params(finding)} {baseline}, {_describe_accuracy(finding.accuracy, noun)}{balanced}"
    return f"{short}: {label} has {result}." if short else f"{label}: {result}."


def _write_leaked(comparison: Comparison) -> str:
    """Return the effect of leaked test images if they are many; otherwise ""."""
    if find_failed(comparison, "leak") is None:
        return ""
    frame = compute_leaked_accuracies(comparison)
    clean, text = frame[frame["part"] == NOT_LEAKED], f" {describe_leaked(comparison)}: "
    if clean.empty:
        return f"{text}the accuracy means nothing."
    listed = [f"{row['head']} {format_share(row['accuracy'])}" for row in clean.to_dict("records")[:_MOST_LEAKED]]
    more = f" and {len(clean) - len(listed):,} more" if len(clean) > len(listed) else ""
    return f"{text}accuracy without them {', '.join(listed)}{more}."


def _name_baseline(comparison: Comparison, finding: Finding) -> str:
    """Return the label of the baseline, with its rank among several others."""
    label, count = finding.baseline.label, len(comparison.variants)
    if finding.best is finding.baseline and count > 2:
        return f"{label} (best of {format_plural(count, comparison.noun)})"
    return label


def _write_best(comparison: Comparison, finding: Finding | None) -> str:
    """Describe the best of several variants if it is neither the subject nor the baseline of the headline."""
    if finding is None or finding.best in (finding.subject, finding.baseline) or finding.best_accuracy is None:
        return ""
    count = format_plural(len(comparison.variants), comparison.noun)
    accuracy = _describe_accuracy(finding.best_accuracy, comparison.noun)
    return f" Best of {count}: {finding.best.label}, {accuracy}."


def _write_balanced(comparison: Comparison, variants: Sequence[Variant]) -> str:
    """Return the balanced accuracies if the classes are imbalanced, with the interval of a difference; otherwise "".

    As for the accuracy, there is no interval if a variant has a single seed.
    """
    if not is_imbalanced(compute_majority(comparison), len(comparison.first.record.data.classes)):
        return ""
    values = [format_accuracy(describe_balanced_accuracy(variant)) for variant in variants]
    found = ""
    if len(variants) == 2 and all(len(variant.runs) > 1 for variant in variants):
        difference = compare_balanced(*variants)
        if difference.low < difference.high:
            found = f"{format_points(difference.mean)}, {format_interval(difference)}; "
    return f", balanced accuracy {' against '.join(values)} ({found}imbalanced classes)"


def write_facts(comparison: Comparison) -> list[str]:
    """Return the recipe or the backbones, seeds, epochs and data behind the headline."""
    spec, data = comparison.first.spec, comparison.first.record.data
    own = spec.folder or spec.elsewhere
    return [
        comparison.recipe.name if comparison.recipe else _write_backbones(comparison),
        f"{format_plural(len(comparison.variants), comparison.noun)} × {_count_seeds(comparison)}",
        *_write_baseline(comparison),
        describe_epochs(comparison.runs),
        f"accuracies {describe_kept_epoch(run.record for run in comparison.runs)}",
        *_write_last_accuracies(comparison),
        *([note.rstrip(".")] if (note := write_interval_note(comparison)) else []),
        _write_images(comparison),
        f"data {data.fingerprint}{'' if own or data.official else ' (not the official dataset)'}",
    ]


def _write_backbones(comparison: Comparison) -> str:
    """Return the backbones of the variants that Headroom trained, or their number if there are three or more."""
    specs = [variant.spec for variant in comparison.variants if not variant.spec.elsewhere]
    found = list(dict.fromkeys(map(describe_backbone, specs)))
    if len(found) > 2:
        return f"{len(found)} backbones"
    return " and ".join(found) or "trained elsewhere"


def _write_images(comparison: Comparison) -> str:
    """Return the dataset with the number of its images; a run from elsewhere may know those of the test set only."""
    spec, data = comparison.first.spec, comparison.first.record.data
    counts = {"training": data.train_images, "validation": data.validation_images}
    parts = [f"{count:,} {name}" for name, count in counts.items() if count is not None]
    label = label_of_spec(spec) or "dataset not recorded"
    return f"{label}: {', '.join([*parts, format_plural(data.test_images, 'test image')])}"


def _write_baseline(comparison: Comparison) -> list[str]:
    """Return the baseline if it is one of several or was chosen, and how it was chosen."""
    if comparison.baseline:
        return [f"baseline {find_baseline(comparison).label}"]
    if len(comparison.variants) < 3:
        return []
    return [f"best and baseline {find_baseline(comparison).label}, by validation accuracy"]


def write_interval_note(comparison: Comparison) -> str:
    """Return what the interval in the headline covers; "" without an interval."""
    finding = compute_finding(comparison)
    if finding is None or format_interval(finding.accuracy) not in write_headline(comparison):
        return ""
    return describe_intervals(finding.accuracy.seeds)


def _write_last_accuracies(comparison: Comparison) -> list[str]:
    """Return the test accuracies at the last epoch of the variants that keep another one."""
    parts = [
        f"{variant.label} {format_accuracy(accuracy)}"
        for variant in comparison.variants
        if (accuracy := compute_last_accuracy(variant)) is not None
    ]
    return [f"test accuracy at the last epoch: {', '.join(parts)}"] if parts else []


def _count_seeds(comparison: Comparison) -> str:
    """Return "3 seeds", or "1–3 seeds" if the variants have different numbers of seeds."""
    counts = [len(variant.runs) for variant in comparison.variants]
    fewest = f"{min(counts)}–" if min(counts) < max(counts) else ""
    lost = f" ({len(comparison.diverged)} more diverged)" if comparison.diverged else ""
    return fewest + format_plural(max(counts), "seed") + lost


def _write_shortfall(comparison: Comparison, variants: Sequence[Variant]) -> str:
    """Return "After 1 instead of 25 epochs, on 100 of 1,437 training images" if the recipe has more, otherwise "".

    Only the variants of the headline count. If they differ, each part names its variant, unless its label contains the
    value.
    """
    parts = [
        " and ".join(
            f"{text} for {variant.label}"
            for variant, text in zip(variants, texts, strict=True)
            if text and describe_setting(setting, getattr(variant.spec, setting)) not in variant.label.split(" · ")
        )
        if len(set(texts)) > 1
        else texts[0]
        for setting, describe in (("epochs", _few_epochs), ("train_images", _few_images))
        if (texts := [describe(variant, comparison.recipe) for variant in variants])
    ]
    text = ", ".join(filter(None, parts))
    return text[:1].upper() + text[1:]


def _few_epochs(variant: Variant, recipe: Recipe | None) -> str:
    """Describe the planned epochs if the recipe has more. Early stopping is not a short training."""
    planned = recipe.spec.epochs if recipe else SETTINGS["epochs"].default
    epochs = variant.spec.epochs
    if epochs >= planned or variant.spec.elsewhere:
        return ""
    if recipe is None:
        return f"after {format_plural(epochs, 'epoch')}"
    return f"after {epochs:,} instead of {format_plural(planned, 'epoch')}"


def _few_images(variant: Variant, recipe: Recipe | None) -> str:
    data, total = variant.first.record.data, count_training_images(variant.first)
    if data.train_images is None or data.validation_images is None or variant.spec.elsewhere:
        return ""
    images = data.train_images + data.validation_images
    planned = recipe.spec.train_images if recipe else None
    if total is not None and images >= min(total, planned or total):
        return ""
    return f"on {images:,}{'' if total is None else f' of {total:,}'} training images"


def _params(finding: Finding) -> str:
    few, many = finding.subject.first.record.cost.params, finding.baseline.first.record.cost.params
    if few is None or many is None:
        return "compared with"
    fewer = many - few
    if fewer == 0:
        return "the same number of parameters as"
    ratio, word = (finding.params_ratio, "fewer") if fewer > 0 else (1 / finding.params_ratio, "more")
    if ratio < 1.05:  # "1.0× fewer" is not informative
        return f"{format_plural(abs(fewer), f'{word} parameter')} than"
    return f"{ratio:,.{1 if ratio < 100 else 0}f}× {word} parameters than"


def _claim(difference: Difference) -> str:
    """Describe a difference in accuracy without its interval."""
    points = format_points(difference.mean)
    if difference.verdict == "one seed":
        return f"accuracy {points} (single seed: no statistical conclusion)"
    if difference.verdict == "no significant difference":
        return f"accuracy {points} (not significant)" if difference.mean else "the same mean accuracy"
    return f"{difference.verdict} accuracy, {points}"


def _describe_accuracy(difference: Difference, noun: str) -> str:
    """Describe a difference in accuracy with its interval, and the seeds or images needed for a conclusion."""
    points = format_points(difference.mean)
    if difference.verdict == "one seed":
        result = "the same accuracy" if difference.mean == 0 else f"accuracy {points}"
        return f"{result} (single seed: no statistical conclusion)"
    if difference.low == difference.high == 0:
        return "the same accuracy (on every test image, both are correct or both are wrong)"
    interval = format_interval(difference)
    within = difference.margin_verdict == "within the margin"
    if difference.verdict == "no significant difference":
        found = "no significant difference in accuracy"
        if difference.p < 1 - LEVEL:
            found += f" after Holm correction for {difference.pairs} pairs"
        if difference.mean == 0:
            return f"the same mean accuracy ({interval})"
        if within:
            return f"{found}: at most {format_points(difference.low)} ({points}, {interval})"
        return f"{found} ({points}, {interval}){_need(difference, noun)}"
    close = ", within the margin of 1 point" if within and difference.verdict == "worse" else ""
    return f"{difference.verdict} accuracy, {points} ({interval}){close}"


def _need(difference: Difference, noun: str) -> str:
    need = format_need(compute_need(difference), noun)
    return f"; {need} needed for a conclusion" if need else ""


def write_cautions(comparison: Comparison) -> list[str]:
    """Return the messages of the failed checks, which limit the validity of the headline.

    Advice with which several messages end is in the first one only.
    """
    return _write_failed(comparison, ())


def write_candidate_cautions(comparison: Comparison) -> list[str]:
    """Return the cautions for variants whose hyperparameters differ on purpose, so without those about that."""
    return _write_failed(comparison, _CHECKS_OF_SETTINGS)


def _write_failed(comparison: Comparison, left_out: Sequence[str]) -> list[str]:
    skipped = [CHECKS[name] for name in left_out]
    cautions: list[str] = []
    for check, result in run_checks(comparison):
        if result.state != "failed" or check in skipped:
            continue
        start, dot, advice = result.message.rpartition(". ")
        is_known = dot and any(known.endswith(f". {advice}") for known in cautions)
        cautions.append(f"{start}." if is_known else result.message)
    return cautions
