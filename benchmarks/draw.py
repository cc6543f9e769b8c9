"""Server time of the Draw page: predictions of both example heads for a drawing, from the received PNG to the response.

Prints one line of JSON. The budget is 0.1 s: for the 95th percentile of the computation, and for the median of the
page. `seconds` is the time of the computation; the values before `page_seconds` are its parts. The whole page is timed
in Streamlit's test runner with an uploaded file (a stroke reruns only a part of it). Opening the models, which delays
the first stroke, is reported separately.
"""

import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.analysis.activation import prepare_picture
from core.analysis.live_model import LiveModel
from core.displays.palette import colors
from core.displays.prediction_card import build_cards, collect_predictions
from core.home import EXAMPLES
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.page import navigated, open_page

BUDGET_SECONDS = 0.1
STROKES = 60
PAGES = 15
WARM_UP = 3


def draw_strokes(count: int) -> Iterator[bytes]:
    """Yield different PNG files with the size of the canvas."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        board = Image.new("RGBA", (280, 280), "black")
        points = [tuple(point) for point in rng.integers(40, 240, (6, 2)).tolist()]
        ImageDraw.Draw(board).line(points, fill="white", width=22, joint="curve")
        file = io.BytesIO()
        board.save(file, "PNG")
        yield file.getvalue()


def measure_work(comparison: Comparison) -> dict[str, object]:
    palette, classes = colors(comparison), comparison.first.record.data.classes
    begin = time.perf_counter()
    models = {variant.label: LiveModel(variant.first) for variant in comparison.variants}
    opening = time.perf_counter() - begin
    parts: dict[str, list[float]] = {"prepare": [], "predict": [], "draw": [], "all": []}
    for data in draw_strokes(STROKES):
        times = [time.perf_counter()]
        image = prepare_picture(data, comparison.first)
        times.append(time.perf_counter())
        predictions = {head: model.answer(image[np.newaxis]) for head, model in models.items()}
        times.append(time.perf_counter())
        build_cards(
            image,
            [
                collect_predictions(head, palette[head], prediction, None, exact=models[head].exact)
                for head, prediction in predictions.items()
            ],
            classes,
        )
        times.append(time.perf_counter())
        for name, seconds in zip(parts, [*np.diff(times).tolist(), times[-1] - times[0]], strict=True):
            parts[name].append(seconds)
    medians = {
        f"{name}_seconds": round(statistics.median(seconds), 5) for name, seconds in parts.items() if name != "all"
    }
    found = {"seconds": round(statistics.median(parts["all"]), 5), "p95_seconds": _p95(parts["all"])}
    return {"heads": len(models), "opening_seconds": round(opening, 4), **found, **medians}


def measure_page() -> dict[str, float]:
    with navigated():
        app = open_page("draw", drawn_from="file")
        seconds = []
        for data in draw_strokes(WARM_UP + PAGES):
            app.file_uploader[0].set_value(("stroke.png", data, "image/png"))
            begin = time.perf_counter()
            app.run()
            seconds.append(time.perf_counter() - begin)
            if app.exception or app.error:
                raise SystemExit(f"The Draw page failed: {[error.value for error in app.error]}.")
    return {"page_seconds": round(statistics.median(seconds[WARM_UP:]), 4), "page_p95_seconds": _p95(seconds[WARM_UP:])}


def _p95(seconds: list[float]) -> float:
    return round(float(np.percentile(seconds, 95)), 4)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HEADROOM_HOME"] = folder
        runs = [Run.open(path.parent) for path in sorted(Path(EXAMPLES).glob("*/model.tflite"))]
        found = {"benchmark": "draw", **measure_work(Comparison.of(runs)), **measure_page()}
    within = max(float(str(found["p95_seconds"])), float(str(found["page_seconds"]))) <= BUDGET_SECONDS
    print(json.dumps({**found, "budget_seconds": BUDGET_SECONDS, "within": within}))


if __name__ == "__main__":
    main()
