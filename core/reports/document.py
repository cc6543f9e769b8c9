"""A frozen report: every sentence, figure and picture of it as data, from which all files are written."""

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Cell = str | int | float | bool | None


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_by_name=True, serialize_by_alias=True
    )


class Table(_Part):
    """`words` are the columns that hold no figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: tuple[str, ...] = ()


def write_cell(cell: Cell) -> str:
    """
    >>> write_cell(1234), write_cell(0.123456), write_cell(None)
    ('1,234', '0.1235', '')
    """
    if cell is None:
        return ""
    return f"{cell:.4g}" if isinstance(cell, float) else f"{cell:,}" if type(cell) is int else str(cell)


class Passage(_Part):
    """The author's words, in Markdown."""

    kind: Literal["words"] = "words"
    id: str
    text: str


class PicturePrediction(_Part):
    """The class that a head predicts for a picture, with its probability; wrong ones are struck through."""

    head: str
    text: str
    color: str
    wrong: bool


class Picture(_Part):
    """A test image as a PNG data URI, its true class, and the predictions."""

    url: Annotated[str, Field(pattern=r"^data:image/png;base64,[A-Za-z0-9+/]+=*$")]
    label: str
    predictions: Annotated[tuple[PicturePrediction, ...], Field(alias="guesses")]  # the name in files of format 1


class Figure(_Part):
    """One display as it was. `pictures` are those of a gallery, for what can lay them out itself; `chart` is Vega-Lite
    with its data; `table` what people read, `frame` the plain numbers behind it; `open` says that the table is to be
    seen at once. `problem` says why there is nothing else."""

    kind: Literal["figure"] = "figure"
    id: str
    display: str
    title: str
    settings: dict[str, Cell] = {}
    sentence: str = ""
    chart: dict[str, Any] | None = None
    pictures: tuple[Picture, ...] = ()
    table: Table | None = None
    frame: Table | None = None
    open: bool = False
    problem: str = ""


class RunLine(_Part):
    """One of the runs that a report is about."""

    run_id: str
    name: str
    head: str
    seed: int
    epochs: int
    params: int
    test_accuracy: float
    data: str


class Reproduction(_Part):
    """`commands` train the same runs from the repository at `environment`, and show their figures."""

    commands: tuple[str, ...]
    environment: dict[str, str]


class Document(_Part):
    """`facts` say what was measured on what; `cautions` what a reader must know before believing the headline."""

    format: Literal[1] = 1
    title: str
    author: str
    made_at: str
    headline: str
    facts: tuple[str, ...]
    cautions: tuple[str, ...]
    sections: tuple[Annotated[Passage | Figure, Field(discriminator="kind")], ...]
    runs: tuple[RunLine, ...]
    reproduction: Reproduction

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over all of it, 64 hex digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def run_table(self) -> Table:
        """The runs as people read them."""
        rows = [
            (
                f"{r.run_id} {r.name}".strip(),
                r.head,
                r.seed,
                r.epochs,
                r.params,
                f"{100 * r.test_accuracy:.2f} %",
                r.data,
            )
            for r in self.runs
        ]
        columns = ("Run", "Head", "Seed", "Epochs", "Parameters", "Test accuracy", "Data")
        return Table(columns=columns, rows=tuple(rows), words=("Head", "Data"))

    @property
    def environment_table(self) -> Table:
        """What the runs were measured with, as people read it."""
        columns = ("Measured with", "")
        return Table(columns=columns, rows=tuple(self.reproduction.environment.items()), words=columns[1:])

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(section for section in self.sections if isinstance(section, Figure))
