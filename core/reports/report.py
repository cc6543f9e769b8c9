"""A report as its author makes it: a title, and words and views in an order. It holds no figures yet."""

from secrets import choice
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ReportError
from core.reports.alias import replace_aliases

MOST_TITLE, MOST_WORDS, MOST_BLOCKS, MOST_RUNS = 300, 20_000, 60, 60
BLOCK_ID = r"^[a-z2-9]{6}$"

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another one


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def draw_id(length: int = 6) -> str:
    return "".join(choice(_LETTERS) for _ in range(length))


class TextBlock(_Part):
    """The author's own, in Markdown. `id` stays the same wherever the block is moved."""

    kind: Literal["words"] = "words"
    id: str = Field(default_factory=draw_id, pattern=BLOCK_ID)
    text: str = Field("", max_length=MOST_WORDS)


class ChartBlock(_Part):
    """One display with its settings, by the name of the field; those left out are at their default."""

    kind: Literal["view"] = "view"
    id: str = Field(default_factory=draw_id, pattern=BLOCK_ID)
    display: str = Field(max_length=60)
    settings: dict[str, bool | int | float | str | None] = Field(default_factory=dict, max_length=20)
    title: str = Field("", max_length=MOST_TITLE)
    table: bool = False

    @model_validator(mode="before")
    @classmethod
    def _replace_aliases(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("settings", {}), dict):
            return value
        display, settings = replace_aliases(value.get("display", ""), value.get("settings", {}))
        return {**value, "display": display, "settings": settings}


Block = Annotated[TextBlock | ChartBlock, Field(discriminator="kind")]


class Report(_Part):
    """`runs` are ids of the runs that it is about; `owner` made it."""

    title: str = Field(min_length=1, max_length=MOST_TITLE)
    runs: tuple[str, ...] = Field(min_length=1, max_length=MOST_RUNS)
    blocks: tuple[Block, ...] = Field((), max_length=MOST_BLOCKS)
    owner: str = Field("", max_length=MOST_TITLE)

    @classmethod
    def parse(cls, value: Any) -> "Report":
        """Checks what came from a file or a form.

        Raises:
            ReportError: naming the first thing that is not as it should be.
        """
        try:
            return cls.model_validate_json(value) if isinstance(value, str | bytes) else cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise ReportError(f"Expected a report that can be read; got {place}: {first['msg']}.") from None

    def change(self, **changes: Any) -> "Report":
        """With other parts, which are checked.

        Raises:
            ReportError: as `parse`.
        """
        title, blocks = changes.get("title", self.title), changes.get("blocks", self.blocks)
        if not 1 <= len(title.strip()) <= MOST_TITLE:
            raise ReportError(f"Expected a title of 1 to {MOST_TITLE} characters; got {len(title.strip()):,}.")
        if len(blocks) > MOST_BLOCKS:
            raise ReportError(f"Expected at most {MOST_BLOCKS} parts in a report; got {len(blocks)}.")
        for block in blocks:
            if isinstance(block, TextBlock) and len(block.text) > MOST_WORDS:
                raise ReportError(f"Expected words of at most {MOST_WORDS:,} characters; got {len(block.text):,}.")
        return Report.parse({**self.model_dump(), **{n: _dump(v) for n, v in changes.items()}})

    def replace(self, block_id: str, **changes: Any) -> "Report":
        """With other values of a block."""
        place = self._find(block_id)
        block = self.blocks[place].model_copy(update=changes)
        return self.change(blocks=(*self.blocks[:place], block, *self.blocks[place + 1 :]))

    def move(self, block_id: str, steps: int) -> "Report":
        """With a block so many places further down; up where negative. It stops at the ends."""
        blocks = list(self.blocks)
        place = self._find(block_id)
        block = blocks.pop(place)
        blocks.insert(max(place + steps, 0), block)
        return self.change(blocks=tuple(blocks))

    def remove(self, block_id: str) -> "Report":
        place = self._find(block_id)
        return self.change(blocks=self.blocks[:place] + self.blocks[place + 1 :])

    def insert(self, block: TextBlock | ChartBlock, after: str | None = None) -> "Report":
        """With one more block, after another one or before all."""
        place = 0 if after is None else self._find(after) + 1
        return self.change(blocks=(*self.blocks[:place], block, *self.blocks[place:]))

    def _find(self, block_id: str) -> int:
        for place, block in enumerate(self.blocks):
            if block.id == block_id:
                return place
        raise ReportError(f"Expected a part of the report; got {block_id!r:.40}, which is gone.")


def _dump(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return tuple(map(_dump, value)) if isinstance(value, tuple | list) else value
