"""Document of a report on a page, drawn with the same components as the other pages."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.number import quote_class
from core.displays.palette import DEFAULT_MARK
from core.reports.author_text import write_html
from core.reports.document import Document, Figure, Passage, Table, write_cell
from core.ui import url, widget
from core.ui.display import draw_spec, show_frame
from core.ui.heading import show_caveats, show_summary, show_title
from core.ui.image_grid import draw_image_grid
from core.ui.reports.comments import CommentPanel
from core.ui.reports.formula_text import show_formula_text
from core.ui.tiles import draw_tiles

url.register("all_sections")

_FEW_CHARTS = 2


def show_heading(document: Document, note: str) -> None:
    """Show the title, the headline, the facts and the caveats."""
    st.set_page_config(page_title=f"{document.title} · Report · Headroom")
    show_summary(escape_markdown(document.title))
    if document.summary:
        _show_text(document.summary, "summary")
    show_title(escape_markdown(document.headline))
    st.caption(" · ".join(map(escape_markdown, (*document.facts, note))))
    show_caveats(document.cautions)


def choose_all_sections(document: Document) -> bool:
    """Show the toggle that opens all sections. All are open in a report with a few charts, without the toggle."""
    return len(_list_charts(document)) <= _FEW_CHARTS or widget.toggle("Open all sections", key="all_sections")


def _list_charts(document: Document) -> list[str]:
    return [section.id for section in document.sections if isinstance(section, Figure) and section.display != "tiles"]


def show_sections(document: Document, comments: CommentPanel, *, all_open: bool) -> None:
    """Show all sections in order, each with its comments.

    Texts, tiles and the first chart are open. Unless `all_open` is set, other charts are in folds, which are open if
    they have open comments, and tiles have no field for comments.
    """
    folded = [] if all_open else _list_charts(document)[1:]
    list_of_folds = None
    for section in document.sections:
        if section.id in folded and isinstance(section, Figure):
            list_of_folds = list_of_folds or st.container(gap=None)
            with list_of_folds:
                _show_folded_chart(section, comments)
        else:
            list_of_folds = None
            show_section(section)
            is_tiles = isinstance(section, Figure) and section.display == "tiles"
            comments.show_block(section.id, field=all_open or not is_tiles)


def _show_folded_chart(figure: Figure, comments: CommentPanel) -> None:
    title, is_discussed = escape_markdown(figure.title), comments.has_open(figure.id)
    with st.expander(title, is_discussed, on_change="rerun", key=f"section-{figure.id}") as fold:
        if fold.open:
            show_section(figure, titled=False)
            comments.show_block(figure.id)


def show_section(section: Passage | Figure, *, titled: bool = True) -> None:
    """Show the text, tiles, images or chart of a section; `titled` is whether with its title."""
    if isinstance(section, Passage):
        _show_text(section.text, f"text-{section.id}")
        return
    if titled and (section.problem or section.display != "tiles"):
        st.header(escape_markdown(section.title), anchor=False)
    if section.problem:
        st.info(escape_markdown(section.problem), icon=":material/info:")
        return
    if section.display == "tiles" and section.table and section.frame:
        better = section.frame.columns.index("better")
        draw_tiles(_to_frame(section.table).to_dict("records"), [int(row[better] or 0) for row in section.frame.rows])
        return
    if section.pictures:
        _draw_pictures(section)
    elif section.chart:
        _draw_chart(json.dumps(section.chart), section.sentence, section.chart)
    st.caption(escape_markdown(section.sentence))
    if section.table and section.table.rows:
        _show_data_table(section, section.table)


def _show_text(text: str, key: str) -> None:
    html = write_html(text).replace("<img ", '<img style="max-width:100%" ')
    html = f'<div style="overflow-wrap:anywhere;overflow-x:auto;max-width:60rem">{html}</div>'
    if "<math" in html:
        show_formula_text(html, key)
    else:
        st.html(html)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw_chart(text: str, description: str, _chart: dict[str, Any]) -> None:
    """Draw a chart. Streamlit replays the cached element for the same specification, as JSON, and description."""
    draw_spec(_chart, description)


def show_reproduction_section(document: Document, *, is_open: bool) -> None:
    """Show the runs and the commands that reproduce them, in a fold that is open at first if `is_open` is set."""
    with st.expander(
        "Runs and commands that reproduce them", is_open, on_change="rerun", key=f"runs-{is_open}"
    ) as fold:
        if fold.open:
            _show_runs(document)


def _show_runs(document: Document) -> None:
    run_table = document.run_table
    show_frame(_to_frame(run_table), words=run_table.words, run_ids=[run.run_id for run in document.runs])
    st.caption("Click a run to open it.")
    st.header("Reproduce these results", anchor=False)
    st.caption("Run these commands in a checkout of the commit named below. Existing runs are not trained again.")
    st.code("\n".join(document.reproduction.commands), language=None, wrap_lines=True)
    _show_table(document.environment_table)


def _draw_pictures(figure: Figure) -> None:
    heads = [
        {"label": predicted.head, "color": predicted.color, "mark": predicted.mark or DEFAULT_MARK}
        for predicted in figure.pictures[0].predictions
    ]
    cells = [
        {
            "image": index,
            "url": picture.url,
            "label": picture.label,
            "predictions": [
                {
                    "label": predicted.text,
                    "prob": "",
                    "correct": not predicted.wrong,
                    "color": predicted.color,
                    "mark": predicted.mark or DEFAULT_MARK,
                }
                for predicted in picture.predictions
            ],
            "description": f"True class {quote_class(picture.label)}: "
            + "; ".join(
                f"{predicted.head} predicts {quote_class(predicted.text)}" for predicted in picture.predictions
            ),
        }
        for index, picture in enumerate(figure.pictures)
    ]
    draw_image_grid(heads, cells, key=f"pictures-{figure.id}")


def _show_data_table(figure: Figure, table: Table) -> None:
    if figure.open:
        _show_table(table)
        return
    with st.expander("Show data table", on_change="rerun", key=f"table-{figure.id}") as expander:
        if expander.open:
            _show_table(table)


def _show_table(table: Table) -> None:
    _draw_table(table.model_dump_json(), table)


@st.cache_resource(show_spinner=False, max_entries=256)
def _draw_table(text: str, _table: Table) -> None:
    """Draw a table. Streamlit replays the cached element for the same content, as JSON."""
    show_frame(_to_frame(_table), words=_table.words)


def _to_frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame([map(write_cell, row) for row in table.rows], columns=[*table.columns])
