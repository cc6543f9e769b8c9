"""Comments on a report and its blocks: threads with replies, and the fields to write, edit and resolve them."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from core.access.action import Action
from core.actions.comment import add_comment, delete_comment, edit_comment, may_change_comment, resolve_comment
from core.displays.markdown import escape_markdown
from core.plural import format_plural
from core.reports.author_text import write_html
from core.reports.comment import MAX_COMMENT_CHARS, Comment, describe_comment, name_author, write_comment
from core.reports.comment_store import CommentStore, Discussion
from core.reports.document import Document
from core.ui.access import act, denial_reason, user
from core.ui.errors import callback
from core.ui.session import home

_LOCK = ":material/lock:"


@st.cache_resource(show_spinner=False)
def _open_comment_store(path: str) -> CommentStore:
    return CommentStore(home())


def read_comments(report_id: str) -> Discussion:
    """Return the comments of a report."""
    return _open_comment_store(str(home().path)).read(report_id)


def list_open_comments(report_ids: Iterable[str]) -> dict[str, tuple[Comment, ...]]:
    """Return the comments of reports that are not resolved, by report."""
    comments = _open_comment_store(str(home().path))
    return {report_id: comments.read(report_id).open for report_id in report_ids}


class CommentPanel:
    """Comments of one report on a page. `version` is the published version on the page, 0 for the draft."""

    def __init__(self, report_id: str, document: Document, version: int = 0) -> None:
        self.report_id, self.version = report_id, version
        self.comments = read_comments(report_id)
        self._ids = {section.id for section in document.sections}
        self._denial = denial_reason(add_comment)

    def show_block(self, block: str, *, field: bool = True) -> None:
        """Show the comments on a block below it, and the button that adds one unless `field` is false."""
        found = [comment for comment in self.comments.comments if comment.block == block]
        self._show_threads(block, found, field=field)

    def has_open(self, block: str) -> bool:
        """Return whether a block has comments that are not resolved."""
        return any(comment.block == block for comment in self.comments.open)

    def show_summary(self) -> None:
        """Show below the heading how many comments are open, and those that mention the user."""
        count = len(self.comments.open)
        if not count:
            return
        mentions = sum(comment.mentions(user().signature) for comment in self.comments.open)
        of_you = f", {mentions:,} of them mention{'s' * (mentions == 1)} you" if mentions else ""
        st.caption(f":material/chat: {format_plural(count, 'open comment')}{of_you}.")

    def show_report(self) -> None:
        """Show the comments on the report as a whole, and on blocks that were deleted."""
        found = [comment for comment in self.comments.comments if comment.block not in self._ids]
        if found or self.comments.damaged:
            st.header("Comments on the report", anchor=False)
        if self.comments.damaged:
            changes = format_plural(self.comments.damaged, "change")
            st.warning(f"{changes} of the comments cannot be read.", icon=":material/warning:")
        if reason := denial_reason(add_comment):
            st.caption(f"{_LOCK} {reason}")
        self._show_threads("", found)

    def _show_threads(self, block: str, found: list[Comment], *, field: bool = True) -> None:
        key = f"comments-{block or 'report'}"
        for comment in found:
            if not comment.resolved:
                self._show_thread(comment)
        resolved = [comment for comment in found if comment.resolved]
        if resolved:
            label = format_plural(len(resolved), "resolved comment")
            with st.expander(label, icon=":material/check:", on_change="rerun", key=f"{key}-resolved") as fold:
                for comment in resolved if fold.open else ():
                    self._show_thread(comment)
        if field and self._denial is None:
            label = "Comment" if block else "Comment on the report as a whole"
            self._show_field(label, ":material/add_comment:", f"{key}-add", add_comment, block=block,
                             version=self.version)  # fmt: skip

    def _show_thread(self, comment: Comment) -> None:
        with st.container(border=True, gap="small", key=f"comment-{comment.number}"):
            if comment.deleted:
                st.caption("This comment was deleted.")
            else:
                self._show_one(comment)
            for reply in comment.replies:
                with st.container(gap="small", key=f"comment-{reply.number}"):
                    self._show_one(reply, "↳ ")
            if self._denial is not None:
                return
            with st.container(horizontal=True, gap="small"):
                if not comment.resolved:
                    self._show_field("Reply", ":material/reply:", f"reply-{comment.number}", add_comment,
                                     of=comment.number, version=self.version)  # fmt: skip
                label, icon = ("Reopen", "undo") if comment.resolved else ("Resolve", "check")
                self._show_button(label, icon, comment.number, resolve_comment, comment.number, not comment.resolved)

    def _show_one(self, comment: Comment, before: str = "") -> None:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            name = escape_markdown(name_author(comment.by))
            rest = escape_markdown(describe_comment(comment).removeprefix(name_author(comment.by)))
            st.markdown(f"{before}**{name}**{rest}", width="stretch")
            if self._denial is None and may_change_comment(user(), comment):
                self._show_field("Edit", ":material/edit:", f"edit-{comment.number}", edit_comment, comment.number,
                                 text=comment.text)  # fmt: skip
                self._show_button("Delete", "delete", comment.number, delete_comment, comment.number)
        st.html(f'<div style="overflow-wrap:anywhere">{write_html(write_comment(comment.text))}</div>')

    def _show_button(self, label: str, icon: str, number: int, *args: Any) -> None:
        st.button(label, icon=f":material/{icon}:", type="tertiary", key=f"{label}-comment-{number}", on_click=_act,
                  args=(args[0], self.report_id, *args[1:]))  # fmt: skip

    def _show_field(
        self, label: str, icon: str, key: str, action: Action[..., Any], *args: Any, text: str = "", **values: Any
    ) -> None:
        """Show a popover with a text field; its button runs the action with the text."""
        with st.popover(label, icon=icon, type="tertiary", on_change="rerun", key=key) as popover:
            if not popover.open:
                return
            st.text_area("Text of the comment", text, max_chars=MAX_COMMENT_CHARS, key=f"{key}-text",
                         help="@name mentions a user. Web addresses become links.")  # fmt: skip
            st.button("Save", type="primary", key=f"{key}-save", on_click=_save,
                      args=(key, action, self.report_id, args), kwargs=values)  # fmt: skip


@callback
def _act(action: Action[..., Any], *args: Any) -> None:
    act(action, *args)


@callback
def _save(key: str, action: Action[..., Any], report_id: str, args: tuple[Any, ...], **values: Any) -> None:
    """Run an action with the text of a field, and close and clear the field when it succeeds."""
    text = st.session_state[f"{key}-text"]
    act(action, report_id, *args, text, **values)
    del st.session_state[f"{key}-text"]
    st.session_state[key] = False
