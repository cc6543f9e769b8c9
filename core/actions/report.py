"""Reports: writing, publishing and deleting them. A trainer does so with reports of their own, an admin with all."""

from core.access.action import check_own, needs
from core.access.role import OWNER, Role, User
from core.home import Home
from core.reports.document import Document
from core.reports.report import Report
from core.reports.report_store import Draft, PublishedVersion, ReportStore

_WHAT = "a report"


@needs(Role.TRAINER, "write reports")
def create_report(user: User, home: Home, report: Report) -> Draft:
    """As `ReportShelf.create`."""
    return ReportStore(home).create(report, _sign(user))


@needs(Role.TRAINER, "write reports")
def duplicate_report(user: User, home: Home, report: Report) -> Draft:
    """As `ReportShelf.duplicate`: anybody's report becomes one of one's own."""
    return ReportStore(home).duplicate(report, _sign(user))


@needs(Role.TRAINER, "write reports")
def save_report(user: User, home: Home, seen: Draft, report: Report) -> Draft:
    """As `ReportShelf.save`."""
    return _open_own(user, home, seen.id).save(seen, report, _sign(user))


@needs(Role.TRAINER, "write reports")
def undo_report(user: User, home: Home, seen: Draft) -> Draft:
    """As `ReportShelf.undo`."""
    return _open_own(user, home, seen.id).undo(seen, _sign(user))


@needs(Role.TRAINER, "publish reports")
def publish_report(user: User, home: Home, draft: Draft, document: Document) -> PublishedVersion:
    """As `ReportShelf.publish`."""
    return _open_own(user, home, draft.id).publish(draft, document, _sign(user))


@needs(Role.TRAINER, "delete reports")
def delete_report(user: User, home: Home, report_id: str) -> None:
    """As `ReportShelf.remove`."""
    _open_own(user, home, report_id).remove(report_id)


@needs(Role.TRAINER, "bring reports back")
def restore_reports(user: User, home: Home, report_ids: list[str]) -> None:
    """As `ReportShelf.restore`, one after the other."""
    for report_id in report_ids:
        ReportStore(home).restore(report_id)


@needs(Role.ADMIN, "delete reports for good")
def clear_reports(user: User, home: Home) -> None:
    """As `ReportShelf.clear`."""
    ReportStore(home).clear()


def check_author(user: User, draft: Draft) -> None:
    """
    Raises:
        AccessError: when the report is of somebody else, and the user is no admin.
    """
    check_own(user, draft.report.owner, _WHAT)


def _open_own(user: User, home: Home, report_id: str) -> ReportStore:
    report_store = ReportStore(home)
    check_author(user, report_store.read(report_id))
    return report_store


def _sign(user: User) -> str:
    """Nobody signs where nobody logs in."""
    return "" if user.name == OWNER.name else user.name
