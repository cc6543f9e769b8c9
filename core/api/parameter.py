"""Parameters of the HTTP API with their bounds and descriptions."""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bounds import (
    HTTP_LIST,
    HTTP_OFFSET,
    HTTP_RUNS,
    CommentNumber,
    FileName,
    Flag,
    JobState,
    LinkSecret,
    PageOffset,
    PageSize,
    Query,
    ReportAddress,
    ReportId,
    ReportVersion,
    RunId,
    RunIds,
    Split,
    VariantKey,
)
from core.errors import NoSuchPathError, RequestError
from core.store.search import MAX_CHARS

P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """Base class of parameters. Descriptions complete the error message "Expected NAME to be …"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls: type[P], path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> P:
        """
        Raises:
            RequestError: when a parameter is missing, unknown, duplicated or invalid.
            NoSuchPathError: when a parameter in the path is invalid.
        """
        values = dict(path)
        for name, value in query:
            if name in values or name not in cls.model_fields:
                known = ", ".join(name for name in cls.model_fields if name not in path) or "none"
                problem = "is given twice" if name in values else "is unknown"
                raise RequestError(f"Parameter {name!r:.60} {problem}. Parameters: {known}.")
            values[name] = value
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            got = f"{values[name]!r:.60}" if name in values else "nothing"
            kind = NoSuchPathError if name in path else RequestError
            raise kind(f"Expected {name} to be {cls.model_fields[name].description}; got {got}.") from None


_Limit = Annotated[PageSize, Field(description=f"an integer between 1 and {HTTP_LIST:,}")]
_Offset = Annotated[PageOffset, Field(description=f"an integer between 0 and {HTTP_OFFSET:,}")]
_RunId = Annotated[RunId, Field(description="a run ID of 12 hex digits")]
_ReportId = Annotated[ReportId, Field(description="the ID of a report, such as r7k2m9qx")]


class NoParameters(Parameters):
    pass


class UnknownPath(Parameters):
    """Parameters of all undefined paths, which are not found."""

    @classmethod
    def read(cls: type[P], path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> P:
        raise NoSuchPathError("This path was not found. See /api/openapi.json for all paths.")


class RunSearch(Parameters):
    q: Annotated[
        Query,
        Field(
            description=f"a search as on the Runs page with at most {MAX_CHARS} characters",
        ),
    ] = ""
    limit: _Limit = 100
    offset: _Offset = 0


class RunName(Parameters):
    run_id: _RunId


class RunFileName(Parameters):
    run_id: _RunId
    name: Annotated[FileName, Field(description="the name of a file of the run, such as predictions.npz")]


class PredictionSearch(Parameters):
    run_id: _RunId
    split: Annotated[Split, Field(description="test or validation")] = "test"
    limit: _Limit = 100
    offset: _Offset = 0


class JobSearch(Parameters):
    state: Annotated[JobState, Field(description="queued, running, finished, failed or cancelled; by default all")] = ""
    limit: _Limit = 100
    offset: _Offset = 0


class ReportSearch(Parameters):
    q: Annotated[Query, Field(description="words of the title or the owner, at most 500 characters")] = ""
    limit: _Limit = 100
    offset: _Offset = 0


class ReportOnly(Parameters):
    report_id: _ReportId


class CommentName(Parameters):
    report_id: _ReportId
    number: Annotated[CommentNumber, Field(description="the number of a comment")]


class RunNames(Parameters):
    runs: Annotated[
        RunIds,
        Field(
            description=f"at most {HTTP_RUNS} IDs of finished runs, separated by commas",
        ),
    ]

    baseline: Annotated[
        VariantKey,
        Field(description="the ID of a variant, such as gap-3f9a12bc; by default the best one on validation images"),
    ] = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.runs.split(",")))


class ReportName(Parameters):
    address: Annotated[
        ReportAddress,
        Field(
            description="the address of a published report, such as r7k2m9qx for the newest version or r7k2m9qx-2",
        ),
    ]


class SharedReportName(Parameters):
    address: Annotated[ReportVersion, Field(description="the address of a published version, such as r7k2m9qx-2")]
    secret: Annotated[LinkSecret, Field(description="the secret of a view-only link")]


class ReportPage(ReportName):
    comments: Annotated[Flag, Field(description="1 to include the comments, or 0")] = "0"
