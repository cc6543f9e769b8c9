"""Freezing: a report and its runs into a document, figures, pictures and words as of this moment."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.displays.display import DISPLAYS, Display
from core.displays.headline import write_cautions, write_facts, write_headline
from core.displays.number import format_plural
from core.displays.palette import colors
from core.displays.views.gallery import Gallery
from core.errors import HeadroomError, RunNotFoundError
from core.home import Home
from core.reports.display_option import make_display
from core.reports.document import Cell, Document, Figure, Passage, Picture, PicturePrediction, RunLine, Table
from core.reports.report import ChartBlock, Report, TextBlock
from core.reports.reproduction import build_reproduction
from core.store.comparison import Comparison, to_plain
from core.store.note import NoteBook
from core.store.run_store import RunStore


def open_report_comparison(store: RunStore, run_ids: Sequence[str]) -> tuple[Comparison, list[str]]:
    """The runs of a report, and the ids of those that are gone.

    Raises:
        RunNotFoundError: when none is left.
        HeadroomError: when they cannot be compared.
    """
    runs, gone = [], []
    for run_id in run_ids:
        try:
            runs.append(store.open(run_id))
        except RunNotFoundError:
            gone.append(run_id)
    if not runs:
        raise RunNotFoundError(f"Expected some of the runs of this report; got none: {', '.join(gone)} are gone.")
    return Comparison.of(runs), gone


Draw = Callable[[TextBlock | ChartBlock, Comparison, Home], Passage | Figure]


def build_document(report: Report, store: RunStore, draw: Draw | None = None) -> Document:
    """
    Args:
        draw: what stands in for `build_section`, where somebody keeps what it has made.

    Raises:
        HeadroomError: when its runs are gone or cannot be compared. A view that cannot be drawn says so itself.
    """
    comparison, gone = open_report_comparison(store, report.runs)
    cautions = write_cautions(comparison)
    if gone:
        cautions.insert(0, f"{len(gone)} of its {format_plural(len(report.runs), 'run')} are gone: {', '.join(gone)}.")
    names = {run_id: note.name for run_id, note in NoteBook(store.home).read_all().items()}
    return Document(
        title=report.title,
        author=report.owner,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        headline=write_headline(comparison),
        facts=tuple(write_facts(comparison)),
        cautions=tuple(cautions),
        sections=tuple((draw or build_section)(block, comparison, store.home) for block in report.blocks),
        runs=tuple(_list_runs(comparison, names)),
        reproduction=build_reproduction(comparison),
    )


def build_section(block: TextBlock | ChartBlock, comparison: Comparison, home: Home) -> Passage | Figure:
    """One part of a report; a view that cannot be drawn is a figure with a problem."""
    if isinstance(block, TextBlock):
        return Passage(id=block.id, text=block.text)
    title = block.title
    try:
        kind: type[Display] = DISPLAYS[block.display]
        title = title or kind.title
        display = make_display(kind, comparison, block.settings, home)
        return _build_figure(display, block, block.title or display.heading)
    except HeadroomError as error:
        return Figure(id=block.id, display=block.display, title=title or block.display, problem=str(error))


def _build_figure(display: Display, block: ChartBlock, title: str) -> Figure:
    chart, table = display.chart(), display.table()
    return Figure(
        id=block.id,
        display=display.name,
        title=title,
        settings=dict(block.settings),
        sentence=display.describe(),
        chart=None if chart is None else chart.to_dict(validate=False),
        pictures=tuple(_list_pictures(display)) if isinstance(display, Gallery) else (),
        table=_freeze(table),
        frame=_freeze(display.frame()),
        open=block.table or chart is None,
    )


def _list_pictures(gallery: Gallery) -> Iterator[Picture]:
    frame, palette = gallery.frame(), colors(gallery.comparison)
    images = [int(image) for image in dict.fromkeys(frame["image"])]
    for image, url in zip(images, gallery.thumbnails(images), strict=True):
        rows = frame[frame["image"] == image].to_dict("records")
        yield Picture(
            url=url, label=str(rows[0]["label"]), predictions=tuple(_predicted(gallery, row, palette) for row in rows)
        )


def _predicted(gallery: Gallery, row: Mapping[Hashable, Any], palette: dict[str, str]) -> PicturePrediction:
    text = " ".join(gallery.write_predicted(row)).rstrip()
    wrong = not row["correct"] and gallery.positive is None  # what is no guess is not struck through
    return PicturePrediction(head=row["head"], text=text, color=palette[row["head"]], wrong=wrong)


def _freeze(frame: pd.DataFrame) -> Table:
    rows = tuple(tuple(map(_to_cell, row)) for row in frame.astype(object).itertuples(index=False, name=None))
    columns = tuple(map(str, frame.columns))
    words = tuple(
        name for place, name in enumerate(columns) if place and not any(_holds_figure(row[place]) for row in rows)
    )
    return Table(columns=columns, rows=rows, words=words)


def _to_cell(value: Any) -> Cell:
    plain = to_plain(value)
    if isinstance(plain, float):
        return plain if abs(plain) < float("inf") else str(plain)
    return plain if isinstance(plain, str | int | bool | None) else str(plain)


def _holds_figure(cell: Cell) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and cell[:1] in "0123456789+-−±–<≤")


def _list_runs(comparison: Comparison, names: dict[str, str]) -> list[RunLine]:
    return [
        RunLine(
            run_id=run.run_id,
            name=names.get(run.run_id, ""),
            head=variant.label,
            seed=run.spec.seed,
            epochs=run.record.trained_epochs,
            params=run.record.cost.params,
            test_accuracy=run.record.metrics.test_accuracy,
            data=run.record.data.fingerprint,
        )
        for variant in comparison.variants
        for run in variant.runs
    ]
