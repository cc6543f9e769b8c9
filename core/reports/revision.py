"""Files of a report: a revision of its draft, and a published version."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.bounds import Checksum, Prose, UtcTime
from core.reports.address import ID
from core.reports.document import Document
from core.reports.report import Report

_Number = Annotated[int, Field(ge=1, le=999_999)]


class Draft(BaseModel):
    """Revision of a report draft. `before` is the revision that undo restores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    revision: _Number
    report: Report
    by: Prose
    at: UtcTime
    before: _Number | None = None


class PublishedVersion(BaseModel):
    """Published version of a report: a frozen document and its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    version: _Number
    by: Prose
    at: UtcTime
    checksum: Checksum
    document: Document

    @property
    def address(self) -> str:
        """Return the permanent address of this version, for links and the command line."""
        return f"{self.id}-{self.version}"


def describe_conflict(now: Draft) -> str:
    """Return the message for a user who changed what another user had changed and saved in `now`."""
    user = f"{now.by:.60}" or "Another user"
    return f"{user} changed this report at {now.at[11:16]} UTC. Reload it, or save yours as a copy."


def describe_damage(report_id: str, version: int, reason: str) -> str:
    return f"Version {version} of report {report_id} is damaged ({reason}). Restore its file from a backup."
