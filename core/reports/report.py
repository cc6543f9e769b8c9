"""Editable report: a title, run IDs, and text and chart blocks. It contains no results; see `document`."""

from secrets import choice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ReportError
from core.reports.alias import replace_block_aliases
from core.store.damage import describe_invalid_field

MAX_TITLE_CHARS, MAX_TEXT_CHARS, MAX_BLOCKS, MAX_RUNS, MAX_SUMMARY_CHARS = 300, 20_000, 60, 60, 5_000
BLOCK_ID = r"^[a-z2-9]{6}$"

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that are easily confused


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def draw_id(length: int = 6) -> str:
    return "".join(choice(_LETTERS) for _ in range(length))


_Name = Annotated[str, Field(max_length=60)]
_Integer = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Float = Annotated[float, Field(ge=-1e15, le=1e15)]
_Choice = Annotated[str, Field(max_length=MAX_TITLE_CHARS)]


class TextBlock(_Part):
    """Text block in Markdown. `id` does not change when the block is moved."""

    kind: Literal["words"] = "words"
    id: str = Field(default_factory=draw_id, pattern=BLOCK_ID)
    text: str = Field("", max_length=MAX_TEXT_CHARS)


class ChartBlock(_Part):
    """Chart block: a display with its settings by field name. Missing settings have their default."""

    kind: Literal["view"] = "view"
    id: str = Field(default_factory=draw_id, pattern=BLOCK_ID)
    display: str = Field(max_length=60)
    settings: dict[_Name, bool | _Integer | _Float | _Choice | None] = Field(default_factory=dict, max_length=20)
    title: str = Field("", max_length=MAX_TITLE_CHARS)
    table: bool = False

    @model_validator(mode="before")
    @classmethod
    def _replace_aliases(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("settings", {}), dict):
            return value
        display, settings = replace_block_aliases(value.get("display", ""), value.get("settings", {}))
        return {**value, "display": display, "settings": settings}


Block = Annotated[TextBlock | ChartBlock, Field(discriminator="kind")]


class Report(_Part):
    """Report. `summary` is the author's summary in Markdown; `runs` are run IDs; `baseline` is the ID of a variant (see
    `Comparison.baseline`); `owner` is the name of the user who created it."""

    title: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    runs: tuple[_Name, ...] = Field(min_length=1, max_length=MAX_RUNS)
    blocks: tuple[Block, ...] = Field((), max_length=MAX_BLOCKS)
    owner: str = Field("", max_length=MAX_TITLE_CHARS)
    baseline: _Name = ""
    summary: str = Field("", max_length=MAX_SUMMARY_CHARS)

    @classmethod
    def parse(cls, value: Any) -> "Report":
        """Parse a report from a file or a form.

        Raises:
            ReportError: when the report is invalid; the message contains the first invalid value.
        """
        try:
            return cls.model_validate_json(value) if isinstance(value, str | bytes) else cls.model_validate(value)
        except ValidationError as error:
            raise ReportError(f"This report is invalid: {describe_invalid_field(error)}.") from None

    def change(self, **changes: Any) -> "Report":
        """Return a copy with changed fields.

        Raises:
            ReportError: when a value is invalid.
        """
        title, blocks = changes.get("title", self.title), changes.get("blocks", self.blocks)
        if not 1 <= len(title.strip()) <= MAX_TITLE_CHARS:
            raise ReportError(f"Expected a title of 1 to {MAX_TITLE_CHARS} characters; got {len(title.strip()):,}.")
        if len(summary := changes.get("summary", self.summary)) > MAX_SUMMARY_CHARS:
            raise ReportError(
                f"A summary may have at most {MAX_SUMMARY_CHARS:,} characters; this one has {len(summary):,}."
            )
        if len(blocks) > MAX_BLOCKS:
            raise ReportError(f"A report may have at most {MAX_BLOCKS} blocks; this one has {len(blocks)}.")
        check_run_count(len(changes.get("runs", self.runs)))
        for block in blocks:
            if isinstance(block, TextBlock) and len(block.text) > MAX_TEXT_CHARS:
                raise ReportError(
                    f"A text block may have at most {MAX_TEXT_CHARS:,} characters; this one has {len(block.text):,}."
                )
        return Report.parse({**self.model_dump(), **{n: _dump(v) for n, v in changes.items()}})

    def replace(self, block_id: str, **changes: Any) -> "Report":
        """Return a copy with changed fields of a block."""
        index = self._find(block_id)
        block = self.blocks[index].model_copy(update=changes)
        return self.change(blocks=(*self.blocks[:index], block, *self.blocks[index + 1 :]))

    def append(self, block_id: str, text: str) -> "Report":
        """Return a copy with a paragraph added to a text block."""
        block = self.blocks[self._find(block_id)]
        before = f"{block.text.rstrip()}\n\n" if isinstance(block, TextBlock) else ""
        return self.replace(block_id, text=f"{before}{text}".lstrip())

    def move(self, block_id: str, steps: int) -> "Report":
        """Return a copy with a block moved down by a number of positions; up if negative. Stops at the ends."""
        blocks = list(self.blocks)
        index = self._find(block_id)
        block = blocks.pop(index)
        blocks.insert(max(index + steps, 0), block)
        return self.change(blocks=tuple(blocks))

    def remove(self, block_id: str) -> "Report":
        index = self._find(block_id)
        return self.change(blocks=self.blocks[:index] + self.blocks[index + 1 :])

    def insert(self, block: TextBlock | ChartBlock, after: str | None = None) -> "Report":
        """Return a copy with a new block after the given one, or at the start."""
        index = 0 if after is None else self._find(after) + 1
        return self.change(blocks=(*self.blocks[:index], block, *self.blocks[index:]))

    def _find(self, block_id: str) -> int:
        for index, block in enumerate(self.blocks):
            if block.id == block_id:
                return index
        raise ReportError(f"Block {block_id!r:.40} was not found; it may have been deleted.")


def check_run_count(count: int) -> None:
    """
    Raises:
        ReportError: when a report cannot have this number of runs.
    """
    if count > MAX_RUNS:
        raise ReportError(f"A report may have at most {MAX_RUNS} runs; this one has {count:,}. Select fewer runs.")


def _dump(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return tuple(map(_dump, value)) if isinstance(value, tuple | list) else value
