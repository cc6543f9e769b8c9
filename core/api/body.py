"""Bodies of the requests that change something, with their bounds and descriptions."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bounds import CommentNumber, Line
from core.errors import RequestError
from core.reports.comment import BlockId, CommentText
from core.store.damage import describe_invalid_field

MAX_SUBMITTED = 200

B = TypeVar("B", bound="Body")

_Value = Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(ge=-1e15, le=1e15)] | bool | Line | None


class Body(BaseModel):
    """Base class of bodies."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def read(cls: type[B], content: bytes) -> B:
        """
        Raises:
            RequestError: when the body is invalid; the message names the first invalid value.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise RequestError(f"The body of this request is invalid: {describe_invalid_field(error)}.") from None


class EmptyBody(Body):
    """The empty object {}."""


class TrainingBody(Body):
    """Runs to train: every head with the seeds from `seed` in `settings`, by default 0, counted up."""

    recipe: Annotated[Line, Field(description="name of a recipe")]
    heads: Annotated[
        tuple[Line, ...] | None, Field(min_length=1, max_length=50, description="by default those of the recipe")
    ] = None
    seeds: Annotated[int, Field(ge=1, le=100, description="seeds per head")] = 1
    settings: Annotated[
        dict[Line, _Value],
        Field(max_length=100, description="hyperparameters that differ from the recipe, such as epochs"),
    ] = {}


class CommentBody(Body):
    """Comment on a report, on one of its blocks, or with `reply_to` a reply to another comment."""

    text: Annotated[CommentText, Field(min_length=1, description="plain text; @name mentions a user")]
    block: Annotated[BlockId, Field(description="ID of a block; empty for the whole report")] = ""
    version: Annotated[int, Field(ge=0, le=999_999, description="published version that it is about")] = 0
    reply_to: CommentNumber | None = None


class ResolutionBody(Body):
    """Whether a comment is resolved, or open again."""

    resolved: bool = True
