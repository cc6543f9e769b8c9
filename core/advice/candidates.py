"""The candidates of a race: heads × hyperparameter values, with their costs before training and what limits exclude."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.advice.candidate import Candidate, LatencyEstimate
from core.advice.job_machine import select_measured
from core.advice.limits import Limits
from core.architecture.model import Model
from core.errors import AdviceError, SpecError
from core.jobs.submit import Checked, Checker
from core.plural import format_plural
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.setting_text import describe_setting

_WEIGHT_BYTES = 4  # float32
_LAYER_BYTES = 450  # of the description of a layer in a LiteRT file, fitted to exported models
_LIKE = 2.0  # factor between the FLOPs of models of like cost
_LEAST_SPREAD = 0.2  # standard deviation of the logarithm of a latency between models of equal FLOPs
_DEVIATIONS = 1.2816  # for a central 80% interval


def list_candidates(checker: Checker, specs: Sequence[RunSpec], limits: Limits, frame: pd.DataFrame) -> list[Candidate]:
    """Return the candidates in the order of `specs`, which have one seed and all epochs.

    A configuration that cannot be built is excluded with its reason.

    Args:
        frame: finished runs as returned by `RunStore.frame`, whose latencies predict those of the candidates.

    Raises:
        DatasetError: when the dataset is not available.
        AdviceError: when no configuration can be trained.
    """
    names, measured = _name_all(specs), select_measured(frame)
    found = [
        _make(checker, spec, name, settings, limits, measured)
        for spec, (name, settings) in zip(specs, names, strict=True)
    ]
    if all(not candidate.params for candidate in found):
        raise AdviceError(found[0].excluded_by)
    return found


def _name_all(specs: Sequence[RunSpec]) -> list[tuple[str, dict[str, Any]]]:
    """Return the name of each configuration, and the hyperparameters in which it differs from others."""
    differing = [
        name
        for name in SETTINGS
        if name not in ("head", "seed") and len({getattr(spec, name) for spec in specs if spec.uses(name)}) > 1
    ]
    found = []
    for spec in specs:
        settings = {name: getattr(spec, name) for name in differing if spec.uses(name)}
        parts = [HEADS[spec.head].label, *(describe_setting(name, value) for name, value in settings.items())]
        found.append((", ".join(parts)[:200], settings))
    return found


def _make(
    checker: Checker, spec: RunSpec, name: str, settings: dict[str, Any], limits: Limits, frame: pd.DataFrame
) -> Candidate:
    try:
        checked: Checked = checker.check(spec)
    except SpecError as error:
        return Candidate(
            key=spec.run_id, spec=spec.canonical(), name=name, head=spec.head, settings=settings,
            excluded_by=f"It cannot be trained: {error}",
        )  # fmt: skip
    model = checked.model
    least, size = estimate_file_bytes(model)
    candidate = Candidate(
        key=checked.spec.run_id, spec=checked.spec.canonical(), name=name, head=spec.head, settings=settings,
        params=model.params, flops=model.flops, tflite_bytes=size, least_bytes=least,
        latency=estimate_latency(model.flops, frame),
    )  # fmt: skip
    return candidate.model_copy(update={"excluded_by": find_exclusion(candidate, limits)})


def estimate_file_bytes(model: Model) -> tuple[int, int]:
    """Return the smallest possible and the expected size of the LiteRT file of a model.

    The export merges batch normalization into the convolution before it: of its four weights per channel, at least
    none and usually one, the bias, is left.
    """
    merged = sum(row.trainable + row.non_trainable for row in model.rows if row.type == "BatchNormalization")
    weights = model.params - merged
    return _WEIGHT_BYTES * weights, _WEIGHT_BYTES * (weights + merged // 4) + _LAYER_BYTES * len(model.rows)


def estimate_latency(flops: int, frame: pd.DataFrame) -> LatencyEstimate | None:
    """Predict the latency of a model from runs whose FLOPs differ by less than a factor of 2.

    The prediction is their geometric mean, with an 80% prediction interval on the logarithmic scale. None without such
    runs.

    Args:
        frame: the runs that the machine of the jobs measured (see `select_measured`).
    """
    if frame.empty or flops <= 0:
        return None
    ratio = frame["flops"].astype("float64") / flops
    logs = [math.log(value) for value in frame["latency_seconds"][(ratio < _LIKE) & (ratio > 1 / _LIKE)]]
    if not logs:
        return None
    mean = sum(logs) / len(logs)
    spread = math.sqrt(sum((value - mean) ** 2 for value in logs) / max(len(logs) - 1, 1))
    half = _DEVIATIONS * max(spread, _LEAST_SPREAD) * math.sqrt(1 + 1 / len(logs))
    return LatencyEstimate(
        seconds=math.exp(mean), low=math.exp(mean - half), high=math.exp(mean + half), runs=len(logs)
    )  # fmt: skip


def find_exclusion(candidate: Candidate, limits: Limits) -> str:
    """Return the limit that a candidate exceeds in any case, as text; empty if it may be within all limits."""
    if limits.params and candidate.params > limits.params:
        return f"{candidate.params:,} parameters; the limit is {limits.params:,.0f}."
    if limits.size and candidate.least_bytes > limits.size:
        return f"Its weights take {write_size(candidate.least_bytes)}; the limit is {write_size(limits.size)}."
    if limits.latency and candidate.latency and candidate.latency.low > limits.latency:
        found = candidate.latency
        count = format_plural(found.runs, "run")
        return (
            f"About {write_latency(found.seconds)} per image ({write_latency(found.low)} to "
            f"{write_latency(found.high)}, from {count} of like cost); the limit is {write_latency(limits.latency)}."
        )
    return ""


def find_excess(costs: Mapping[str, float | None], limits: Limits) -> str:
    """Return the limit that a trained model exceeds, as text; empty if it is within all limits.

    Args:
        costs: measured `tflite_bytes` and `latency_seconds` of a run.
    """
    size, latency = costs.get("tflite_bytes"), costs.get("latency_seconds")
    if limits.size and size and size > limits.size:
        return f"Its LiteRT file has {write_size(size)}; the limit is {write_size(limits.size)}."
    if limits.latency and latency and latency > limits.latency:
        return f"It needs {write_latency(latency)} per image; the limit is {write_latency(limits.latency)}."
    return ""


def write_size(value: float) -> str:
    """Format a size in powers of 1,000."""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:.4g} {unit}"
    return f"{value:.0f} B"


def write_latency(seconds: float) -> str:
    """Format a latency in microseconds, milliseconds or seconds."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def cost_of(candidate: Candidate, name: str) -> float:
    """Return a cost of a candidate before it is measured: parameters, bytes, FLOPs or seconds.

    The latency of a model without measured ones of like cost is assumed to grow with its FLOPs.
    """
    if name == "latency":
        return candidate.latency.seconds if candidate.latency else candidate.flops * 1e-10
    return float({"params": candidate.params, "size": candidate.tflite_bytes, "flops": candidate.flops}[name])
