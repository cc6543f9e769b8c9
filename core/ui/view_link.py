"""Links in share menus: the public address, and view-only links for readers without an account."""

from functools import partial

import streamlit as st

from core.access.deployment import URL, Deployment, serves_api
from core.actions.report import share_report, unshare_report
from core.displays.markdown import escape_markdown
from core.reports.address import split_address
from core.reports.report_store import ReportStore
from core.reports.view_link import list_view_links
from core.ui.access import act, action_button, denial_reason
from core.ui.deployment import find_base_url
from core.ui.errors import callback
from core.ui.session import home

_EXPIRY = {"1 day": 1, "7 days": 7, "30 days": 30, "365 days": 365, "never": None}
_CREATED = "created view-only link"  # address and URL: the secret is shown once and stored nowhere


def show_link(path: str, **parameters: str) -> None:
    """Show a link to a page with a button that copies it, and state if it works only on this machine."""
    base, is_public = find_base_url()
    st.code(Deployment.read().write_link(base, path, **parameters), language=None, wrap_lines=True)
    if not is_public:
        st.caption(
            f"Only this machine can open this link. Set {URL} to the public address of the dashboard to change this."
        )


def show_view_links(address: str) -> None:
    """Show the view-only links to a published version: create, list, revoke."""
    st.markdown("**View-only link**")
    if not serves_api():
        st.caption("View-only links need the HTTP API. Start the dashboard with: headroom serve")
        return
    st.caption("Opens this version without an account. Everyone who has the link can read it.")
    st.selectbox("Expires after", [*_EXPIRY], index=2, key=f"expiry-{address}")
    if reason := denial_reason(share_report):
        st.caption(reason)
    action_button(share_report, "Create view-only link", icon=":material/add_link:", width="stretch",
                  on_click=callback(partial(_create, address)), key=f"create-link-{address}")  # fmt: skip
    created, path = st.session_state.get(_CREATED, ("", ""))
    if created == address:
        show_link(path)
        st.caption("Copy it now: it is shown only once.")
    _show_existing(address)


def _show_existing(address: str) -> None:
    report_id, version = split_address(address)
    for name, link in list_view_links(ReportStore(home()), report_id).items():
        if link.version != version:
            continue
        until = f"expires on {link.expires[:10]}" if link.expires else "never expires"
        by = f" by {link.by}" if link.by else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(escape_markdown(f"Created on {link.at[:10]}{by}; {until}"), width="stretch")
            action_button(unshare_report, "Revoke", type="tertiary", key=f"revoke-{name}",
                          on_click=callback(partial(_revoke, report_id, name)))  # fmt: skip


def _create(address: str) -> None:
    days = _EXPIRY[st.session_state[f"expiry-{address}"]]
    st.session_state[_CREATED] = address, act(share_report, address, days)


def _revoke(report_id: str, name: str) -> None:
    act(unshare_report, report_id, name)
    st.session_state.pop(_CREATED, None)
