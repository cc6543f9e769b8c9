"""Every figure of a comparison as data: what `compare --json` prints, and what a program gets from the dashboard."""

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
    """The headline, what each head costs and buys, what was published, and the evidence.

    Args:
        frame: the list of all runs, among which some displays set those of the comparison.
    """
    from core.displays.display import DISPLAYS
    from core.displays.headline import write_headline

    return {
        "headline": write_headline(comparison),
        "heads": _list_heads(comparison, to_rows(DISPLAYS["heads"](comparison).frame())),
        "dataset": comparison.first.spec.dataset,
        "fingerprint": comparison.first.record.data.fingerprint,
        "official": comparison.official,
        "published": _list_published(comparison, to_rows(DISPLAYS["published"](comparison).frame())),
        **list_evidence(comparison, frame),
    }


def list_evidence(comparison: "Comparison", frame: "pd.DataFrame") -> dict[str, Any]:
    """The frame of every display of the evidence, by its name: a list of rows, shares of 1 and seconds."""
    return {display.name: to_rows(display.frame()) for display in build_evidence(comparison, frame)}


def build_evidence(comparison: "Comparison", frame: "pd.DataFrame") -> "list[Display]":
    """The displays of the evidence; those that set a run among all on the same images get these too."""
    from core.displays.display import DISPLAYS
    from core.store.same_test_set import RunsOnTestSet

    among = {"test_set_runs": RunsOnTestSet.within(comparison, frame)}
    kinds = [DISPLAYS[name] for name in EVIDENCE]
    return [kind(comparison, **(among if "test_set_runs" in kind.__dataclass_fields__ else {})) for kind in kinds]


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
    """With the name of the head, and its label beside it; parameters are counted, not measured."""
    names = {variant.label: variant.spec.head for variant in comparison.variants}
    published = []
    for row in rows:
        label = row.pop("head")
        counts = {name: round(row[name]) for name in ("published", "measured") if row["metric"] == "params"}
        published.append({"head": names[label], "label": label, **row, **counts})
    return published
