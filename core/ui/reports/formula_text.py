"""Text of a report with formulas on a page: `st.html` removes MathML."""

import streamlit as st

_JS = """
export default function ({ data, parentElement }) {
  const text = parentElement.querySelector("div");
  text.innerHTML = data.html; // `write_html` escapes the text of the author and checks its links and images
  text.querySelectorAll("ul, ol").forEach((list) => { list.style.paddingLeft = "3rem"; }); // as in st.html
}
"""
_component = st.components.v2.component("headroom_formula_text", html="<div></div>", js=_JS, isolate_styles=False)


def show_formula_text(html: str, key: str) -> None:
    """Show HTML of `write_html` with its MathML."""
    _component(data={"html": html}, key=key)
