"""Actions on comments of reports. Who may comment can also resolve; only authors and admins edit and delete."""

from core.access.action import check_owner, needs
from core.access.role import Role, User
from core.home import Home
from core.reports.comment import Comment
from core.reports.comment_store import CommentStore


@needs(Role.COMMENTER, "comment on reports")
def add_comment(
    user: User, home: Home, report_id: str, text: str, *, block: str = "", version: int = 0, of: int | None = None
) -> Comment:
    """Add a comment or a reply (see `CommentStore.post`)."""
    return CommentStore(home).post(report_id, text, user.signature, block=block, version=version, of=of)


@needs(Role.COMMENTER, "resolve comments")
def resolve_comment(user: User, home: Home, report_id: str, number: int, resolved: bool = True) -> None:
    """Mark a comment as resolved or as open again (see `CommentStore.mark_resolved`)."""
    CommentStore(home).mark_resolved(report_id, number, user.signature, resolved=resolved)


@needs(Role.COMMENTER, "edit comments")
def edit_comment(user: User, home: Home, report_id: str, number: int, text: str) -> None:
    """Replace the text of a comment (see `CommentStore.edit`)."""
    _open_own(user, home, report_id, number).edit(report_id, number, text, user.signature)


@needs(Role.COMMENTER, "delete comments")
def delete_comment(user: User, home: Home, report_id: str, number: int) -> None:
    """Delete a comment (see `CommentStore.delete`)."""
    _open_own(user, home, report_id, number).delete(report_id, number, user.signature)


def may_change_comment(user: User, comment: Comment) -> bool:
    """Return whether a user is an admin or the author of a comment."""
    return user.role >= Role.ADMIN or comment.by == user.signature


def _open_own(user: User, home: Home, report_id: str, number: int) -> CommentStore:
    comments = CommentStore(home)
    check_owner(user, comments.read(report_id).find(number).by, "comment")
    return comments
