"""A frozen report: every sentence, figure and picture of it as data, from which all files are written."""

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Cell = str | int | float | bool | None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Table(_Part):
    """`words` are the columns that hold no figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: tuple[str, ...] = ()


class Passage(_Part):
    """The author's words, in Markdown."""

    kind: Literal["words"] = "words"
    id: str
    text: str


class Figure(_Part):
    """One display as it was. `chart` is Vega-Lite with its data; `table` what people read, `frame` the plain numbers
    behind it; `open` says that the table is to be seen at once. `problem` says why there is nothing else."""

    kind: Literal["figure"] = "figure"
    id: str
    display: str
    title: str
    settings: dict[str, Cell] = {}
    sentence: str = ""
    chart: dict[str, Any] | None = None
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
    def figures(self) -> tuple[Figure, ...]:
        return tuple(section for section in self.sections if isinstance(section, Figure))
