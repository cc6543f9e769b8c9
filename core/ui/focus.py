"""Focus after a dialog is closed: the element that has opened it has it again; without one, the title of the page."""

import streamlit as st

_JS = """
const DIALOG = '[role="dialog"]', MENU = '[role="menu"], [data-testid="stMainMenuPopover"]';
const TITLE = '[data-testid="stMain"] h1';
/* Tenths of a second: a page that is drawn again may restore the focus, or remove the element that has it; a busy
   server may close the dialog later. */
const REDRAW = 5, AFTER = 30, PATIENCE = 300;

function focusTitle() {
  const title = document.querySelector(TITLE);
  title?.setAttribute("tabindex", "-1");
  title?.focus();
}

/* Streamlit returns the focus only if the element that was clicked still exists: not for an item of its menu. */
function install() {
  let opener = null, timer = 0, patience = 0, left = 0, waited = 0;
  const open = () => document.querySelector(DIALOG);
  document.addEventListener("focusin", (event) => {
    const element = event.composedPath()[0];
    if (!open() && !element.closest?.(MENU)) opener = element;
  });
  const restore = () => {
    if (!open()) return;
    patience = PATIENCE; left = AFTER; waited = 0;
    timer ||= setInterval(look, 100);
  };
  function look() {
    if (open()) {
      left = AFTER;
      if (--patience > 0) return;
    } else {
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (lost && opener?.isConnected) opener.focus();
      else if (lost && ++waited > REDRAW) focusTitle();
      if (--left > 0) return;
    }
    clearInterval(timer);
    timer = 0;
  }

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
