"""Learning curves of made-up runs, and what their specification contains."""

import json
from collections.abc import Iterator
from typing import Any

from core.displays.views.curves import Curves
from core.store.comparison import Comparison
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter


def train(make_run: RunWriter, seconds: dict[str, tuple[float, ...]], epochs: int = 4, **settings: Any) -> Comparison:
    """Compare heads with one seed per value, in seconds per epoch."""
    return Comparison.of(
        rewrite(make_run(head=head, seed=seed, epochs=epochs, **settings), history=history_of(epochs, seconds=value))
        for head, seeds in seconds.items()
        for seed, value in enumerate(seeds)
    )


def draw(view: Curves) -> dict[str, Any]:
    chart = view.chart()
    assert chart is not None
    spec: dict[str, Any] = chart.to_dict(validate=False)  # test_displays.py validates every display
    json.dumps(spec, allow_nan=False)
    return spec


def layers(spec: dict[str, Any], mark: str) -> Iterator[dict[str, Any]]:
    return (layer for layer in spec["layer"] if layer["mark"]["type"] == mark)


def rows(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """Return the data of the first layer with this mark."""
    layer = next(layers(spec, mark))
    found: list[dict[str, Any]] = spec["datasets"][layer.get("data", spec.get("data"))["name"]]
    return found


def read(spec: dict[str, Any]) -> list[dict[str, str]]:
    """Return the tooltip at each position, as text by title."""
    tips = next(layers(spec, "rect"))["encoding"]["tooltip"]
    return [{tip["title"]: row[tip["field"]] for tip in tips} for row in rows(spec, "rect")]
