"""Focus after a dialog is closed: the element that has opened it has it again; without one, the title of the page."""

import streamlit as st

_JS = """
const DIALOG = '[role="dialog"]', MENU = '[role="menu"], [data-testid="stMainMenuPopover"]';
const TITLE = '[data-testid="stMain"] h1';
const PATIENCE = 5;  // tenths of a second; a page that is drawn again may restore the focus

function focusTitle() {
  const title = document.querySelector(TITLE);
  title?.setAttribute("tabindex", "-1");
  title?.focus();
}

/* Streamlit returns the focus only if the element that was clicked still exists: not for an item of its menu. */
function install() {
  let opener = null;
  const open = () => document.querySelector(DIALOG);
  document.addEventListener("focusin", (event) => {
    const element = event.composedPath()[0];
    if (!open() && !element.closest?.(MENU)) opener = element;
  });
  const restore = () => {
    if (!open()) return;
    let left = 20, waited = 0;
    const timer = setInterval(() => {
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (!open() && lost) {
        if (opener?.isConnected) opener.focus();
        else if (++waited > PATIENCE) focusTitle();
      }
      if ((!open() && !lost) || --left === 0) clearInterval(timer);
    }, 100);
  };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") restore(); }, true);
  document.addEventListener("click", restore, true);
}

export default function () {
  if (!window.headroomFocus) {
    window.headroomFocus = true;
    install();
  }
}
"""

_focus = st.components.v2.component("headroom_focus", html="<span></span>", js=_JS)


def return_focus() -> None:
    """Return the focus after each dialog of this browser tab."""
    _focus(key="focus")
