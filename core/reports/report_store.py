"""Store of the reports of a home: drafts with all their revisions, and immutable published versions.

`reports/<id>/draft-000007.json` is the seventh revision of a draft, `reports/<id>/published-2.json` the second
published version. Each file is created exclusively and never overwritten. If two users save at the same time, the
second one gets a conflict error and no change is lost.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from core.errors import HeadroomError, HomeError, ReportConflictError, ReportDamagedError, ReportError
from core.files import read_file, write_json
from core.home import Home
from core.reports.address import ID, check_report_id, split_address
from core.reports.document import Document
from core.reports.merge import merge_reports
from core.reports.removal import list_removers, write_removal
from core.reports.report import Report, draw_id
from core.reports.report_folder import list_numbers, move_folder
from core.reports.revision import Draft, PublishedVersion, describe_conflict, describe_damage
from core.store.trash import Trash
from core.suggestion import suggest

_DRAFT = re.compile(r"draft-(\d{6})\.json")
_MAX_BYTES = 500_000_000  # of a published version, which contains its images
_PUBLISHED = re.compile(r"published-(\d{1,6})\.json")


@dataclass(frozen=True)
class ReportEntry:
    """Entry of the report list: the latest draft of a report and its published versions.

    `notice` is a message if the latest revision is damaged, so that `draft` is an earlier one.
    """

    draft: Draft
    versions: tuple[int, ...]
    notice: str = ""


class ReportStore:
    """Report store of a home. Safe for concurrent use by threads and processes.

    Raises:
        HomeError: from every method, when the home cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._cache: dict[str, tuple[int, ReportEntry]] = {}

    def entries(self) -> list[ReportEntry]:
        """Return all reports, the most recently changed first, without those in `damaged`."""
        return self.list_all()[0]

    def damaged(self) -> dict[str, str]:
        """Return the error messages of the reports without a readable revision, by ID."""
        return self.list_all()[1]

    def list_all(self) -> tuple[list[ReportEntry], dict[str, str]]:
        """Return `entries` and `damaged`, for which the folders of all reports are read once."""
        entries: list[ReportEntry] = []
        damaged: dict[str, str] = {}
        for folder in self._folders():
            try:
                changed = folder.stat().st_mtime_ns
                cached = self._cache.get(folder.name)
                if cached is None or cached[0] != changed:
                    draft, versions = self.read(folder.name), self.versions(folder.name)
                    cached = changed, ReportEntry(draft, versions, self.find_notice(draft))
                    self._cache[folder.name] = cached
                entries.append(cached[1])
            except FileNotFoundError:  # deleted in the meantime
                continue
            except (HeadroomError, OSError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                damaged[folder.name] = f"Report {folder.name} cannot be read: {reason}".rstrip(".") + "."
        return sorted(entries, key=lambda entry: entry.draft.at, reverse=True), damaged

    def read(self, report_id: str) -> Draft:
        """Return the latest revision of a draft that is not damaged (see `find_notice`).

        Raises:
            ReportError: when the report does not exist or was deleted.
            ReportDamagedError: when all of its revisions are damaged.
        """
        revisions = list_numbers(self._folder(report_id), _DRAFT)
        if not revisions:
            raise ReportError(self._describe_missing(report_id))
        for revision in reversed(revisions):
            with suppress(ReportDamagedError):
                return self._read_draft(report_id, revision)
        return self._read_draft(report_id, revisions[-1])

    def find_notice(self, draft: Draft) -> str:
        """Return a message if a later revision than the draft is damaged; an empty text otherwise."""
        if max(list_numbers(self._folder(draft.id), _DRAFT), default=0) <= draft.revision:
            return ""
        return (
            f"The latest revision of report {draft.id} is damaged. This is the revision of {draft.at[:10]}, "
            f"{draft.at[11:16]} UTC; later changes cannot be read."
        )

    def create(self, report: Report, by: str) -> Draft:
        """Create a report owned by a user."""
        return self._write(Draft(id=f"r{draw_id(7)}", revision=1, report=report.change(owner=by), by=by, at=_now()))

    def save(self, seen: Draft, report: Report, by: str) -> Draft:
        """Save `report` as the next revision after `seen`. The owner is kept; an unchanged report is not saved again.

        Changes of other blocks that another user saved after `seen` are merged (see `merge_reports`).

        Raises:
            ReportConflictError: when another user changed the same block or field; that revision is kept.
            ReportError: when the report was deleted.
        """
        report = report.change(owner=seen.report.owner)
        if report == seen.report:
            return seen
        now = self.read(seen.id)
        if now.revision != seen.revision:
            merged = merge_reports(seen.report, report, now.report)
            if merged.conflicts:
                raise ReportConflictError(describe_conflict(now))
            if merged.report == now.report:
                return now
            seen, report = now, merged.report
        return self._append(seen, report, by, before=seen.revision)

    def revisions(self, report_id: str) -> list[Draft]:
        """Return all readable revisions of a draft, oldest first."""
        found = []
        for revision in list_numbers(self._folder(report_id), _DRAFT):
            with suppress(ReportDamagedError):
                found.append(self._read_draft(report_id, revision))
        return found

    def undo(self, seen: Draft, by: str) -> Draft:
        """Undo the last change. Repeated calls undo earlier changes.

        Raises:
            ReportConflictError: when another user saved a revision after `seen`.
            ReportError: when there is nothing to undo.
        """
        if seen.before is None:
            raise ReportError("There is nothing to undo: this is the first revision of the report.")
        earlier = self._read_draft(seen.id, seen.before)
        return self._append(seen, earlier.report, by, before=earlier.before)

    def duplicate(self, report: Report, by: str) -> Draft:
        """Create a copy of a report with a new ID."""
        title = f"{report.title[:280]} (copy)"
        return self.create(report.change(title=title), by)

    def publish(self, draft: Draft, document: Document, by: str) -> PublishedVersion:
        """Publish a document as the next version of a report.

        Raises:
            ReportConflictError: when the draft was changed in the meantime.
        """
        now = self.read(draft.id)
        if now.revision != draft.revision:
            raise ReportConflictError(describe_conflict(now))
        while True:
            version = max(self.versions(draft.id), default=0) + 1
            found = PublishedVersion(
                id=draft.id, version=version, by=by, at=_now(), checksum=document.checksum, document=document
            )
            with suppress(FileExistsError):
                write_json(
                    self._folder(draft.id) / f"published-{version}.json", found.model_dump(), new=True, durable=True
                )
                return found

    def versions(self, report_id: str) -> tuple[int, ...]:
        return tuple(list_numbers(self._folder(report_id), _PUBLISHED))

    def locate(self, address: str) -> Path:
        """Return the path of a published version, by default of the latest. The file never changes.

        Raises:
            ReportError: when the version does not exist.
        """
        report_id, version = split_address(address)
        versions = self.versions(report_id)
        if version is None and versions:
            version = versions[-1]
        if version is None or version not in versions:
            if not list_numbers(self._folder(report_id), _DRAFT):
                raise ReportError(self._describe_missing(report_id))
            name = "published version" if version is None else f"version {version}"
            raise ReportError(f"Report {report_id} has no {name}. Publish it first, or open its draft.")
        return self._folder(report_id) / f"published-{version}.json"

    def open(self, address: str) -> PublishedVersion:
        """Open a published version, by default the latest.

        Raises:
            ReportError: when the version does not exist.
            ReportDamagedError: when the file is damaged.
        """
        path = self.locate(address)
        report_id, version = path.parent.name, int(path.stem.rpartition("-")[2])
        try:
            found = PublishedVersion.model_validate_json(read_file(path, _MAX_BYTES))
        except (OSError, ValidationError):
            raise ReportDamagedError(describe_damage(report_id, version, "the file cannot be read")) from None
        if (found.id, found.version) != (report_id, version) or found.checksum != found.document.checksum:
            raise ReportDamagedError(describe_damage(report_id, version, "checksum mismatch"))
        return found

    def remove(self, report_id: str, by: str = "") -> None:
        """Move a report with all its versions to the trash atomically (see `restore`)."""
        self.read(report_id)
        write_removal(self._folder(report_id), by)
        move_folder(self._folder(report_id), self._trash.path / report_id)

    def restore(self, report_id: str) -> None:
        """Restore a deleted report.

        Raises:
            ReportError: when the report is not in the trash.
        """
        if report_id not in self.removed():
            raise ReportError(
                f"Report {report_id!r:.60} is not in the trash. Deleted reports that were cleared cannot be restored."
            )
        move_folder(self._trash.path / report_id, self._folder(report_id))

    def list_removers(self, report_id: str) -> set[str]:
        """Return who may restore a deleted report if it is one user (see `removal.list_removers`)."""
        return list_removers(self._trash.path / report_id)

    def removed(self) -> list[str]:
        """Return the IDs of the deleted reports that can be restored."""
        return self._trash.names()

    def clear(self) -> None:
        """Delete all reports in the trash permanently."""
        self._trash.clear()

    @property
    def _trash(self) -> Trash:
        return Trash(self.home.reports / ".removed", ID)

    def _folder(self, report_id: str) -> Path:
        check_report_id(report_id)
        return self.home.reports / report_id

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.home.reports.iterdir() if ID.fullmatch(path.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise HomeError(f"Cannot read {self.home.reports}: {error.strerror}.") from error

    def _append(self, seen: Draft, report: Report, by: str, *, before: int | None) -> Draft:
        # Listed before the check: a revision that another user saves after it has this number, and is a conflict. The
        # number is more than one above that of `seen` if later revisions are damaged.
        revision = max(list_numbers(self._folder(seen.id), _DRAFT), default=0) + 1
        now = self.read(seen.id)
        if now.revision != seen.revision:
            raise ReportConflictError(describe_conflict(now))
        return self._write(Draft(id=seen.id, revision=revision, report=report, by=by, at=_now(), before=before))

    def _write(self, draft: Draft) -> Draft:
        path = self._folder(draft.id) / f"draft-{draft.revision:06}.json"
        try:
            write_json(path, draft.model_dump(), new=True, durable=True)
        except FileExistsError:
            raise ReportConflictError(describe_conflict(self.read(draft.id))) from None
        return draft

    def _read_draft(self, report_id: str, revision: int) -> Draft:
        path = self._folder(report_id) / f"draft-{revision:06}.json"
        try:
            draft = Draft.model_validate_json(read_file(path))
            if (draft.id, draft.revision) == (report_id, revision):
                return draft
        except (OSError, ValueError):
            pass
        problem = f"Report {report_id} is damaged: {path.name} cannot be read."
        raise ReportDamagedError(f"{problem} Restore the file from a backup.")

    def _describe_missing(self, report_id: str) -> str:
        if report_id in self.removed():
            return f"Report {report_id} was deleted. You can restore it on the Reports page."
        hint = suggest(report_id, (folder.name for folder in self._folders()), ids=True)
        return f"Report {report_id} was not found; it may have been deleted. {hint}".rstrip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
