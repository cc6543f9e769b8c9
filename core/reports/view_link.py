"""View-only links to a published version, for readers without an account.

`reports/<id>/link-<name>.json` is a link. It contains the SHA-256 of the secret in the URL, never the secret; a secret
has 256 random bits, so a plain digest is safe. Deleting a report also disables its links.
"""

import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.access.token import compute_digest
from core.bounds import Checksum, Prose, UtcTime
from core.errors import HomeError, ReportError
from core.files import read_file, write_json
from core.reports.address import split_address
from core.reports.report import draw_id
from core.reports.report_store import ReportStore

MAX_DAYS = 3650
_MAX_LINKS = 100  # per report
_BYTES = 32
_FILE = re.compile(r"link-([a-z2-9]{8})\.json")
_INVALID = "This link is not valid; it may have been revoked. Ask the sender for a new one."


class ViewLink(BaseModel):
    """View-only link to a published version. `expires` is empty for a link without an expiry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1, le=999_999)]
    sha256: Checksum
    by: Prose
    at: UtcTime
    expires: UtcTime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires is not None and datetime.fromisoformat(self.expires) <= now


def create_view_link(store: ReportStore, address: str, by: str, days: int | None = None) -> tuple[str, str]:
    """Create a link to a published version and return its path in the dashboard, which contains the secret, and its
    name.

    Args:
        address: of a version, such as r7k2m9qx-2.
        days: until the link expires; None for never.

    Raises:
        ReportError: when the version does not exist, or the report has too many links.
    """
    report_id, version = split_address(address)
    if version is None:
        raise ReportError(f"Expected the address of a version such as '{report_id}-1'; got {address!r:.60}.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise ReportError(f"Expected days between 1 and {MAX_DAYS:,}; got {days}.")
    folder = store.locate(address).parent
    if len(list_view_links(store, report_id)) >= _MAX_LINKS:
        raise ReportError(f"Report {report_id} has {_MAX_LINKS} view-only links. Revoke one first.")
    secret, name, now = secrets.token_urlsafe(_BYTES), draw_id(8), datetime.now(UTC)
    expires = (now + timedelta(days=days)).isoformat(timespec="milliseconds") if days else None
    link = ViewLink(
        version=version,
        sha256=compute_digest(secret),
        by=by,
        at=now.isoformat(timespec="milliseconds"),
        expires=expires,
    )
    write_json(folder / f"link-{name}.json", link.model_dump(), new=True, durable=True)
    return f"shared/{address}/{secret}", name


def list_view_links(store: ReportStore, report_id: str) -> dict[str, ViewLink]:
    """Return the links of a report by name, the newest first; damaged files are left out, because they open nothing.

    Raises:
        ReportError: when the report does not exist.
        HomeError: when its folder cannot be read.
    """
    folder = store.home.reports / split_address(report_id)[0]
    try:
        paths = [*folder.iterdir()]
    except FileNotFoundError:
        raise ReportError(f"Report {report_id} was not found; it may have been deleted.") from None
    except OSError as error:
        raise HomeError(f"Cannot read {folder}: {error.strerror}.") from error
    found = {}
    for path in paths:
        if (name := _FILE.fullmatch(path.name)) and (link := _read(path)):
            found[name[1]] = link
    return dict(sorted(found.items(), key=lambda item: item[1].at, reverse=True))


def revoke_view_link(store: ReportStore, report_id: str, name: str) -> None:
    """Delete a link, so that its URL opens nothing.

    Raises:
        ReportError: when the report has no link with this name.
        HomeError: when the file cannot be deleted.
    """
    if name not in list_view_links(store, report_id):
        raise ReportError(f"Report {report_id} has no view-only link {name!r:.60}.")
    path = store.home.reports / report_id / f"link-{name}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise HomeError(f"Cannot delete {path}: {error.strerror}.") from error


def check_view_link(store: ReportStore, address: str, secret: str) -> None:
    """Check the secret of a link to a published version. Compares all links of the report in constant time.

    Raises:
        ReportError: when the link does not exist, was revoked or has expired; the message is the same unless the secret
            is correct.
    """
    report_id, version = split_address(address)
    digest = compute_digest(secret)
    try:
        links = list_view_links(store, report_id).values()
    except ReportError:
        links = {}.values()
    found = [link for link in links if hmac.compare_digest(link.sha256, digest) and link.version == version]
    if not found:
        raise ReportError(_INVALID)
    if found[0].is_expired(datetime.now(UTC)):
        raise ReportError("This link has expired. Ask the sender for a new one.")


def _read(path: Path) -> ViewLink | None:
    try:
        return ViewLink.model_validate_json(read_file(path))
    except (OSError, ValidationError):
        return None
