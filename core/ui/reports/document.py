"""A frozen document on a page: what its files show, with the page's own pieces."""

import pandas as pd
import streamlit as st

from core.displays.markdown import escape_markdown
from core.reports.author_text import write_html
from core.reports.document import Document, Figure, Passage, Table, write_cell
from core.ui.display import show_frame
from core.ui.image_grid import draw_cells
from core.ui.tiles import draw_tiles


def show_heading(document: Document, note: str) -> None:
    """Whose report it is, what was found, on what, and what to keep in mind."""
    st.markdown(f"#### {escape_markdown(document.title)}")
    st.title(escape_markdown(document.headline), anchor=False)
    st.caption(" · ".join(map(escape_markdown, (*document.facts, note))))
    if document.cautions:
        st.info("**Keep in mind.** " + escape_markdown(" ".join(document.cautions)), icon=":material/info:")


def show_sections(document: Document) -> None:
    """All parts in their order."""
    for section in document.sections:
        show_section(section)


def show_section(section: Passage | Figure) -> None:
    if isinstance(section, Passage):
        st.html(f'<div dir="auto" style="overflow-wrap:anywhere;max-width:60rem">{write_html(section.text)}</div>')
        return
    if section.problem or section.display != "tiles":
        st.subheader(escape_markdown(section.title), anchor=False)
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
        st.vega_lite_chart(spec=section.chart, width="stretch", alt=section.sentence, key=f"chart-{section.id}")
    st.caption(escape_markdown(section.sentence))
    if section.table and section.table.rows:
        _show_figures(section, section.table)


def show_foot(document: Document) -> None:
    """The runs, and how to get their figures again."""
    st.subheader("The runs", anchor=False)
    _show_table(document.run_table)
    st.subheader("How to get these figures again", anchor=False)
    st.caption("In a copy of the repository at the code named below; a run that is there already is not trained again.")
    st.code("\n".join(document.reproduction.commands), language=None, wrap_lines=True)
    _show_table(document.environment_table)


def _draw_pictures(figure: Figure) -> None:
    heads = [{"label": predicted.head, "color": predicted.color} for predicted in figure.pictures[0].predictions]
    cells = [
        {
            "image": place,
            "url": picture.url,
            "label": picture.label,
            "predictions": [
                {"label": predicted.text, "prob": "", "right": not predicted.wrong, "color": predicted.color}
                for predicted in picture.predictions
            ],
            "spoken": f"{picture.label}: "
            + "; ".join(f"{predicted.head} says {predicted.text}" for predicted in picture.predictions),
        }
        for place, picture in enumerate(figure.pictures)
    ]
    draw_cells(heads, cells, key=f"pictures-{figure.id}")


def _show_figures(figure: Figure, table: Table) -> None:
    if figure.open:
        _show_table(table)
        return
    with st.expander("The figures behind it", on_change="rerun", key=f"figures-{figure.id}") as fold:
        if fold.open:
            _show_table(table)


def _show_table(table: Table) -> None:
    show_frame(_to_frame(table), words=table.words)


def _to_frame(table: Table) -> pd.DataFrame:
    return pd.DataFrame([map(write_cell, row) for row in table.rows], columns=[*table.columns])
