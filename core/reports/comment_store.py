"""Store of the comments of reports: `reports/<id>/comments/000007.json` is the seventh change, created exclusively and
never overwritten, so that users who write at the same time lose nothing."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from core.errors import ReportError
from core.files import read_file, write_json
from core.home import Home
from core.reports.address import check_report_id
from core.reports.comment import MAX_CHANGES, MAX_COMMENT_CHARS, Comment, CommentChange, collect_comments
from core.reports.report_folder import list_numbers
from core.reports.report_store import ReportStore

_CHANGE = re.compile(r"(\d{6})\.json")
_MAX_BYTES = 100_000


@dataclass(frozen=True)
class Discussion:
    """Comments of a report, and the number of changes that cannot be read."""

    comments: tuple[Comment, ...]
    damaged: int = 0

    @property
    def open(self) -> tuple[Comment, ...]:
        """The comments that are not resolved."""
        return tuple(comment for comment in self.comments if not comment.resolved)

    def find(self, number: int) -> Comment:
        """Return a comment or a reply.

        Raises:
            ReportError: when it does not exist or was deleted.
        """
        for comment in self.comments:
            for one in (comment, *comment.replies):
                if one.number == number:
                    return one
        raise ReportError(f"Comment {number} was not found; it may have been deleted.")


class CommentStore:
    """Comments of the reports of a home. Safe for concurrent use by threads and processes.

    Raises:
        HomeError: from every method, when the home cannot be read or written.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._cache: dict[str, tuple[int, Discussion]] = {}
        self._folders: dict[str, Path] = {}  # the list of reports asks for all of them at every page view

    def read(self, report_id: str) -> Discussion:
        """Return the comments of a report; none if it does not exist."""
        folder = self._folder(report_id)
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return Discussion(())
        cached = self._cache.get(report_id)
        if cached is None or cached[0] != changed:
            numbers = _list_changes(folder)
            changes = [change for number in numbers if (change := _read_change(folder, number))]
            cached = changed, Discussion(tuple(collect_comments(changes)), len(numbers) - len(changes))
            self._cache[report_id] = cached
        return cached[1]

    def post(
        self, report_id: str, text: str, by: str, *, block: str = "", version: int = 0, of: int | None = None
    ) -> Comment:
        """Add a comment, or a reply to the comment `of`.

        Raises:
            ReportError: when the report, the version or the comment does not exist, or the text is invalid.
        """
        reports = ReportStore(self.home)
        reports.read(report_id)
        if version and version not in reports.versions(report_id):
            raise ReportError(f"Report {report_id} has no version {version}.")
        if of is not None:
            above = self.read(report_id).find(of)
            if above not in self.read(report_id).comments:
                raise ReportError("A reply cannot be answered. Answer the comment that it belongs to.")
            block = above.block
        change = self._write(report_id, "add", by, text=_check_text(text), block=block, version=version, of=of)
        return Comment(change.number, block, version, change.text, by, change.at)

    def edit(self, report_id: str, number: int, text: str, by: str) -> None:
        """Replace the text of a comment or a reply."""
        self.read(report_id).find(number)
        self._write(report_id, "edit", by, of=number, text=_check_text(text))

    def mark_resolved(self, report_id: str, number: int, by: str, *, resolved: bool = True) -> None:
        """Mark a comment with its replies as resolved, or as open again."""
        self.read(report_id).find(number)
        self._write(report_id, "resolve" if resolved else "reopen", by, of=number)

    def delete(self, report_id: str, number: int, by: str) -> None:
        """Delete a comment or a reply. The replies to a deleted comment remain."""
        self.read(report_id).find(number)
        self._write(report_id, "delete", by, of=number)

    def _write(self, report_id: str, kind: str, by: str, **values: object) -> CommentChange:
        folder = self._folder(report_id)
        while True:
            number = max(_list_changes(folder), default=0) + 1
            if number > MAX_CHANGES:
                raise ReportError(f"A report may have at most {MAX_CHANGES:,} changes of comments.")
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            try:
                change = CommentChange.model_validate({"number": number, "kind": kind, "by": by, "at": at, **values})
            except ValidationError:
                raise ReportError("This comment has characters or a block that a report cannot have.") from None
            with suppress(FileExistsError):
                write_json(folder / f"{number:06}.json", change.model_dump(), new=True, durable=True)
                return change

    def _folder(self, report_id: str) -> Path:
        if report_id not in self._folders:
            check_report_id(report_id)
            self._folders[report_id] = self.home.reports / report_id / "comments"
        return self._folders[report_id]


def _check_text(text: str) -> str:
    text = text.strip().replace("\r\n", "\n")
    if not 1 <= len(text) <= MAX_COMMENT_CHARS:
        raise ReportError(f"Expected a comment of 1 to {MAX_COMMENT_CHARS:,} characters; got {len(text):,}.")
    return text


def _list_changes(folder: Path) -> list[int]:
    """Return the numbers of the changes; a file of another program with a higher number must not end the discussion."""
    return [number for number in list_numbers(folder, _CHANGE) if 1 <= number <= MAX_CHANGES]


def _read_change(folder: Path, number: int) -> CommentChange | None:
    with suppress(OSError, ValidationError):
        change = CommentChange.model_validate_json(read_file(folder / f"{number:06}.json", _MAX_BYTES))
        return change if change.number == number else None
    return None
