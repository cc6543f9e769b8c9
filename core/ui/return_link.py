"""Return to the opened link after a login: the provider sends the browser back to the start page."""

import streamlit as st

# The tab keeps the link; only links to this dashboard are followed.
_JS = """
export default function ({ data }) {
  const key = "headroom-return";
  if (data.keep) {
    const atStart = location.pathname.endsWith("/") && !location.search;  // where the provider returns anyway
    if (atStart && !data.loggedIn) sessionStorage.removeItem(key);
    const next = new URLSearchParams(location.search).get("next");
    if (!atStart) sessionStorage.setItem(key, next === null ? location.href : next + location.hash);
    return;
  }
  const kept = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  if (kept === null) return;
  const target = new URL(kept, location.origin);
  if (target.origin === location.origin && target.href !== location.href) location.replace(target.href);
}
"""

_component = st.components.v2.component("headroom_return_link", html="<span></span>", js=_JS)


def keep_link(*, logged_in: bool) -> None:
    """Keep the address of the login page, or its parameter `next`, in this browser tab.

    Args:
        logged_in: whether the user has logged in and lacks a role. Then the kept link waits until they have one.
    """
    _component(data={"keep": True, "loggedIn": logged_in}, key="keep-link")


def return_to_link() -> None:
    """Open the kept address once."""
    _component(data={"keep": False}, key="return-to-link")
