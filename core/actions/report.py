"""Actions on reports: create, edit, publish and delete. Trainers can change own reports, admins all reports."""

from core.access.action import check_owner, needs
from core.access.role import Role, User
from core.home import Home
from core.reports.address import split_address
from core.reports.document import Document
from core.reports.own_image import store_image
from core.reports.report import Report
from core.reports.report_store import ReportStore
from core.reports.revision import Draft, PublishedVersion
from core.reports.view_link import create_view_link, revoke_view_link

_KIND = "report"


@needs(Role.TRAINER, "edit reports")
def create_report(user: User, home: Home, report: Report) -> Draft:
    """Create a report (see `ReportStore.create`)."""
    return ReportStore(home).create(report, user.signature)


@needs(Role.TRAINER, "edit reports")
def duplicate_report(user: User, home: Home, report: Report) -> Draft:
    """Copy a report, also of another user, to a new report of the user (see `ReportStore.duplicate`)."""
    return ReportStore(home).duplicate(report, user.signature)


@needs(Role.TRAINER, "edit reports")
def save_report(user: User, home: Home, seen: Draft, report: Report) -> Draft:
    """Save the next revision of a draft (see `ReportStore.save`)."""
    return _open_own(user, home, seen.id).save(seen, report, user.signature)


@needs(Role.TRAINER, "edit reports")
def add_report_image(user: User, home: Home, report_id: str, data: bytes, alt: str) -> str:
    """Store an image for a report and return the Markdown that refers to it (see `store_image`)."""
    _open_own(user, home, report_id)
    return store_image(home, data, alt)


@needs(Role.TRAINER, "edit reports")
def undo_report(user: User, home: Home, seen: Draft) -> Draft:
    """Undo the last change of a draft (see `ReportStore.undo`)."""
    return _open_own(user, home, seen.id).undo(seen, user.signature)


@needs(Role.TRAINER, "publish reports")
def publish_report(user: User, home: Home, draft: Draft, document: Document) -> PublishedVersion:
    """Publish a report (see `ReportStore.publish`)."""
    return _open_own(user, home, draft.id).publish(draft, document, user.signature)


@needs(Role.TRAINER, "delete reports")
def delete_report(user: User, home: Home, report_id: str) -> None:
    """Delete a report (see `ReportStore.remove`)."""
    _open_own(user, home, report_id).remove(report_id, user.signature)


@needs(Role.TRAINER, "restore reports")
def restore_reports(user: User, home: Home, report_ids: list[str]) -> None:
    """Restore deleted reports (see `ReportStore.restore`). Trainers restore own reports that they deleted."""
    for report_id in report_ids:
        for name in ReportStore(home).list_removers(report_id):
            check_owner(user, name, _KIND)
    for report_id in report_ids:
        ReportStore(home).restore(report_id)


def may_restore(user: User, home: Home, report_id: str) -> bool:
    """Return whether a user is an admin, or the owner of a deleted report who deleted it."""
    return user.role >= Role.ADMIN or ReportStore(home).list_removers(report_id) == {user.signature}


@needs(Role.ADMIN, "delete reports permanently")
def clear_reports(user: User, home: Home) -> None:
    """Delete all reports in the trash permanently (see `ReportStore.clear`)."""
    ReportStore(home).clear()


@needs(Role.TRAINER, "share reports")
def share_report(user: User, home: Home, address: str, days: int | None) -> str:
    """Create a view-only link to a published version and return its path (see `create_view_link`)."""
    report_store = _open_own(user, home, split_address(address)[0])
    return create_view_link(report_store, address, user.signature, days)[0]


@needs(Role.TRAINER, "share reports")
def unshare_report(user: User, home: Home, report_id: str, name: str) -> None:
    """Revoke a view-only link (see `revoke_view_link`)."""
    revoke_view_link(_open_own(user, home, report_id), report_id, name)


def check_author(user: User, draft: Draft) -> None:
    """
    Raises:
        AccessError: when the user is neither the owner of the report nor an admin.
    """
    check_owner(user, draft.report.owner, _KIND)


def _open_own(user: User, home: Home, report_id: str) -> ReportStore:
    report_store = ReportStore(home)
    check_author(user, report_store.read(report_id))
    return report_store
