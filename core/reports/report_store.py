"""The reports of a home: drafts with all their revisions, and published versions that never change.

`reports/<id>/draft-000007.json` is the seventh revision of a draft, `reports/<id>/published-2.json` the second version
that was published. A file is written once and under a name that nobody has yet, so that of two people who save at the
same time one is told, and nothing is lost.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import HomeError, ReportConflictError, ReportDamagedError, ReportError
from core.files import write_json
from core.home import Home
from core.reports.address import ID, split_address
from core.reports.document import Document
from core.reports.report import Report, draw_id
from core.store.trash import Trash

_DRAFT = re.compile(r"draft-(\d{6})\.json")
_PUBLISHED = re.compile(r"published-(\d{1,6})\.json")


class Draft(BaseModel):
    """One revision. `before` is the revision whose content comes back when it is undone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    revision: Annotated[int, Field(ge=1)]
    report: Report
    by: str
    at: str
    before: int | None = None


class PublishedVersion(BaseModel):
    """One version: a frozen document, and the SHA-256 of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: Annotated[int, Field(ge=1)]
    by: str
    at: str
    checksum: str
    document: Document

    @property
    def address(self) -> str:
        """Names this version for good, in a link and on the command line."""
        return f"{self.id}-{self.version}"


@dataclass(frozen=True)
class ReportEntry:
    """A line of the list: the newest draft of a report, and which versions were published."""

    draft: Draft
    versions: tuple[int, ...]


class ReportStore:
    """Safe to share between threads and processes.

    Raises:
        HomeError: from every method, when the home cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._kept: dict[str, tuple[int, ReportEntry]] = {}

    def entries(self) -> list[ReportEntry]:
        """All reports, the one changed last first. One that cannot be read is left out; opening it says why."""
        entries = []
        for folder in self._folders():
            with suppress(ReportError, OSError):
                changed = folder.stat().st_mtime_ns
                kept = self._kept.get(folder.name)
                if kept is None or kept[0] != changed:
                    kept = changed, ReportEntry(self.read(folder.name), self.versions(folder.name))
                    self._kept[folder.name] = kept
                entries.append(kept[1])
        return sorted(entries, key=lambda entry: entry.draft.at, reverse=True)

    def read(self, report_id: str) -> Draft:
        """The newest revision of a draft.

        Raises:
            ReportError: when there is no such report, it was deleted, or its file is damaged.
        """
        revisions = _number(self._folder(report_id), _DRAFT)
        if not revisions:
            raise ReportError(self._explain_absence(report_id))
        return self._read_draft(report_id, revisions[-1])

    def create(self, report: Report, by: str) -> Draft:
        """A new report of somebody's."""
        return self._write(Draft(id=f"r{draw_id(7)}", revision=1, report=report.change(owner=by), by=by, at=_now()))

    def save(self, seen: Draft, report: Report, by: str) -> Draft:
        """Makes `report` the next revision after the one that somebody saw; the owner stays. What is the same is not
        written again.

        Raises:
            ReportConflictError: when somebody saved another one since, which stays as it is.
            ReportError: when the report is gone.
        """
        report = report.change(owner=seen.report.owner)
        if report == seen.report:
            return seen
        return self._append(seen, report, by, before=seen.revision)

    def undo(self, seen: Draft, by: str) -> Draft:
        """Takes the last change back; once more takes the change before it back.

        Raises:
            ReportConflictError: as `save`.
            ReportError: when there is nothing to take back.
        """
        if seen.before is None:
            raise ReportError("Expected a change to take back; got a report as it was at first.")
        earlier = self._read_draft(seen.id, seen.before)
        return self._append(seen, earlier.report, by, before=earlier.before)

    def duplicate(self, report: Report, by: str) -> Draft:
        """A report of the same content under an id of its own."""
        title = f"{report.title[:280]} (copy)"
        return self.create(report.change(title=title), by)

    def publish(self, draft: Draft, document: Document, by: str) -> PublishedVersion:
        """Freezes a document as the next version of a report.

        Raises:
            ReportConflictError: when the draft was changed since it was seen.
        """
        now = self.read(draft.id)
        if now.revision != draft.revision:
            raise ReportConflictError(_tell_conflict(now))
        while True:
            version = max(self.versions(draft.id), default=0) + 1
            found = PublishedVersion(
                id=draft.id, version=version, by=by, at=_now(), checksum=document.checksum, document=document
            )
            with suppress(FileExistsError):
                write_json(self._folder(draft.id) / f"published-{version}.json", found.model_dump(), new=True)
                return found

    def versions(self, report_id: str) -> tuple[int, ...]:
        return tuple(_number(self._folder(report_id), _PUBLISHED))

    def locate(self, address: str) -> Path:
        """The file of a published version; of the newest where the address names none. It never changes.

        Raises:
            ReportError: when there is none.
        """
        report_id, version = split_address(address)
        versions = self.versions(report_id)
        if version is None and versions:
            version = versions[-1]
        if version is None or version not in versions:
            if not _number(self._folder(report_id), _DRAFT):
                raise ReportError(self._explain_absence(report_id))
            raise ReportError(f"Expected a published version of report {report_id}; got {_name_version(version)}.")
        return self._folder(report_id) / f"published-{version}.json"

    def open(self, address: str) -> PublishedVersion:
        """A published version; the newest where the address names none.

        Raises:
            ReportError: when there is none.
            ReportDamagedError: when it is not as it was published.
        """
        path = self.locate(address)
        report_id, version = path.parent.name, int(path.stem.rpartition("-")[2])
        try:
            found = PublishedVersion.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise ReportDamagedError(
                f"Expected report {report_id}-{version} as it was published; got a damaged file."
            ) from None
        if (found.id, found.version) != (report_id, version) or found.checksum != found.document.checksum:
            raise ReportDamagedError(f"Expected report {report_id}-{version} as it was published; got another content.")
        return found

    def remove(self, report_id: str) -> None:
        """Puts a report with all its versions out of sight, in one step; `restore` brings it back."""
        self.read(report_id)
        _rename(self._folder(report_id), self._trash.path / report_id)

    def restore(self, report_id: str) -> None:
        """
        Raises:
            ReportError: when no report of that id was removed.
        """
        if report_id not in self.removed():
            raise ReportError(f"Expected the id of a deleted report; got {report_id!r:.60}.")
        _rename(self._trash.path / report_id, self._folder(report_id))

    def removed(self) -> list[str]:
        """The ids of reports that were removed and can be brought back."""
        return self._trash.names()

    def clear(self) -> None:
        """Deletes for good what was removed."""
        self._trash.clear()

    @property
    def _trash(self) -> Trash:
        return Trash(self.home.reports / ".removed", ID)

    def _folder(self, report_id: str) -> Path:
        if not ID.fullmatch(report_id):  # nothing else may become part of a path
            raise ReportError(f"Expected the id of a report; got {report_id!r:.60}.")
        return self.home.reports / report_id

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.home.reports.iterdir() if ID.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise HomeError(f"Expected to be able to read {self.home.reports}; got: {error.strerror}.") from error

    def _append(self, seen: Draft, report: Report, by: str, *, before: int | None) -> Draft:
        now = self.read(seen.id)
        if now.revision != seen.revision:
            raise ReportConflictError(_tell_conflict(now))
        return self._write(
            Draft(id=seen.id, revision=seen.revision + 1, report=report, by=by, at=_now(), before=before)
        )

    def _write(self, draft: Draft) -> Draft:
        path = self._folder(draft.id) / f"draft-{draft.revision:06}.json"
        try:
            write_json(path, draft.model_dump(), new=True)
        except FileExistsError:
            raise ReportConflictError(_tell_conflict(self.read(draft.id))) from None
        return draft

    def _read_draft(self, report_id: str, revision: int) -> Draft:
        path = self._folder(report_id) / f"draft-{revision:06}.json"
        try:
            return Draft.model_validate_json(path.read_bytes())
        except (OSError, ValueError):
            raise ReportDamagedError(
                f"Expected report {report_id} as it was saved; got a damaged {path.name}."
            ) from None

    def _explain_absence(self, report_id: str) -> str:
        if report_id in self.removed():
            return f"Expected a report; got {report_id}, which was deleted. It can be brought back on the Reports page."
        return f"Expected the id of a report; got {report_id!r}, which is not in this home."


def _number(folder: Path, pattern: re.Pattern[str]) -> list[int]:
    """The numbers of files with such a name, rising."""
    try:
        return sorted(int(found[1]) for name in os.listdir(folder) if (found := pattern.fullmatch(name)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise HomeError(f"Expected to be able to read {folder}; got: {error.strerror}.") from error


def _rename(old: Path, new: Path) -> None:
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        os.rename(old, new)
    except OSError as error:
        raise HomeError(f"Expected to be able to move {old}; got: {error.strerror}.") from error


def _tell_conflict(now: Draft) -> str:
    who = f"{now.by!r:.60}" if now.by else "somebody"
    return f"Expected the report as you saw it; got a newer one, saved by {who} at {now.at[11:16]} UTC."


def _name_version(version: int | None) -> str:
    return "none yet" if version is None else f"version {version}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
