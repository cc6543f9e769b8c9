"""All results of a comparison as JSON data, for `compare --json` and the HTTP API."""

from typing import TYPE_CHECKING, Any

from core.displays.json_values import to_rows

if TYPE_CHECKING:
    import pandas as pd

    from core.displays.display import Display
    from core.store.comparison import Comparison

EVIDENCE = (
    "intervals", "difference", "significance", "checks", "disagreement", "class_accuracy", "confusions", "activation",
    "calibration", "reliability", "confidence", "convergence", "robustness_loss", "robustness", "cost", "front",
    "pareto", "hyperparameter_curve", "parallel",
)  # fmt: skip


def list_results(comparison: "Comparison", frame: "pd.DataFrame") -> dict[str, Any]:
    """Return the headline, accuracy and cost per head, published results and the statistical evidence.

    Args:
        frame: all runs. Some displays compare the runs of the comparison with all runs on the same test set.
    """
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_headline
    from core.store.kept_epoch import describe_kept_epoch

    return {
        "headline": write_headline(comparison),
        "measured": describe_kept_epoch(run.record for run in comparison.runs),
        "heads": _list_heads(comparison, to_rows(DISPLAYS["heads"](comparison).frame())),
        "dataset": comparison.first.spec.dataset,
        "fingerprint": comparison.first.record.data.fingerprint,
        "official": comparison.official,
        "published": _list_published(comparison, to_rows(DISPLAYS["published"](comparison).frame())),
        **list_evidence(comparison, frame),
    }


def list_evidence(comparison: "Comparison", frame: "pd.DataFrame") -> dict[str, Any]:
    """Return the data of every evidence display by its name, as lists of rows (fractions of 1, seconds)."""
    return {display.name: to_rows(display.frame()) for display in build_evidence(comparison, frame)}


def build_evidence(comparison: "Comparison", frame: "pd.DataFrame") -> "list[Display]":
    """Return the evidence displays. Those that show all runs on the same test set receive these runs."""
    from core.displays.display import DISPLAYS
    from core.store.same_test_set import RunsOnTestSet

    test_set_runs = {"test_set_runs": RunsOnTestSet.within(comparison, frame)}
    kinds = [DISPLAYS[name] for name in EVIDENCE]
    return [
        kind(comparison, **(test_set_runs if "test_set_runs" in kind.__dataclass_fields__ else {})) for kind in kinds
    ]


def _list_heads(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    heads = []
    for variant, row in zip(comparison.variants, rows, strict=True):
        heads.append({
            "head": variant.spec.head,
            "label": variant.label,
            **{name: round(row[name]) for name in ("params", "flops", "keras_bytes", "tflite_bytes")},
            **{name: row[name] for name in ("latency_seconds", "train_seconds")},
            **{name: {"mean": row[name], "std": row[f"{name}_std"]} for name in ("test_accuracy", "test_loss")},
            "seeds": [run.spec.seed for run in variant.runs],
            "run_ids": [run.run_id for run in variant.runs],
        })  # fmt: skip
    return heads


def _list_published(comparison: "Comparison", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the published results with the name and the label of each head; parameter counts are integers."""
    names = {variant.label: variant.spec.head for variant in comparison.variants}
    published = []
    for row in rows:
        label = row.pop("head")
        is_count = row["metric"] in ("params", "trainable", "non_trainable")
        counts = {name: round(row[name]) for name in ("published", "measured") if is_count}
        published.append({"head": names[label], "label": label, **row, **counts})
    return published
