"""Models of JSON responses about reports and their comments."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from core.api.response import ResponseModel


class ReportSummary(ResponseModel):
    """A report: the title and the runs of its draft, its published versions, and the number of its open comments."""

    id: str
    title: str
    owner: str
    changed_at: str
    versions: tuple[int, ...]
    runs: tuple[str, ...]
    open_comments: Annotated[int, Field(ge=0)]


class ReportList(ResponseModel):
    """Up to `limit` reports from `offset`, the most recently changed first. `total` is the number of reports that match
    the search."""

    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    reports: tuple[ReportSummary, ...]


class ReportDocument(ResponseModel):
    """A published version of a report: all texts and values, as in its JSON file."""

    model_config = ConfigDict(extra="allow")

    title: str
    author: str
    made_at: str
    headline: str
    facts: tuple[str, ...]
    cautions: tuple[str, ...]
    sections: tuple[dict[str, Any], ...]
    runs: tuple[dict[str, Any], ...]
    reproduction: dict[str, Any]
    address: str
    published_at: str
    checksum: str


class ReplyModel(ResponseModel):
    """A reply to a comment."""

    number: int
    text: str
    by: str
    at: str
    edited: bool


class CommentModel(ResponseModel):
    """A comment on a report, or on one of its blocks. `version` is the published version that its author read, 0 for
    the draft; a deleted comment has no text, only replies."""

    number: int
    block: str
    version: int
    text: str
    by: str
    at: str
    edited: bool
    deleted: bool
    resolved: bool
    resolved_by: str
    resolved_at: str
    replies: tuple[ReplyModel, ...]


class CommentList(ResponseModel):
    """All comments on a report, oldest first."""

    comments: tuple[CommentModel, ...]
