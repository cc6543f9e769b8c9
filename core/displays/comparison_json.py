"""All results of a comparison as JSON data, for `compare --json` and the HTTP API."""

from typing import TYPE_CHECKING, Any

from core.displays.json_values import clear_mean_seed, to_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from core.displays.display import Display
    from core.displays.views.difference import Margin
    from core.store.comparison import Comparison, Variant

EVIDENCE = (
    "intervals", "difference", "significance", "averages", "class_metrics", "roc", "precision_recall", "checks",
    "leaked_accuracy", "label_errors", "disagreement", "class_accuracy", "confusions", "activation", "calibration",
    "reliability", "confidence", "convergence", "robustness_loss", "robustness", "cost", "front", "pareto",
    "hyperparameter_curve", "parallel",
)  # fmt: skip


_VARIANTS = ("head", "a", "b", "baseline")
"""Columns that contain the label of a variant."""


def list_results(
    comparison: "Comparison", frame: "pd.DataFrame", missing: "Sequence[str]" = (), margin: "Margin | None" = None
) -> dict[str, Any]:
    """Return the headline, accuracy and cost per head, published results and the statistical evidence.

    Args:
        frame: all runs. Some displays compare the runs of the comparison with all runs on the same test set.
        missing: IDs of selected runs that were deleted or are damaged.
        margin: see `build_evidence`.
    """
    from core.analysis.baseline import find_baseline
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_headline
    from core.store.kept_epoch import describe_kept_epoch

    return {
        "headline": write_headline(comparison),
        "measured": describe_kept_epoch(run.record for run in comparison.runs),
        "missing": [*missing],
        "baseline": find_baseline(comparison).key,
        "heads": _list_heads(comparison, to_rows(DISPLAYS["heads"](comparison).frame())),
        "dataset": comparison.first.spec.dataset,
        "fingerprint": comparison.first.record.data.fingerprint,
        "official": comparison.official,
        "published": _list_published(comparison, to_rows(DISPLAYS["published"](comparison).frame())),
        **list_evidence(build_evidence(comparison, frame, margin)),
    }


def list_evidence(evidence: "Sequence[Display]") -> dict[str, Any]:
    """Return the data of evidence displays by their names, as lists of rows (fractions of 1, seconds).

    The label of a variant, such as in `head`, is followed by its ID in `head_id`, which does not depend on the other
    variants; null for a variant of other runs. The seed of a mean over seeds is null.
    """
    return {display.name: _list_rows(display) for display in evidence}


def _list_rows(display: "Display") -> list[dict[str, Any]]:
    ids = {variant.label: variant.key for variant in display.comparison.variants}
    rows = []
    for row in to_rows(display.frame()):
        named: dict[str, Any] = {}
        for name, value in clear_mean_seed(row).items():
            named[name] = value
            if name in _VARIANTS:
                named[f"{name}_id"] = ids.get(value)
        rows.append(named)
    return rows


def build_evidence(comparison: "Comparison", frame: "pd.DataFrame", margin: "Margin | None" = None) -> "list[Display]":
    """Return the evidence displays. Those that show all runs on the same test set receive these runs.

    Args:
        margin: non-inferiority margin in percentage points; None for the default.
    """
    from core.displays.display import DISPLAYS
    from core.store.same_test_set import RunsOnTestSet

    given = {"test_set_runs": RunsOnTestSet.within(comparison, frame), **({"margin": margin} if margin else {})}
    kinds = [DISPLAYS[name] for name in EVIDENCE]
    return [
        kind(comparison, **{name: value for name, value in given.items() if name in kind.__dataclass_fields__})
        for kind in kinds
    ]


def _list_heads(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    heads = []
    for variant, row in zip(comparison.variants, rows, strict=True):
        heads.append({
            "head": variant.spec.head,
            "label": variant.label,
            "id": variant.key,
            **{name: _round(row[name]) for name in ("params", "flops", "keras_bytes", "tflite_bytes")},
            **{name: row[name] for name in ("latency_seconds", "train_seconds")},
            **{name: {"mean": row[name], "std": row[f"{name}_std"]} for name in ("test_accuracy", "test_loss")},
            "last_test_accuracy": _read_last_accuracy(variant),
            "measured_epochs": [run.record.measured_epoch for run in variant.runs],
            "seeds": [run.spec.seed for run in variant.runs],
            "run_ids": [run.run_id for run in variant.runs],
        })  # fmt: skip
    return heads


def _round(value: float | None) -> int | None:
    """Return a count; None if a model that was trained elsewhere has none."""
    return None if value is None else round(value)


def _read_last_accuracy(variant: "Variant") -> dict[str, Any] | None:
    """Return the test accuracy at the last epoch; None if `test_accuracy` is that of the last epoch."""
    from core.analysis.summary import compute_last_accuracy

    mean = compute_last_accuracy(variant)
    return None if mean is None else {"mean": mean.mean, "std": mean.std}


def _list_published(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the published results with the name and the label of each head; parameter counts are integers."""
    variants = {variant.label: variant for variant in comparison.variants}
    published = []
    for row in rows:
        label = row.pop("head")
        is_count = row["metric"] in ("params", "trainable", "non_trainable")
        counts = {name: round(row[name]) for name in ("published", "measured") if is_count}
        variant = variants[label]
        published.append({"head": variant.spec.head, "label": label, "id": variant.key, **row, **counts})
    return published
