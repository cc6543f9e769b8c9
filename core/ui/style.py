"""Style sheet of all pages, for what the theme of Streamlit cannot set."""

import streamlit as st

_CSS = """
<style>
/* Streamlit leaves 6 rem above the title and 10 rem below the page. */
.stMainBlockContainer { padding-top: 3.75rem; padding-bottom: 4rem; }
[class*="st-key-page-title"] { overflow: visible; }
[class*="st-key-page-title"] h1 { padding-top: 0; }
.st-key-page-title-long h1 { font-size: 1.5rem; }
[class*="st-key-page-title"] > :last-child { flex: none; }
@media (max-width: 640px) {  /* a long title has the whole width, and the terms follow it */
  [class*="st-key-page-title"] { flex-wrap: wrap; }
  [class*="st-key-page-title"] > :first-child { flex: 1 1 auto; width: auto; }
  :is(.st-key-page-title-medium, .st-key-page-title-long) h1 { font-size: 1.25rem; }
  /* The minimum width that Streamlit gives this group moves the menu out of the screen, next to a logo. */
  [data-testid="stToolbar"] div:has(> [data-testid="stMainMenu"]) { min-width: 0; width: auto; flex: 1 1 0;
    justify-content: flex-end; }
}
/* White text on the primary color of the dark theme has a contrast of 2.4. */
.stApp button[kind="primary"], .stApp button[kind="primaryFormSubmit"], [data-tag], [data-tag] * {
  color: light-dark(#ffffff, #0f141b) !important;
}
/* Streamlit darkens the primary color for a tertiary button that is pressed or open. */
.stApp button[kind="tertiary"]:is(:hover, :focus, :active, [aria-expanded="true"]) {
  color: light-dark(#0a6fa8, #6cc4f2) !important;
}
/* Streamlit fades a caption as a whole, which leaves its links a contrast of 2.6. */
[data-testid="stCaptionContainer"]:has(a) { opacity: 1; }
/* Streamlit cuts off names of comparisons at the width of the sidebar, where they differ in the end. */
body:has([data-testid="stSidebar"] [aria-expanded="true"]) [data-testid="stSelectboxVirtualDropdown"] {
  min-width: min(26rem, calc(100vw - 2rem));
}
/* A link next to boxes and buttons is as high as these. */
.st-key-dataset-choice [data-testid="stPageLink"] a { min-height: 2.5rem; margin: 0; }
.st-key-dataset-choice [data-testid="stElementContainer"]:has([data-testid="stPageLink"]) { margin: 0; }
.st-key-navigation { display: none; }  /* has no content */
.screen-reader { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
</style>
"""


def apply_style() -> None:
    """Add the style sheet to the page."""
    st.html(_CSS)
