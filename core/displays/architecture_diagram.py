"""Diagram of models, drawn from their layers: the shared backbone, then one panel per head.

Lines lead from a step to those that read it; a branch leads around the steps that it skips. A box is the output of a
step: its width shows the channels and its height the side length, both on a log scale. The area of a square is the
number of parameters, on one linear scale for the whole diagram.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2, sqrt
from textwrap import shorten
from typing import Any

import altair as alt
import pandas as pd

from core.architecture.layers import Shape
from core.architecture.model import LayerGraph
from core.architecture.step import Step, list_steps
from core.displays.chart_view import Chart
from core.displays.encoding import GREY, PANEL_PIXELS
from core.displays.sentence import join_parts
from core.plural import format_plural

_NOTE = (
    "Box: output; width by channels, height by side (log).",
    "Square: parameters, area to scale.",
    "Filled square: trainable. Dashed: not trainable.",
)
_WIDTH = 310
_BOX_X, _TEXT_X, _SQUARE_X = 38, 84, 279  # centers of boxes and squares, start of texts
_LARGEST, _LEAST = 60, 2  # side length of squares
_CHANNELS, _SIDES, _FLAT = 4.3, 4.5, 6  # pixels per doubling; height of an output without sides
_LINE, _GAP, _TOP = 16, 13, 50
_LANE, _LEFT = 5, 1  # distance between the lines of branches, and the leftmost one
_TITLE_CHARS, _LINE_CHARS = 40, 20
NO_PADDING = {"left": 0, "top": 0, "right": 0, "bottom": 0}  # a page would fit the marks into the rest
INK = "currentColor"  # the text color of a page; black in files


@dataclass(frozen=True)
class Architecture:
    """Models with the same backbone: its input shape and steps, and the steps of each head by label."""

    input_shape: Shape
    backbone: tuple[Step, ...]
    heads: Mapping[str, tuple[Step, ...]]

    @property
    def maps_shape(self) -> Shape:
        """Output shape of the backbone."""
        return self.backbone[-1].shape if self.backbone else self.input_shape


def group_architectures(models: Mapping[str, LayerGraph]) -> list[Architecture]:
    """Return one architecture per backbone. Models that differ in training only share the first label."""
    groups: dict[tuple[Shape, tuple[Step, ...]], dict[tuple[Step, ...], str]] = {}
    for label, model in models.items():
        heads = groups.setdefault((model.input_shape, list_steps(model, "backbone")), {})
        heads.setdefault(list_steps(model, "head"), label)
    return [
        Architecture(shape, backbone, {label: steps for steps, label in heads.items()})
        for (shape, backbone), heads in groups.items()
    ]


def list_step_rows(architectures: Sequence[Architecture]) -> pd.DataFrame:
    """Return one row per step of each backbone (without a head) and of each head."""
    rows = [
        {
            "backbone": number,
            "head": head,
            "step": step.title,
            "notes": ", ".join(step.notes),
            "layers": ", ".join(step.layers),
            "output_shape": format_shape(step.shape),
            "trainable": step.trainable,
            "non_trainable": step.non_trainable,
        }
        for number, architecture in enumerate(architectures, 1)
        for head, steps in {"": architecture.backbone, **architecture.heads}.items()
        for step in steps
    ]
    columns = ["backbone", "head", "step", "notes", "layers", "output_shape", "trainable", "non_trainable"]
    return pd.DataFrame(rows, columns=columns)


def describe_architectures(architectures: Sequence[Architecture]) -> str:
    """Describe the parameters of each backbone and its heads."""
    sentences = []
    for number, architecture in enumerate(architectures, 1):
        name = "The backbone" if len(architectures) == 1 else f"Backbone {number}"
        heads = join_parts(
            [
                f"{label} adds {_count(steps)} ({', '.join(_lower(step.title) for step in steps)})"
                for label, steps in architecture.heads.items()
            ]
        )
        maps = format_shape(architecture.maps_shape)
        sentences.append(f"{name} has {_count(architecture.backbone)} and the output {maps}. {heads}.")
    return join_parts(sentences, " ")


def format_shape(shape: Shape) -> str:
    """
    >>> format_shape((26, 26, 32)), format_shape((1600,))
    ('26 × 26 × 32', '1,600')
    """
    return " × ".join(f"{side:,}" for side in shape)


def build_architecture_chart(architectures: Sequence[Architecture], palette: Mapping[str, str]) -> Chart:
    """Build the panels of all backbones and heads.

    Args:
        palette: color of each label.
    """
    panels = [*_list_panels(architectures, palette)]
    largest = max(step.params for panel in panels for step in panel.steps)
    charts = [_Drawing(panel, max(largest, 1)).chart(_NOTE if panel is panels[0] else ()) for panel in panels]
    columns = 2 if len(charts) in (2, 4) else 3
    return alt.concat(*charts, columns=columns, spacing=24, usermeta={PANEL_PIXELS: _WIDTH}, padding=NO_PADDING)


@dataclass(frozen=True)
class _Panel:
    title: str
    subtitle: str
    steps: tuple[Step, ...]
    color: str


def _list_panels(architectures: Sequence[Architecture], palette: Mapping[str, str]) -> Iterator[_Panel]:
    for number, architecture in enumerate(architectures, 1):
        name = "Backbone" if len(architectures) == 1 else f"Backbone {number}"
        count = len(architecture.heads)
        title = f"{name}, shared by {count} heads" if count > 1 else name
        entry = Step("Input image", architecture.input_shape, 0, 0, (), ())
        yield _Panel(title, _count(architecture.backbone), (entry, *architecture.backbone), GREY)
        entry = Step(f"Output of {_lower(name)}", architecture.maps_shape, 0, 0, (), ())
        for label, steps in architecture.heads.items():
            total = sum(step.params for step in (*architecture.backbone, *steps))
            subtitle = f"Head {_count(steps)}, model {total:,}"
            yield _Panel(label, subtitle, (entry, *steps), palette[label])


def _count(steps: Sequence[Step]) -> str:
    return format_plural(sum(step.params for step in steps), "parameter")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


Marks = list[dict[str, Any]]


@dataclass(frozen=True)
class _Box:
    """Vertical center and size of a box in pixels."""

    middle: float
    width: float
    height: float


@dataclass
class _Drawing:
    """Marks of a panel, placed in pixels from top to bottom."""

    panel: _Panel
    largest: int
    texts: Marks = field(default_factory=list)
    filled: Marks = field(default_factory=list)
    outlined: Marks = field(default_factory=list)
    links: Marks = field(default_factory=list)

    def chart(self, note: Sequence[str]) -> Chart:
        self._write(shorten(self.panel.title, _TITLE_CHARS, placeholder="…"), 0, 10, bold=True)
        self._write(self.panel.subtitle, 0, 28)
        top = float(_TOP)
        boxes: list[_Box] = []
        for index, step in enumerate(self.panel.steps):
            lines = _list_lines(step)
            width, height = _measure(step.shape)
            side = max(_LEAST, _LARGEST * sqrt(step.params / self.largest)) if step.params else 0
            tall = max(_LINE * len(lines), height, side)
            middle = top + tall / 2
            boxes.append(_Box(middle, width, height))
            self._add_box(step, width, height, middle, layer=index > 0)
            self._add_square(step, side, middle)
            for line, text in enumerate(lines):
                self._write(text, _TEXT_X, middle + _LINE * (line - (len(lines) - 1) / 2), bold=line == 0)
            top += tall + _GAP
        self._add_links(boxes)
        for line, text in enumerate(note):
            self._write(text, 0, top + 4 + 15 * line)
        return self._build(top + 15 * len(note))

    def _add_links(self, boxes: Sequence["_Box"]) -> None:
        """Add a line from each step to those that read it: straight to the next one, at the left around others."""
        lanes: list[float] = []  # where the last line of each lane ends
        for index, step in enumerate(self.panel.steps):
            for source in (number + 1 for number in step.inputs):
                begin, end = boxes[source], boxes[index]
                if source == index - 1:
                    self._draw_line(_BOX_X, begin.middle + begin.height / 2, _BOX_X, end.middle - end.height / 2)
                    continue
                lane = next((n for n, y in enumerate(lanes) if y < begin.middle), len(lanes))
                lanes[lane:] = [end.middle, *lanes[lane + 1 :]]
                x = max(_LEFT, _BOX_X - max(box.width for box in boxes) / 2 - _LANE * (lane + 1))
                self._draw_line(_BOX_X - begin.width / 2, begin.middle, x, begin.middle)
                self._draw_line(x, begin.middle, x, end.middle)
                self._draw_line(x, end.middle, _BOX_X - end.width / 2, end.middle)

    def _draw_line(self, x: float, y: float, x2: float, y2: float) -> None:
        self.links.append({"x": x, "y": y, "x2": x2, "y2": y2})

    def _write(self, text: str, x: float, y: float, *, bold: bool = False) -> None:
        self.texts.append({"text": text, "x": x, "y": y, "bold": bold})

    def _add_box(self, step: Step, width: float, height: float, middle: float, *, layer: bool) -> None:
        box = self._build_rectangle(step, _BOX_X - width / 2, middle - height / 2, width, height)
        (self.filled if layer else self.outlined).append(box)

    def _add_square(self, step: Step, side: float, middle: float) -> None:
        if not step.params:
            return
        x, y, frozen = _SQUARE_X - side / 2, middle - side / 2, side * step.non_trainable / step.params
        if step.trainable:
            self.filled.append(self._build_rectangle(step, x, y + frozen, side, side - frozen))
        if frozen >= 1:
            self.outlined.append(self._build_rectangle(step, x, y, side, frozen))

    def _build_rectangle(self, step: Step, x: float, y: float, width: float, height: float) -> dict[str, Any]:
        tips = {
            "step": step.title,
            "layers": ", ".join(step.layers) or "–",
            "output_shape": format_shape(step.shape),
            "trainable": step.trainable,
            "non_trainable": step.non_trainable,
        }
        return {"x": x, "y": y, "x2": x + width, "y2": y + height, **tips}

    def _build(self, height: float) -> Chart:
        x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, _WIDTH], nice=False))
        y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False))
        x2, y2 = alt.X2("x2:Q"), alt.Y2("y2:Q")
        tooltip = [
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("layers:N", title="Layers"),
            alt.Tooltip("output_shape:N", title="Output shape"),
            alt.Tooltip("trainable:Q", title="Trainable parameters", format=","),
            alt.Tooltip("non_trainable:Q", title="Non-trainable parameters", format=","),
        ]
        color = self.panel.color
        links = alt.Chart(pd.DataFrame(self.links, columns=["x", "y", "x2", "y2"])).mark_rule(color=GREY)
        filled = _chart_rectangles(self.filled).mark_rect(color=color, cornerRadius=1)
        outlined = _chart_rectangles(self.outlined).mark_rect(
            filled=False, color=color, strokeWidth=1.5, strokeDash=[4, 3]
        )
        bold, normal = (
            alt.Chart(pd.DataFrame([text for text in self.texts if text["bold"] is value])).mark_text(
                align="left", baseline="middle", color=INK, fontSize=12, fontWeight="bold" if value else "normal"
            )
            for value in (True, False)
        )
        return alt.layer(
            links.encode(x=x, y=y, x2=x2, y2=y2),
            *(mark.encode(x=x, x2=x2, y=y, y2=y2, tooltip=tooltip) for mark in (filled, outlined)),
            *(mark.encode(x=x, y=y, text=alt.Text("text:N")) for mark in (bold, normal)),
            width=_WIDTH,
            height=height,
        )


def _chart_rectangles(marks: Marks) -> alt.Chart:
    columns = ["x", "y", "x2", "y2", "step", "layers", "output_shape", "trainable", "non_trainable"]
    return alt.Chart(pd.DataFrame(marks, columns=columns))


def _measure(shape: Shape) -> tuple[float, float]:
    """Return the width and height of the box of an output in pixels."""
    height = _SIDES * log2(1 + shape[0]) if len(shape) > 1 else _FLAT
    return _CHANNELS * log2(1 + shape[-1]), height


def _list_lines(step: Step) -> list[str]:
    """Return title, shape, parameters and notes, in lines of at most about `_LINE_CHARS` characters."""
    title, *rest = [step.title, format_shape(step.shape)]
    notes = ", ".join(step.notes)
    if notes and len(title) + len(notes) < _LINE_CHARS:
        title, notes = f"{title}, {notes}", ""
    if step.params:
        rest.append(_count([step]))
        if step.trainable and step.non_trainable:
            rest.append(f"{step.trainable:,} trainable")
        elif step.non_trainable:
            notes = f"{notes}, frozen" if notes else "frozen"
    return [title, *rest, *([notes] if notes else [])]
