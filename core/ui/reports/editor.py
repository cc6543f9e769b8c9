"""Editor of a draft. Each change is saved immediately; conflicts between users lose no changes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.actions.report import add_report_image, duplicate_report, save_report, undo_report
from core.displays.display import DISPLAYS
from core.displays.markdown import escape_markdown
from core.displays.option import DisplayOption, list_options
from core.errors import ReportConflictError
from core.home import describe_error
from core.reports.build import open_report_comparison
from core.reports.difference import compare_parts, split_report
from core.reports.document import Document, Passage
from core.reports.merge import FIELDS, ORDER, merge_reports, name_conflicts
from core.reports.own_image import MAX_ALT_CHARS
from core.reports.report import MAX_RUNS, ChartBlock, Report, TextBlock
from core.reports.revision import Draft
from core.store.comparison import Comparison
from core.ui.access import act
from core.ui.errors import callback
from core.ui.reports.changes import show_differences
from core.ui.reports.comments import CommentPanel
from core.ui.reports.document import show_section
from core.ui.reports.listing import open_report
from core.ui.reports.preview import read_run_ids
from core.ui.session import selected_comparison, store

_OPENED = "opened draft"  # the draft as this session knows it
_UNSAVED = "unsaved report"  # a change that could not be saved
_WIDGETS = "draft widgets"  # number in the keys of the widgets


def stop_editing() -> None:
    """Discard the editing state of this session."""
    for name in (_OPENED, _UNSAVED):
        st.session_state.pop(name, None)


def show_editing(newest: Draft) -> Draft:
    """Show conflicts and the undo button above a draft. Return the draft that this session edits."""
    opened: Draft = st.session_state.get(_OPENED, newest)
    if opened.id != newest.id:
        opened = newest
        st.session_state.pop(_UNSAVED, None)
    st.session_state[_OPENED] = opened
    unsaved: Report | None = st.session_state.get(_UNSAVED)
    conflicts = merge_reports(opened.report, unsaved, newest.report).conflicts if unsaved is not None else ()
    if unsaved is not None and conflicts:
        _show_conflict(opened, newest, unsaved, conflicts)
    elif unsaved is not None:
        _show_unsaved()
        opened = opened.model_copy(update={"report": unsaved})
    elif opened.revision < newest.revision:
        st.warning(f"{_author(newest)} changed this report since you opened it.", icon=":material/sync_problem:")
        st.button("Reload report", on_click=_open_draft, args=(newest,))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Undo last change", icon=":material/undo:", disabled=opened.before is None, on_click=_undo)
        st.caption("Changes are saved automatically.")
    return opened


def edit(opened: Draft, document: Document, comments: CommentPanel) -> None:
    """Show the editor for the title, the runs and every block with its comments."""
    report = opened.report
    with st.container(border=True):
        _edit_field(st.text_input, "Title", "title", lambda old, value: old.change(title=value), value=report.title)
        _edit_field(
            st.text_area, "Summary", "summary", lambda old, value: old.change(summary=value), value=report.summary,
            height="content", placeholder="Your summary in Markdown, shown above the automatic headline.",
        )  # fmt: skip
        _edit_field(
            st.text_input, "Runs", "runs", lambda old, value: old.change(runs=read_run_ids(value)),
            value=", ".join(report.runs), help=f"Run IDs, separated by commas; at most {MAX_RUNS}.",
        )  # fmt: skip
        comparison = selected_comparison()
        ids = tuple(run.run_id for run in comparison.runs) if comparison else ()
        if ids and set(ids) != set(report.runs):
            st.button("Use runs of the selected comparison", icon=":material/sync_alt:", on_click=_change,
                      args=(lambda old: old.change(runs=ids),), disabled=len(ids) > MAX_RUNS,
                      help=f"A report may have at most {MAX_RUNS} runs.")  # fmt: skip
    report_comparison, _ = open_report_comparison(store(), report.runs, report.baseline)
    _choose_baseline(report, report_comparison)
    _show_add_button(None)
    for index, (block, section) in enumerate(zip(report.blocks, document.sections, strict=True)):
        with st.container(border=True):
            _show_block_buttons(report, block, index, report_comparison)
            if isinstance(block, TextBlock):
                _edit_field(
                    st.text_area, "Markdown", f"words-{block.id}", partial(_replace, block.id, "text"),
                    value=block.text, height="content", label_visibility="collapsed",
                    placeholder="Text in Markdown: **bold**, lists, - [ ] tasks, tables, links and formulas: $x^2$.",
                )  # fmt: skip
                _show_image_field(block)
            if not isinstance(section, Passage) or section.text:
                show_section(section)
            comments.show_block(block.id)
        _show_add_button(block.id)


def _choose_baseline(report: Report, comparison: Comparison) -> None:
    """Show the select box for the baseline of all differences; "" is the default."""
    labels = {"": "highest validation accuracy", **{variant.key: variant.label for variant in comparison.variants}}
    options = [*labels]
    _edit_field(
        st.selectbox, "Baseline", "baseline", lambda old, value: old.change(baseline=value), options=options,
        index=options.index(comparison.baseline), format_func=labels.__getitem__,
        help="Reference of all differences in this report.",
    )  # fmt: skip


def _edit_field(
    widget: Callable[..., Any], label: str, name: str, make: Callable[[Report, Any], Report], **settings: Any
) -> None:
    """Show a widget; a new value saves the report that `make` returns."""
    key = _key(name)
    widget(label, key=key, on_change=_change, args=(lambda old: make(old, st.session_state[key]),), **settings)


def _show_block_buttons(report: Report, block: TextBlock | ChartBlock, index: int, comparison: Comparison) -> None:
    last = len(report.blocks) - 1
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        title = "Text block" if isinstance(block, TextBlock) else _display_title(block.display)
        st.markdown(f"**{escape_markdown(title)}**", width="stretch")
        if isinstance(block, ChartBlock):
            _edit_chart_block(block, comparison)
        buttons: list[tuple[str, str, bool, Callable[[Report], Report]]] = [
            ("arrow_upward", "Move up", index == 0, lambda old: old.move(block.id, -1)),
            ("arrow_downward", "Move down", index == last, lambda old: old.move(block.id, 1)),
            ("delete", "Delete block", False, lambda old: old.remove(block.id)),
        ]
        for icon, name, disabled, make in buttons:
            st.button("", icon=f":material/{icon}:", help=name, disabled=disabled, key=f"{icon}-{block.id}",
                      type="tertiary", on_click=_change, args=(make,))  # fmt: skip


def _edit_chart_block(block: ChartBlock, comparison: Comparison) -> None:
    with st.popover("Settings", icon=":material/tune:", on_change="rerun", key=f"settings-{block.id}") as popover:
        if not popover.open:
            return
        _edit_field(st.text_input, "Heading", f"title-{block.id}", partial(_replace, block.id, "title"),
                    value=block.title, placeholder=_display_title(block.display))  # fmt: skip
        _edit_field(
            st.toggle, "Show data table", f"table-{block.id}", partial(_replace, block.id, "table"), value=block.table
        )
        if block.display in DISPLAYS:
            for option in list_options(DISPLAYS[block.display], comparison):
                _edit_option(block, option)


def _edit_option(block: ChartBlock, option: DisplayOption) -> None:
    name, value = f"{option.name}-{block.id}", block.settings.get(option.name, option.default)

    def make(old: Report, selected: Any) -> Report:
        others = {name: value for name, value in block.settings.items() if name != option.name}
        settings = others if selected == option.default else others | {option.name: selected}
        return old.replace(block.id, settings=settings)

    if isinstance(option.options, range):
        low, high = option.options.start, option.options.stop - 1
        _edit_field(st.number_input, option.label, name, make, min_value=low, max_value=high,
                    value=min(max(int(value), low), high))  # fmt: skip
        return
    options = [*option.options]
    index = options.index(value) if value in options else 0
    _edit_field(st.selectbox, option.label, name, make, options=options, index=index,
                format_func=option.options.__getitem__)  # fmt: skip


def _show_add_button(after: str | None) -> None:
    """Show a button that inserts a text or chart block after a block, or at the beginning."""
    key = f"add-{after}"
    with st.popover("Add block", icon=":material/add:", type="tertiary", on_change="rerun", key=key) as popover:
        if not popover.open:
            return
        st.button("Add text block", icon=":material/notes:", key=f"{key}-words", on_click=_insert,
                  args=(TextBlock(), after))  # fmt: skip
        titles = {name: display.title for name, display in DISPLAYS.items()}
        selected = st.selectbox(
            "Chart", [*titles], None, format_func=titles.__getitem__, placeholder="Select a chart",
            key=_key(f"{key}-view"),
        )  # fmt: skip
        if selected:
            st.button("Add chart block", key=f"{key}-add", on_click=_insert, args=(ChartBlock(display=selected), after))


@callback
def _insert(block: TextBlock | ChartBlock, after: str | None) -> None:
    _change(lambda old: old.insert(block, after))
    st.session_state[f"add-{after}"] = False


def _show_image_field(block: TextBlock) -> None:
    """Show a popover that adds an image at the end of a text block."""
    key = f"image-{block.id}"
    with st.popover("Add image", icon=":material/image:", type="tertiary", on_change="rerun", key=key) as popover:
        if not popover.open:
            return
        file = st.file_uploader("Image file", key=f"{key}-file")
        alt = st.text_input("Description", max_chars=MAX_ALT_CHARS, key=f"{key}-alt",
                            help="For readers who do not see the image.")  # fmt: skip
        ready = file is not None and bool(alt.strip())
        st.button("Add to the text", key=f"{key}-add", type="primary", disabled=not ready, on_click=_add_image,
                  args=(block.id, key))  # fmt: skip


@callback
def _add_image(block_id: str, key: str) -> None:
    opened: Draft = st.session_state[_OPENED]
    file, alt = st.session_state[f"{key}-file"], st.session_state[f"{key}-alt"]
    reference = act(add_report_image, opened.id, file.getvalue(), alt)
    _change(lambda old: old.append(block_id, reference))
    _open_draft(st.session_state[_OPENED])
    st.session_state[key] = False


def _replace(block_id: str, name: str, old: Report, value: Any) -> Report:
    return old.replace(block_id, **{name: value})


@callback
def _change(make: Callable[[Report], Report]) -> None:
    """Save a changed report. A change that cannot be saved is kept, with later ones, until it is saved."""
    opened: Draft = st.session_state[_OPENED]
    report = st.session_state[_UNSAVED] = make(st.session_state.get(_UNSAVED, opened.report))
    try:
        saved = act(save_report, opened, report)
    except ReportConflictError as error:
        # a toast is visible wherever the page is scrolled to
        st.toast(escape_markdown(describe_error(error)), icon=":material/sync_problem:")
        return
    del st.session_state[_UNSAVED]
    if saved.report == report.change(owner=saved.report.owner):
        st.session_state[_OPENED] = saved
        return
    _open_draft(saved)
    st.toast("Changes of another user in other blocks were merged with yours.", icon=":material/merge:")


@callback
def _undo() -> None:
    _open_draft(act(undo_report, st.session_state[_OPENED]))


@callback
def _open_draft(draft: Draft) -> None:
    """Edit another revision, with new widgets."""
    st.session_state[_OPENED] = draft
    st.session_state[_WIDGETS] = st.session_state.get(_WIDGETS, 0) + 1
    st.session_state.pop(_UNSAVED, None)


def _show_unsaved() -> None:
    st.warning(
        "Your latest changes are not saved. They are kept until you save them or close this page.",
        icon=":material/save:",
    )
    st.button("Save again", icon=":material/save:", type="primary", on_click=_change, args=(lambda unsaved: unsaved,))


def _show_conflict(opened: Draft, newest: Draft, unsaved: Report, names: Sequence[str]) -> None:
    """Show what both users changed, block by block, and the buttons that resolve it."""
    both = f"{_author(newest)} and you changed {escape_markdown(name_conflicts(names))}"
    message = f"{both}. Your changes are kept until you choose or close this page."
    st.warning(message, icon=":material/sync_problem:")
    theirs, mine = split_report(newest.report), split_report(unsaved)
    conflicts = {"" if name in (*FIELDS, ORDER) else name for name in names}
    show_differences([part for part in compare_parts(theirs, mine) if part.id in conflicts], "theirs", "yours")
    with st.container(horizontal=True):
        st.button("Keep mine there", icon=":material/merge:", type="primary", on_click=_keep_mine,
                  args=(opened, newest, unsaved), help="Their changes of other blocks are kept.")  # fmt: skip
        if st.button("Save mine as a copy", icon=":material/content_copy:"):
            copy = act(duplicate_report, unsaved)
            stop_editing()
            open_report(copy.id)
        st.button("Discard mine and reload", on_click=_open_draft, args=(newest,))


@callback
def _keep_mine(opened: Draft, newest: Draft, unsaved: Report) -> None:
    merged = merge_reports(opened.report, unsaved, newest.report, prefer_mine=True)
    _open_draft(act(save_report, newest, merged.report))


def _author(draft: Draft) -> str:
    return escape_markdown(draft.by) if draft.by else "Another user"


def _display_title(name: str) -> str:
    return str(DISPLAYS[name].title) if name in DISPLAYS else name


def _key(name: str) -> str:
    """Return the key of a widget, which changes when another revision is opened."""
    return f"report-{name}-{st.session_state.get(_WIDGETS, 0)}"
