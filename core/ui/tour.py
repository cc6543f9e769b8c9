"""Tour of three steps through the examples, for a home without runs. A browser that has dismissed it hides it."""

import streamlit as st

from core.ui import url
from core.ui.navigation import open_page
from core.ui.session import has_runs, home

url.register("tour")

STEPS = (
    (
        "Read the result",
        "The title states the finding and its uncertainty. The tiles, table and charts show what each head costs and "
        "how accurate it is.",
    ),
    (
        "Find the evidence",
        "All pages under Analyze show the same comparison; select another one in the sidebar. Terms, next to each "
        "title, defines the words.",
    ),
    (
        "Train your own",
        "Select a recipe on the Train page and start. The runs of this example are finished; yours are added to them.",
    ),
)

_CSS = """
section { position: fixed; right: 24px; bottom: 24px; z-index: 100; box-sizing: border-box;
  width: min(360px, calc(100vw - 32px)); padding: 16px; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); background: var(--st-secondary-background-color); color: var(--st-text-color);
  font: 14px/1.5 var(--st-font); box-shadow: 0 4px 16px rgb(0 0 0 / .2); }
@media (max-width: 640px) { section { right: 16px; bottom: 16px; } }
h2 { margin: 0 0 4px; font-size: 16px; }
p { margin: 0 0 12px; }
div { display: flex; gap: 8px; }
button { padding: 4px 12px; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-background-color); color: var(--st-text-color); font: inherit; cursor: pointer; }
button:first-child { margin-right: auto; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""

_JS = """
const KEY = "headroom-tour";
const read = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
const remember = () => { try { localStorage.setItem(KEY, "dismissed"); } catch { /* shown again next time */ } };

export default function ({ data, setTriggerValue, parentElement }) {
  const container = parentElement.querySelector(".container");
  if (container.childElementCount || (read() && !data.forced)) return;
  const make = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const section = document.createElement("section");
  section.setAttribute("aria-label", "Tour");
  const close = () => { remember(); section.remove(); setTriggerValue("ended", true); };
  const show = (step, focused) => {
    const [title, text] = data.steps[step];
    const buttons = document.createElement("div");
    const add = (label, onclick) =>
      buttons.append(Object.assign(make("button", label), { type: "button", onclick }));
    add("Dismiss", close);
    if (step) add("Back", () => show(step - 1, true));
    if (step < data.steps.length - 1) add("Next", () => show(step + 1, true));
    else add("Open Train", () => { remember(); section.remove(); setTriggerValue("opened", true); });
    section.replaceChildren(make("h2", `${step + 1} of ${data.steps.length}: ${title}`), make("p", text), buttons);
    if (focused) buttons.lastChild.focus();
  };
  section.onkeydown = (event) => { if (event.key === "Escape") close(); };
  show(0, false);
  container.append(section);
}
"""

_tour = st.components.v2.component("headroom_tour", html='<div class="container"></div>', css=_CSS, js=_JS)


def show_tour() -> None:
    """Show the tour of the example runs if the home has no runs, or if the link asks for it."""
    forced = st.query_params.get("tour") == "true"
    if not forced and home().runs.exists() and any(home().runs.iterdir()):
        return
    if not has_runs():  # nothing to read
        return
    data = {"steps": STEPS, "forced": forced}
    result = _tour(data=data, key="tour-card", on_opened_change=lambda: None, on_ended_change=lambda: None)
    if result.opened or result.ended:
        st.query_params.pop("tour", None)
    if result.opened:
        open_page("pages/train.py")
