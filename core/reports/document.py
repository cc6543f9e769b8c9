"""Document of a report: its texts, charts, tables and images as data, from which all file formats are written."""

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.bounds import Count, Line, Prose, Share, UtcTime
from core.spec import HEADS

_ITEMS, _MAX_FLOAT = Field(max_length=1_000_000), 1.7e308
_Text = Annotated[str, Field(max_length=1_000_000)]
_Words = Annotated[str, Field(max_length=10_000_000)]
_Integer = Annotated[int, Field(ge=-(2**63), le=2**63)]
_Float = Annotated[float, Field(ge=-_MAX_FLOAT, le=_MAX_FLOAT)]
_Texts = Annotated[tuple[_Text, ...], _ITEMS]
Cell = _Text | _Integer | _Float | bool | None


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )


class Table(_Part):
    """Table of a document. `words` lists the text columns, which are left-aligned."""

    columns: _Texts
    rows: Annotated[tuple[Annotated[tuple[Cell, ...], _ITEMS], ...], _ITEMS]
    words: _Texts = ()


def write_cell(cell: Cell) -> str:
    """Format a cell for display.

    >>> write_cell(1234), write_cell(0.123456), write_cell(None)
    ('1,234', '0.1235', '')
    """
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else f"{cell:,}" if type(cell) is int else str(cell)


class Passage(_Part):
    """Text block in Markdown, with its images as data URIs."""

    kind: Literal["words"] = "words"
    id: Line
    text: _Words


class PicturePrediction(_Part):
    """Prediction of a head for an image, with its probability.

    `mark` is the shape of the head as a character. Wrong predictions are struck through and marked with ✗.
    """

    head: _Text
    text: _Text
    color: Line
    mark: Annotated[Line, Field(exclude_if=lambda mark: not mark)] = ""  # absent in older files, also in their checksum
    wrong: bool


class Picture(_Part):
    """Test image as a PNG data URI, with its true class and the predictions."""

    url: Annotated[_Text, Field(pattern=r"^data:image/png;base64,[A-Za-z0-9+/]+=*$")]
    label: _Text
    predictions: Annotated[
        tuple[PicturePrediction, ...], _ITEMS, Field(alias="guesses")
    ]  # the name in files of format 1


class Figure(_Part):
    """Chart block of a document.

    `sentence` is the description, `chart` the Vega-Lite specification with its data, `pictures` the images of a
    gallery, `table` the data formatted for display, and `frame` the unformatted data. `open` shows the table without a
    click. `problem` is the reason if the chart cannot be drawn; then the other fields are empty.
    """

    kind: Literal["figure"] = "figure"
    id: Line
    display: Line
    title: _Text
    settings: Annotated[dict[Line, Cell], _ITEMS] = {}
    sentence: _Text = ""
    chart: dict[str, Any] | None = None
    pictures: Annotated[tuple[Picture, ...], _ITEMS] = ()
    table: Table | None = None
    frame: Table | None = None
    open: bool = False
    problem: _Text = ""


class RunLine(_Part):
    """Run of a report."""

    run_id: Prose
    name: Prose
    head: Prose
    seed: Count
    epochs: Count
    params: Count | None
    test_accuracy: Share
    data: Prose


class Reproduction(_Part):
    """Commands that train the runs again and compare them, and the environment in which they were measured."""

    commands: _Texts
    environment: Annotated[dict[_Text, _Text], _ITEMS]


class Document(_Part):
    """Frozen report. `summary` is the author's summary in Markdown, `facts` describe the runs and the data, `cautions`
    are warnings about the headline."""

    format: Literal[1] = 1
    title: Prose
    summary: Annotated[_Words, Field(exclude_if=lambda text: not text)] = ""  # absent in older files and checksums
    author: Prose
    made_at: UtcTime
    headline: Prose
    facts: _Texts
    cautions: _Texts
    sections: Annotated[tuple[Annotated[Passage | Figure, Field(discriminator="kind")], ...], _ITEMS]
    runs: Annotated[tuple[RunLine, ...], _ITEMS]
    reproduction: Reproduction

    @cached_property
    def checksum(self) -> str:
        """Return the SHA-256 of the document as 64 hex digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def run_table(self) -> Table:
        """Return the runs, formatted for display."""
        rows = [
            (
                f"{r.run_id} {r.name}".strip(),
                r.head,
                r.seed,
                r.epochs or "–",
                "–" if r.params is None else r.params,
                f"{100 * r.test_accuracy:.2f}%",
                r.data,
            )
            for r in self.runs
        ]
        heads = {label for head in HEADS.values() for label in (head.label, *head.former_labels)}
        column = "Head" if {r.head for r in self.runs} <= heads else "Variant"
        columns = ("Run", column, "Seed", "Epochs", "Parameters", "Test accuracy", "Data")
        return Table(columns=columns, rows=tuple(rows), words=(column, "Data"))

    @property
    def environment_table(self) -> Table:
        """Return the environment of the runs, formatted for display."""
        columns = ("Environment", "")
        return Table(columns=columns, rows=tuple(self.reproduction.environment.items()), words=columns[1:])

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(section for section in self.sections if isinstance(section, Figure))
