"""Text of a report with formulas on a page: `st.html` removes MathML."""

import streamlit as st

# Parsed without running scripts. `write_html` writes none; what could do something is removed nevertheless.
_JS = """
export default function ({ data, parentElement }) {
  const parsed = new DOMParser().parseFromString(data.html, "text/html");
  const active = "script, style, link, meta, base, iframe, object, embed, form, svg";
  parsed.querySelectorAll(active).forEach((element) => element.remove());
  parsed.querySelectorAll("ul, ol").forEach((list) => { list.style.paddingLeft = "3rem"; }); // as in st.html
  for (const element of parsed.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      const isSafe = !/^(href|src)$/.test(name) || /^(https?:|mailto:|data:image[/](png|jpeg);)/i.test(value);
      if (name.startsWith("on") || !isSafe) element.removeAttribute(name);
    }
  }
  parentElement.querySelector("div").replaceChildren(...parsed.body.childNodes);
}
"""
_component = st.components.v2.component("headroom_formula_text", html="<div></div>", js=_JS, isolate_styles=False)


def show_formula_text(html: str, key: str) -> None:
    """Show HTML of `write_html` with its MathML."""
    _component(data={"html": html}, key=key)
