"""Texts and marks of a chart as drawn: their positions in the SVG, overlaps, and texts that leave the canvas."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

_SVG = "{http://www.w3.org/2000/svg}"
_CALL = re.compile(r"(\w+)\(([^)]*)\)")
_INSET = 0.14  # of the font size: letters seldom fill their line
_EDGE = 3.0  # pixels
_HIDDEN = 1.0  # pixels between two marks, of which one then hides the other


@dataclass(frozen=True)
class Box:
    """Text with the corners of its box, float64 of shape (4, 2)."""

    text: str
    corners: NDArray[np.float64]

    def overlaps(self, other: "Box") -> bool:
        """Return whether two convex boxes intersect, by the separating axis theorem."""
        for shape in (self.corners, other.corners):
            edges = np.roll(shape, -1, axis=0) - shape
            for normal in np.stack([-edges[:, 1], edges[:, 0]], axis=1)[:2]:
                mine, theirs = self.corners @ normal, other.corners @ normal
                if mine.max() <= theirs.min() or theirs.max() <= mine.min():
                    return False
        return True


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype(f"DejaVuSans{'-Bold' if bold else ''}.ttf", 100)
    except OSError:
        return ImageFont.load_default(100)


def measure(text: str, size: float, bold: bool) -> float:
    return _font(bold).getlength(text) * size / 100


def _read_transform(text: str) -> NDArray[np.float64]:
    matrix = np.eye(3)
    for name, values in _CALL.findall(text):
        numbers = [float(value) for value in re.split(r"[ ,]+", values.strip())]
        step = np.eye(3)
        if name == "translate":
            step[:2, 2] = [*numbers, 0.0][:2]
        elif name == "rotate":
            angle = np.radians(numbers[0])
            step[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        elif name == "scale":
            step[0, 0], step[1, 1] = numbers[0], numbers[-1]
        matrix = matrix @ step
    return matrix


def list_boxes(svg: str) -> tuple[list[Box], tuple[float, float]]:
    """Return the boxes of all visible texts, and the size of the canvas."""
    root = ET.fromstring(svg)
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    origin = np.eye(3)
    origin[:2, 2] = -left, -top
    return [*_walk(root, origin)], (width, height)


def _walk(node: ET.Element, outer: NDArray[np.float64]) -> Iterator[Box]:
    matrix = outer @ _read_transform(node.attrib.get("transform", ""))
    if node.attrib.get("opacity") == "0" or node.attrib.get("display") == "none":
        return
    if node.tag == f"{_SVG}text":
        lines = [tspan.text or "" for tspan in node.iter(f"{_SVG}tspan")] or [node.text or ""]
        size = float(node.attrib.get("font-size", "11px").removesuffix("px"))
        bold = node.attrib.get("font-weight", "") in ("bold", "600", "700")
        for number, line in enumerate(lines):
            if line.strip():
                yield _box_line(line, number * size * 1.2, size, bold, node.attrib.get("text-anchor", "start"), matrix)
    for child in node:
        yield from _walk(child, matrix)


def _box_line(line: str, down: float, size: float, bold: bool, anchor: str, matrix: NDArray[np.float64]) -> Box:
    width = measure(line, size, bold)
    start = {"start": 0.0, "middle": -width / 2, "end": -width}[anchor]
    inset = _INSET * size
    left, right, top, bottom = start + inset, start + width - inset, down - 0.76 * size + inset, down + 0.2 * size
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]])
    return Box(line, (matrix @ corners.T).T[:, :2])


def list_layout_faults(svg: str) -> list[str]:
    """Return a sentence for each pair of overlapping texts and each text outside the canvas."""
    boxes, (width, height) = list_boxes(svg)
    faults = [
        f"{box.text!r} leaves the canvas"
        for box in boxes
        if box.corners.min() < -_EDGE or (box.corners.max(axis=0) > [width + _EDGE, height + _EDGE]).any()
    ]
    lows, highs = (np.array([getattr(box.corners, side)(axis=0) for box in boxes]) for side in ("min", "max"))
    for i, j in combinations(range(len(boxes)), 2):
        if (lows[i] < highs[j]).all() and (lows[j] < highs[i]).all() and boxes[i].overlaps(boxes[j]):
            faults.append(f"{boxes[i].text!r} overlaps {boxes[j].text!r}")
    return faults


def list_hidden_marks(svg: str) -> list[str]:
    """Return a sentence for each layer of points in which one is drawn over another."""
    faults = []
    for group in ET.fromstring(svg).iter(f"{_SVG}g"):
        kinds = group.attrib.get("class", "").split()
        if not {"mark-symbol", "role-mark"} <= {*kinds}:
            continue
        marks = [mark for mark in group if mark.attrib.get("opacity") != "0"]
        positions = np.array([_read_transform(mark.attrib.get("transform", ""))[:2, 2] for mark in marks]).reshape(
            -1, 2
        )
        distances = np.abs(positions[:, None] - positions[None]).max(axis=2)
        if count := int((distances < _HIDDEN).sum() - len(marks)) // 2:
            faults.append(f"{count} pairs of points have the same position ({kinds[-1]})")
    return faults
