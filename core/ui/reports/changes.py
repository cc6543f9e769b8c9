"""Differences between versions and revisions of a report, block by block."""

from collections.abc import Sequence

import streamlit as st

from core.displays.markdown import escape_markdown
from core.plural import format_plural
from core.reports.comment import name_author
from core.reports.difference import PartDifference, ReportPart, compare_parts, split_document, split_report
from core.reports.document import Document
from core.reports.revision import Draft
from core.ui.reports.listing import report_store


def show_changes(draft: Draft, document: Document, address: str = "") -> None:
    """Show a section that compares a version or the draft with another version, or with an earlier revision.

    Args:
        address: address of the version on the page; empty for the draft.
    """
    versions = [f"{draft.id}-{version}" for version in report_store().versions(draft.id)]
    others = [other for other in reversed(versions) if other != address]
    revisions = [] if address or draft.before is None else report_store().revisions(draft.id)[:-1]
    if not others and not revisions:
        return
    with st.expander("Compare versions", icon=":material/difference:", on_change="rerun", key="changes") as fold:
        if not fold.open:
            return
        names = {other: f"Version {other.partition('-')[2]}" for other in others}
        names |= {str(revision.revision): _name_revision(revision) for revision in reversed(revisions)}
        selected = st.selectbox("Compare with", [*names], format_func=names.__getitem__, key=f"changes-{address}")
        before, after = _split(draft, document, selected)
        found = compare_parts(before, after)
        st.caption(f"{format_plural(len(found), 'part')} changed." if found else "Nothing changed.")
        show_differences(found, names[selected], "this version" if address else "the draft")


def _split(draft: Draft, document: Document, selected: str) -> tuple[list[ReportPart], list[ReportPart]]:
    """Return the parts of the selected version or revision, and those of what is on the page."""
    if selected.isdigit():
        earlier = {str(one.revision): one for one in report_store().revisions(draft.id)}[selected]
        return split_report(earlier.report), split_report(draft.report)
    return split_document(report_store().open(selected).document), split_document(document)


def _name_revision(revision: Draft) -> str:
    return f"Revision {revision.revision}, {name_author(revision.by)}, {revision.at[:10]} {revision.at[11:16]} UTC"


def show_differences(found: Sequence[PartDifference], before: str, after: str) -> None:
    """Show the changed parts. Lines with − are only in `before`, lines with + only in `after`."""
    if found:
        st.caption(escape_markdown(f"Lines with - are only in {before}, lines with + only in {after}."))
    for part in found:
        st.markdown(f"**{escape_markdown(part.title)}** ({escape_markdown(part.kind)})")
        if part.lines:
            st.code("\n".join(part.lines), language="diff", wrap_lines=True)
