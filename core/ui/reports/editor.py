"""Editing a draft: each change is saved at once; of two people who edit, the later one is told and loses nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from core.actions.report import duplicate_report, save_report, undo_report
from core.displays.display import DISPLAYS
from core.errors import AccessError, HeadroomError, ReportConflictError, ReportError
from core.reports.build import open_report_comparison
from core.reports.display_option import DisplayOption, list_options
from core.reports.document import Document, Passage
from core.reports.report import ChartBlock, Report, TextBlock
from core.reports.report_store import Draft
from core.store.comparison import Comparison
from core.ui.access import act
from core.ui.reports.document import show_section
from core.ui.reports.listing import open_report
from core.ui.session import chosen_comparison, store

_SEEN, _MINE, _ROUND, _SAID = "report seen", "report of mine", "report round", "report said"
_WORDS = "Words of your own"


def stop_editing() -> None:
    """Forgets what this session has seen of a draft."""
    for name in (_SEEN, _MINE):
        st.session_state.pop(name, None)


def show_editing(newest: Draft) -> Draft:
    """The bar over a report that is edited, and what is edited: the draft as this session saw it."""
    seen: Draft = st.session_state.get(_SEEN, newest)
    if seen.id != newest.id:
        seen = newest
        st.session_state.pop(_MINE, None)
    st.session_state[_SEEN] = seen
    if said := st.session_state.pop(_SAID, None):
        st.error(said, icon=":material/error:")
    mine: Report | None = st.session_state.get(_MINE)
    if mine is not None:
        _show_conflict(newest, mine)
    elif seen.revision < newest.revision:
        st.warning(f"{_name(newest)} changed this report since you opened it.", icon=":material/sync_problem:")
        st.button("Show the newer one", on_click=_take, args=(newest,))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Undo the last change", icon=":material/undo:", disabled=seen.before is None, on_click=_undo)
        st.caption("Every change is saved at once.")
    return seen


def edit(seen: Draft, document: Document) -> None:
    """The title, the runs, and every part with its tools."""
    report = seen.report
    with st.container(border=True):
        _ask(st.text_input, "Title", "title", lambda old, value: old.change(title=value), value=report.title,
             )  # fmt: skip
        _ask(st.text_input, "Runs", "runs", lambda old, value: old.change(runs=_read_runs(value)),
             value=", ".join(report.runs), help="Their ids, separated by commas.")  # fmt: skip
        chosen = chosen_comparison()
        ids = tuple(run.run_id for run in chosen.runs) if chosen else ()
        if ids and set(ids) != set(report.runs):
            st.button("Take the runs of the comparison at the side", icon=":material/sync_alt:", on_click=_change,
                      args=(lambda old: old.change(runs=ids),))  # fmt: skip
    comparison, _ = open_report_comparison(store(), report.runs)
    _offer_part(None)
    for place, (block, section) in enumerate(zip(report.blocks, document.sections, strict=True)):
        with st.container(border=True):
            _show_tools(report, block, place, comparison)
            if isinstance(block, TextBlock):
                _ask(
                    st.text_area, "Markdown", f"words-{block.id}", partial(_replace, block.id, "text"),
                    value=block.text, height="content", label_visibility="collapsed",
                    placeholder="What should a reader know here? **Bold**, lists, tables and links are Markdown.",
                )  # fmt: skip
            if not isinstance(section, Passage) or section.text:
                show_section(section)
        _offer_part(block.id)


def _ask(
    widget: Callable[..., Any], label: str, name: str, make: Callable[[Report, Any], Report], **settings: Any
) -> None:
    """A widget whose value makes a new report of the old one as soon as it is changed."""
    key = _key(name)
    widget(label, key=key, on_change=_change, args=(lambda old: make(old, st.session_state[key]),), **settings)


def _show_tools(report: Report, block: TextBlock | ChartBlock, place: int, comparison: Comparison) -> None:
    last = len(report.blocks) - 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"**{_WORDS if isinstance(block, TextBlock) else _name_display(block.display)}**", width="stretch")
        if isinstance(block, ChartBlock):
            _edit_view(block, comparison)
        tools: list[tuple[str, str, bool, Callable[[Report], Report]]] = [
            ("arrow_upward", "Move up", place == 0, lambda old: old.move(block.id, -1)),
            ("arrow_downward", "Move down", place == last, lambda old: old.move(block.id, 1)),
            ("delete", "Remove", False, lambda old: old.remove(block.id)),
        ]
        for icon, name, unfit, make in tools:
            st.button("", icon=f":material/{icon}:", help=name, disabled=unfit, key=f"{icon}-{block.id}",
                      type="tertiary", on_click=_change, args=(make,))  # fmt: skip


def _edit_view(block: ChartBlock, comparison: Comparison) -> None:
    with st.popover("Settings", icon=":material/tune:", on_change="rerun", key=f"settings-{block.id}") as fold:
        if not fold.open:
            return
        _ask(st.text_input, "Heading", f"title-{block.id}", partial(_replace, block.id, "title"), value=block.title,
             placeholder=_name_display(block.display))  # fmt: skip
        _ask(st.toggle, "With its table", f"table-{block.id}", partial(_replace, block.id, "table"), value=block.table)
        if block.display in DISPLAYS:
            for setting in list_options(DISPLAYS[block.display], comparison):
                _edit_setting(block, setting)


def _edit_setting(block: ChartBlock, setting: DisplayOption) -> None:
    name, value = f"{setting.name}-{block.id}", block.settings.get(setting.name, setting.default)

    def make(old: Report, chosen: Any) -> Report:
        kept = {other: value for other, value in block.settings.items() if other != setting.name}
        return old.replace(block.id, settings=kept if chosen == setting.default else kept | {setting.name: chosen})

    if isinstance(setting.options, range):
        low, high = setting.options.start, setting.options.stop - 1
        _ask(st.number_input, setting.label, name, make, min_value=low, max_value=high,
             value=min(max(int(value), low), high))  # fmt: skip
        return
    options = [*setting.options]
    index = options.index(value) if value in options else 0
    _ask(st.selectbox, setting.label, name, make, options=options, index=index,
         format_func=setting.options.__getitem__)  # fmt: skip


def _offer_part(after: str | None) -> None:
    """A quiet button that puts words or a view after a part, or before all."""
    key = f"add-{after}"
    with st.popover("Add here", icon=":material/add:", type="tertiary", on_change="rerun", key=key) as fold:
        if not fold.open:
            return
        st.button(_WORDS, icon=":material/notes:", key=f"{key}-words", on_click=_insert, args=(TextBlock(), after))
        names = {name: display.title for name, display in DISPLAYS.items()}
        chosen = st.selectbox(
            "A view", [*names], None, format_func=names.__getitem__, placeholder="choose one", key=_key(f"{key}-view")
        )
        if chosen:
            st.button("Add this view", key=f"{key}-add", on_click=_insert, args=(ChartBlock(display=chosen), after))


def _insert(block: TextBlock | ChartBlock, after: str | None) -> None:
    _change(lambda old: old.insert(block, after))
    st.session_state[f"add-{after}"] = False


def _replace(block_id: str, name: str, old: Report, value: Any) -> Report:
    return old.replace(block_id, **{name: value})


def _change(make: Callable[[Report], Report]) -> None:
    """Saves what an author has made of the report; what somebody else was faster with is not written over."""
    seen: Draft = st.session_state[_SEEN]
    try:
        report = make(st.session_state.get(_MINE, seen.report))
    except HeadroomError as error:
        _say(str(error))
        return
    try:
        st.session_state[_SEEN] = act(save_report, seen, report)
    except ReportConflictError as error:
        st.session_state[_MINE] = report
        st.toast(str(error), icon=":material/sync_problem:")  # also where the top of the page is out of sight
    except (ReportError, AccessError) as error:  # it was deleted, or a login ran out
        st.session_state[_MINE] = report
        _say(str(error))


def _undo() -> None:
    try:
        _take(act(undo_report, st.session_state[_SEEN]))
    except (ReportError, AccessError) as error:
        _say(str(error))


def _take(draft: Draft) -> None:
    """Shows a draft in fresh widgets."""
    st.session_state[_SEEN] = draft
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state.pop(_MINE, None)


def _show_conflict(newest: Draft, mine: Report) -> None:
    words = f"{_name(newest)} was faster. What you changed is kept here until you choose, or close this page."
    st.warning(words, icon=":material/sync_problem:")
    with st.container(horizontal=True):
        if st.button("Keep mine as a report of its own", icon=":material/content_copy:", type="primary"):
            kept = act(duplicate_report, mine)
            stop_editing()
            open_report(kept.id)
        st.button("Drop mine, show the newer one", on_click=_take, args=(newest,))


def _read_runs(text: str) -> tuple[str, ...]:
    names = text.replace(";", " ").replace(",", " ").split()
    if not names:
        raise ReportError("Expected the ids of finished runs; got none.")
    ids = tuple(dict.fromkeys(store().find(name).run_id for name in names))
    open_report_comparison(store(), ids)
    return ids


def _say(sentence: str) -> None:
    st.session_state[_SAID] = sentence


def _name(draft: Draft) -> str:
    return draft.by or "Somebody"


def _name_display(name: str) -> str:
    return str(DISPLAYS[name].title) if name in DISPLAYS else name


def _key(name: str) -> str:
    """Of a widget that begins anew when another revision is shown."""
    return f"report-{name}-{st.session_state.get(_ROUND, 0)}"
