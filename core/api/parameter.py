"""What a program may ask with: each parameter once, with its bounds and the words for them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import NoSuchPathError, RequestError
from core.reports.address import ID
from core.store.search import MOST_CHARS

MOST_RUNS = 50
_RUN = "[0-9a-f]{12}"

P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """The description of each follows «Expected NAME to be»."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls: type[P], path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> P:
        """
        Raises:
            RequestError: one sentence, when one is missing, too much, there twice, or not as it should be;
                NoSuchPathError when that is one of the path.
        """
        values = dict(path)
        for name, value in query:
            if name in values or name not in cls.model_fields:
                known = ", ".join(name for name in cls.model_fields if name not in path) or "none"
                raise RequestError(f"Expected each parameter once, of these: {known}; got {name!r:.60}.")
            values[name] = value
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            got = f"{values[name]!r:.60}" if name in values else "none"
            kind = NoSuchPathError if name in path else RequestError
            raise kind(f"Expected {name} to be {cls.model_fields[name].description}; got {got}.") from None


class Nothing(Parameters):
    pass


class Elsewhere(Parameters):
    """Of every other path."""

    @classmethod
    def read(cls: type[P], path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> P:
        raise NoSuchPathError("Expected one of the paths that /api/openapi.json describes; got another.")


class RunSearch(Parameters):
    q: Annotated[
        str,
        Field(max_length=MOST_CHARS, description=f"a search as on the Runs page, of at most {MOST_CHARS} characters"),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=1000, description="a whole number between 1 and 1,000")] = 100
    offset: Annotated[int, Field(ge=0, le=10**6, description="a whole number between 0 and 1,000,000")] = 0


class RunName(Parameters):
    run_id: Annotated[str, Field(pattern=f"^{_RUN}$", description="the id of a run, 12 hex digits")]


class RunNames(Parameters):
    runs: Annotated[
        str,
        Field(
            pattern=f"^{_RUN}(,{_RUN}){{0,{MOST_RUNS - 1}}}$",
            description=f"the ids of at most {MOST_RUNS} finished runs, with commas between them",
        ),
    ]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.runs.split(",")))


class ReportName(Parameters):
    address: Annotated[
        str,
        Field(
            pattern=rf"^{ID.pattern}(-[1-9][0-9]{{0,5}})?$",
            description="the address of a published report, such as r7k2m9qx for the newest version or r7k2m9qx-2",
        ),
    ]
