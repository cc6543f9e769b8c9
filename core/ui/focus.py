"""Focus: an element that has opened a dialog has the focus again when the dialog is closed."""

import streamlit as st

_JS = """
const DIALOG = '[role="dialog"]', MENU = '[role="menu"], [data-testid="stMainMenuPopover"]';

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
    let left = 20;
    const timer = setInterval(() => {
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (!open() && lost && opener?.isConnected) opener.focus();
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
