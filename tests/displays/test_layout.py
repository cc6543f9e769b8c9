"""Every display × number of variants × data: texts do not overlap, stay in the canvas, and name what was drawn; no
point hides another."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.advice.race_curves import RaceProgress
from core.datasets.dataset import Arrays
from core.displays.advice_display import ADVICE_DISPLAYS
from core.displays.display import DISPLAYS
from core.displays.label import wrap_axis_titles
from core.displays.sweep import build_sweep_chart
from core.home import Home
from core.jobs.sweep_status import SweepRunStatus, SweepStatus
from core.reports.build import build_section
from core.reports.chart_image import draw_svg
from core.reports.document import Figure
from core.reports.report import ChartBlock, draw_id
from core.spec import HEADS, RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.chart_text import list_boxes, list_hidden_marks, list_layout_faults
from tests.support.markers import long
from tests.support.races import draw_curves, make_races
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

pytestmark = pytest.mark.slow  # draws every display

LONG_NAME = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichenverleihungsstelle"
DATA: dict[str, dict[str, Any]] = {
    "all correct": {"accuracy": 1.0},
    "all wrong": {"accuracy": 0.0},
    "one epoch": {"epochs": 1},
    "unequal epochs": {"epochs": 7},
    "2 classes": {"classes": 2},
    "100 classes": {"classes": 100},
    "equal points": {"accuracy": 1.0},
    "equal sizes": {},
    "continued": {"epochs": 7},
}
CROWDED = {"equal points", "equal sizes", "continued"}
RATES = {"equal points", "equal sizes"}  # the variants differ in the learning rate: they have the same costs

ON_LINES = {"confidence", "curves", "parallel", "reliability"}  # points that mark lines, which may coincide

VARIANTS = (1, 2, 3, 7, 9, 15)
_MOST_CHARS = 30  # of a line next to the names of heads, in a chart of 326 pixels
FEW = ((2, "100 classes"),)
"""The cases of `make test`; `make test-all` draws all of them."""


class ClassWriter(RunWriter):
    """Writer of runs whose labels have another number of classes."""

    def __init__(self, home: Home, classes: int) -> None:
        super().__init__(home)
        info, arrays = self._digits.info, self._digits.arrays()
        if classes != len(info.classes):
            names = tuple(LONG_NAME if i == 1 else f"class {i}" for i in range(classes))
            train, test = (np.arange(len(labels)) % classes for labels in (arrays.train_labels, arrays.test_labels))
            changed = Arrays(arrays.train_images, train, arrays.test_images, test)
            self.__dict__["_digits"] = type(
                "Changed", (), {"info": info.model_copy(update={"classes": names}), "arrays": lambda _: changed}
            )()


def list_runs(writer: RunWriter, variants: int, data: str, accuracy: float = 0.9, epochs: int = 3) -> Iterator[Run]:
    heads = [*HEADS]
    for index in range(variants):
        for seed in range(2):
            swept = {"head": "gap", "filters": 4 * (index + 1)}
            other = {"head": heads[index % len(heads)], "dropout": 0.1 * (index // len(heads))}
            changes = (
                {"learning_rate": 0.001 * (index + 1)} if data in RATES else swept if data == "one epoch" else other
            )
            own = 0.75 + 0.01 * index if data == "equal sizes" else accuracy
            run = writer(epochs=epochs, seed=seed, accuracy=own, **changes)
            short = data == "unequal epochs" and seed
            if data == "continued":
                run = rewrite(run, resumed_at=[2 + (index + seed) % 5])
            yield rewrite(run, history=history_of(2 + index % 3, 0.8 + 0.01 * index)) if short else run


Build = Callable[[int, str], tuple[Home, Comparison]]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    @cache
    def make(variants: int, data: str) -> tuple[Home, Comparison]:
        settings = dict(DATA[data])
        home = Home(tmp_path_factory.mktemp("layout"))
        writer = ClassWriter(home, settings.pop("classes", 10))
        return home, Comparison.of(list_runs(writer, variants, data, **settings))

    return make


def draw_all(home: Home, comparison: Comparison, names: list[str]) -> tuple[list[Figure], dict[str, str]]:
    sections = [build_section(ChartBlock(id=draw_id(), display=name), comparison, home) for name in names]
    figures = [section for section in sections if isinstance(section, Figure)]
    displays = {figure.id: figure.display for figure in figures}
    return figures, {displays[figure_id]: svg for figure_id, svg in draw_svg(figures).images.items()}


@pytest.mark.parametrize(
    ("variants", "data"),
    [
        pytest.param(*case, marks=() if case in FEW else long)
        for case in product(VARIANTS, DATA)
        if case[1] not in CROWDED or case[0] in (2, 9, 15)
    ],
)
def test_texts_and_points_of_charts_do_not_overlap(build: Build, variants: int, data: str) -> None:
    home, comparison = build(variants, data)
    figures, drawn = draw_all(home, comparison, list(DISPLAYS))
    faults = [f"{figure.display}: {figure.problem}" for figure in figures if figure.problem]
    for name, svg in drawn.items():
        hidden = () if name in ON_LINES else list_hidden_marks(svg)
        faults += [f"{name}: {fault}" for fault in (*list_layout_faults(svg), *list_axis_faults(name, svg), *hidden)]
    styles: dict[tuple[str, str], set[str]] = {}
    for figure in figures:
        faults += [f"{figure.display}: {fault}" for fault in list_shape_faults(figure.chart)]
        titles = list_titles(wrap_axis_titles(figure.chart))
        faults += [f"{figure.display}: {title!r} is wider than a phone" for title in titles if len(title) > _MOST_CHARS]
        for channel, scale in list_head_scales(figure.chart):
            for label, value in zip(scale["domain"], scale["range"], strict=True):
                styles.setdefault((channel, label), set()).add(str(value))
    faults += [f"{key} is {values}" for key, values in styles.items() if len(values) > 1]
    assert faults == []


def test_equal_points_are_next_to_each_other(build: Build) -> None:
    """The test above draws all displays, with up to 15 equal variants, in `make test-all`."""
    _, drawn = draw_all(*build(2, "equal points"), ["heads", "pareto"])
    assert {name: faults for name, svg in drawn.items() if (faults := list_hidden_marks(svg))} == {}


def test_equal_runs_of_sweeps_and_candidates_of_races_are_next_to_each_other(tmp_path: Path) -> None:
    specs = [RunSpec(head=h, seed=s, units=u) for h, s, u in product(("gap_dense", "dense"), range(3), (64, 128))]
    status = SweepStatus(tuple(SweepRunStatus(spec, "finished", accuracy=0.9) for spec in specs), None)
    decided = draw_curves(make_races(Home(tmp_path))["decided"])
    same = [one.model_copy(update={"params": 5_000}) for one in decided.race.candidates]
    race = decided.race.model_copy(update={"candidates": tuple(same)})
    charts = {
        "sweep of units": build_sweep_chart(status, ["units"], "units"),
        "sweep by head": build_sweep_chart(status, ["units"], None),
        "race": ADVICE_DISPLAYS["advice_front"](RaceProgress(race, decided.curves.assign(accuracy=0.9))).chart(),
    }
    parts = [Figure(id=draw_id(), display=name, title=name, chart=chart.to_dict()) for name, chart in charts.items()]
    drawn = draw_svg(parts)
    assert drawn.problems == {}
    assert len(drawn.images) == len(charts)
    assert [faults for svg in drawn.images.values() for faults in list_hidden_marks(svg)] == []


def list_titles(spec: Any) -> set[str]:
    """Return the lines of the titles of all horizontal axes."""
    found = [node["encoding"]["x"].get("title") for node in list_nodes(spec) if "x" in node.get("encoding", {})]
    return {line for title in found if title for line in ([title] if isinstance(title, str) else title)}


def list_axis_faults(name: str, svg: str) -> Iterator[str]:
    """Yield labels of values that do not exist: shares above 100% or below 0%, and parts of epochs."""
    texts = [box.text for box in list_boxes(svg)[0]]
    impossible = re.compile(r"[-−]\d.*%|(1\d\d\.\d*[1-9]|1[1-9]\d|10[1-9])%")
    yield from (f"label {text!r}" for text in texts if impossible.fullmatch(text))
    if "Epoch" in texts or any(text.startswith("Epochs to") for text in texts):
        yield from (f"epoch {text!r}" for text in texts if name != "confusion" and re.fullmatch(r"[1-9]\d*\.\d+", text))


def list_nodes(spec: Any) -> Iterator[dict[str, Any]]:
    if isinstance(spec, dict):
        yield spec
        for key, part in spec.items():
            if key != "datasets":
                yield from list_nodes(part)
    elif isinstance(spec, list):
        for part in spec:
            yield from list_nodes(part)


def list_head_scales(spec: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the channel and scale of each encoding of variants; color and fill are one channel."""
    for node in list_nodes(spec):
        for channel, encoding in node.get("encoding", {}).items():
            scale = encoding.get("scale") if isinstance(encoding, dict) else None
            if scale and encoding.get("field") == "head" and "range" in scale:
                yield {"fill": "color"}.get(channel, channel), scale


def list_shape_faults(spec: Any) -> Iterator[str]:
    """Yield a sentence for each encoding of variants without a scale, and for points without a shape."""
    for node in list_nodes(spec):
        encoding = node.get("encoding", {})
        colored = isinstance(encoding.get("color"), dict) and encoding["color"].get("field") == "head"
        mark = node.get("mark")
        if isinstance(mark, dict) and mark["type"] == "point" and colored and "shape" not in encoding:
            yield "points of variants have the default shape"
        shape = encoding.get("shape")
        if isinstance(shape, dict) and "range" not in (shape.get("scale") or {}):
            yield f"shape of {shape.get('field')} has no scale"
