"""Positions of the names of marks, without overlap with other names and marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LINE_PIXELS = 17
_GAP = 6  # pixels between a mark and its name
_FARTHER = 4  # lines above and below a mark

Side = str  # "above", "below", "right" or "left"
ALL_SIDES: tuple[Side, ...] = ("above", "below", "right", "left")


@dataclass(frozen=True)
class Area:
    """Rectangle in pixels from the upper left corner of a plot."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Area") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def lies_in(self, other: "Area") -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


def position_names(
    marks: Sequence[Area], widths: Sequence[float | None], plot: Area, sides: Sequence[Side] = ALL_SIDES
) -> list[Area | None]:
    """Return the area of the name of each mark; None without a name, or if it would overlap another name.

    A name is at the first place next to its mark where it overlaps the fewest other marks, none if possible.

    Args:
        widths: widths of the names in pixels; None for marks without a name.
        plot: area that names do not leave.
        sides: allowed sides of a mark, the preferred one first.

    >>> marks = [Area(40, 40, 50, 50), Area(40, 40, 50, 50)]
    >>> [area and area.center for area in position_names(marks, [30, 30], Area(0, 0, 100, 100))]
    [(45.0, 25.5), (45.0, 64.5)]
    """
    placed: list[Area | None] = [None] * len(marks)
    for number in sorted(range(len(marks)), key=lambda number: marks[number].top):  # the highest mark is named first
        width = widths[number]
        if width is None:
            continue
        names = [area for area in placed if area]
        free = [
            area
            for area in _list_positions(marks[number], width, sides, plot)
            if area.lies_in(plot) and not any(map(area.overlaps, names))
        ]
        others = [*marks[:number], *marks[number + 1 :]]
        placed[number] = min(free, key=lambda area: sum(map(area.overlaps, others)), default=None)
    return placed


def _list_positions(mark: Area, width: float, sides: Sequence[Side], plot: Area) -> Iterator[Area]:
    """Yield the areas next to a mark, then those farther above and below it, moved into the width of the plot."""
    x, y = mark.center
    middle_x = min(max(x, plot.left + width / 2), plot.right - width / 2)
    half = LINE_PIXELS / 2
    for line in range(_FARTHER):
        for side in sides:
            if side in ("above", "below"):
                away = _GAP + half + line * LINE_PIXELS
                middle = mark.top - away if side == "above" else mark.bottom + away
                yield Area(middle_x - width / 2, middle - half, middle_x + width / 2, middle + half)
            elif line == 0:
                left = mark.right + _GAP if side == "right" else mark.left - _GAP - width
                yield Area(left, y - half, left + width, y + half)
