"""Display formats of costs: names, units and axis formats."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.analysis.seed_mean import SeedMean
from core.displays.number import format_accuracy, format_bytes, format_count, format_seconds, format_short


@dataclass(frozen=True)
class CostForm:
    """Display format of a cost: column header, axis title with unit, number format, d3 format of axis ticks, and the
    noun after a number that has no unit."""

    short: str
    label: str
    write: Callable[[float], str]
    tick: str = "~s"
    noun: str = ""


COST_FORMS: dict[str, CostForm] = {
    "params": CostForm("Parameters", "Parameters", format_count, noun="parameters"),
    "flops": CostForm("FLOPs per image", "FLOPs per image", format_short, noun="FLOPs per image"),
    "keras_bytes": CostForm("Keras file", "Keras file (bytes)", format_bytes),
    "tflite_bytes": CostForm("LiteRT file", "LiteRT file (bytes)", format_bytes),
    "latency_seconds": CostForm("Latency, 1 image", "Latency of one image, median (s)", format_seconds),
    "latency_p95_seconds": CostForm(
        "Latency, 1 image, p95", "Latency of one image, 95th percentile (s)", format_seconds
    ),
    "latency_32_seconds": CostForm("Latency, 32 images", "Latency of 32 images, median (s)", format_seconds),
    "latency_32_p95_seconds": CostForm(
        "Latency, 32 images, p95", "Latency of 32 images, 95th percentile (s)", format_seconds
    ),
    "epoch_seconds": CostForm("Training time per epoch", "Training time per epoch (s)", format_seconds),
    "train_seconds": CostForm("Training time", "Total training time (s)", format_seconds),
    "peak_bytes": CostForm("Peak training memory", "Peak training memory (bytes)", format_bytes),
}
FLOPS_HELP = "FLOPs are floating-point operations for one image. A multiplication and an addition count as two."
EPOCH_HELP = (
    "Training time per epoch is the median of the epochs after the first, which includes the tracing of the model. "
    "The total training time includes it."
)
NOT_MEASURED = "not measured"


def write_cost(name: str, value: float) -> str:
    """Format a cost with its unit; "not measured" if it is NaN."""
    return COST_FORMS[name].write(value) if value == value else NOT_MEASURED


def describe_cost(name: str, value: float) -> str:
    """Format a cost for a sentence: "24,586 parameters", "210 µs"."""
    return f"{write_cost(name, value)} {COST_FORMS[name].noun}".rstrip()


def write_mean(row: Mapping[Any, Any]) -> str:
    """Format the test accuracy of a row of `compute_costs`, with its standard deviation across seeds."""
    std = row["test_accuracy_std"]
    return format_accuracy(SeedMean(row["test_accuracy"], None if std != std else std, int(row["seeds"])))
