"""Build of a document from a report and its runs: charts, tables, images and text in their current state."""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.displays.caption import write_caption
from core.displays.display import DISPLAYS, Display
from core.displays.encoding import write_spec
from core.displays.headline import write_cautions, write_facts, write_headline
from core.displays.palette import VariantStyle, compute_styles
from core.displays.views.gallery import Gallery
from core.errors import HeadroomError, RunNotFoundError
from core.home import Home
from core.jobs.diverged import add_diverged
from core.plural import format_plural
from core.reports.display_option import make_display
from core.reports.document import Cell, Document, Figure, Passage, Picture, PicturePrediction, RunLine, Table
from core.reports.own_image import complete_text
from core.reports.report import ChartBlock, Report, TextBlock
from core.reports.reproduction import build_reproduction
from core.store.comparison import Comparison, to_plain
from core.store.note import NoteBook
from core.store.run_store import RunStore

_log = logging.getLogger("headroom")


def open_report_comparison(store: RunStore, run_ids: Sequence[str], baseline: str = "") -> tuple[Comparison, list[str]]:
    """Open the runs of a report. Return their comparison and the IDs of runs that no longer exist.

    A baseline whose runs no longer exist is replaced by the default.

    Raises:
        RunNotFoundError: when none of the runs exists.
        HeadroomError: when they cannot be compared.
    """
    runs, missing = [], []
    for run_id in run_ids:
        try:
            runs.append(store.open(run_id))
        except RunNotFoundError:
            missing.append(run_id)
    if not runs:
        raise RunNotFoundError(f"All runs of this report were deleted: {', '.join(missing)}.")
    comparison = Comparison.of(runs)
    if baseline in [variant.key for variant in comparison.variants]:
        comparison = comparison.with_baseline(baseline)
    return add_diverged(store.home, comparison), missing


Draw = Callable[[TextBlock | ChartBlock, Comparison, Home], Passage | Figure]


def build_document(report: Report, store: RunStore, draw: Draw | None = None) -> Document:
    """
    Args:
        draw: replacement of `build_section`, for callers that cache sections.

    Raises:
        HeadroomError: when its runs were deleted or cannot be compared. If a chart cannot be drawn, the section has a
            `problem` instead.
    """
    comparison, missing = open_report_comparison(store, report.runs, report.baseline)
    cautions = write_cautions(comparison)
    if report.baseline != comparison.baseline:
        cautions.insert(0, "The baseline of this report no longer exists; differences use the default baseline.")
    if missing:
        total = format_plural(len(report.runs), "run")
        cautions.insert(0, f"{len(missing)} of the {total} in this report no longer exist: {', '.join(missing)}.")
    names = {run_id: note.name for run_id, note in NoteBook(store.home).read_available().items()}
    return Document(
        title=report.title,
        summary=complete_text(store.home, report.summary),
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
    """Build one section of a report. A chart that cannot be drawn becomes a figure with a `problem`."""
    if isinstance(block, TextBlock):
        return Passage(id=block.id, text=complete_text(home, block.text))
    title = block.title
    try:
        kind: type[Display] = DISPLAYS[block.display]
        title = title or kind.title
        display = make_display(kind, comparison, block.settings, home)
        return _build_figure(display, block, block.title or display.heading)
    except HeadroomError as error:
        return Figure(id=block.id, display=block.display, title=title or block.display, problem=str(error))
    except Exception:  # one chart that fails must not prevent the others
        _log.exception("The chart %s cannot be drawn", block.display)
        problem = "This chart cannot be drawn because of an internal error. The log has the details."
        return Figure(id=block.id, display=block.display, title=title or block.display, problem=problem)


def _build_figure(display: Display, block: ChartBlock, title: str) -> Figure:
    chart, table = display.chart(), display.table()
    return Figure(
        id=block.id,
        display=display.name,
        title=title,
        settings=dict(block.settings),
        sentence=write_caption(display),
        chart=None if chart is None else write_spec(chart),
        pictures=tuple(_list_pictures(display)) if isinstance(display, Gallery) else (),
        table=_freeze(table),
        frame=_freeze(display.frame()),
        open=block.table or chart is None,
    )


def _list_pictures(gallery: Gallery) -> Iterator[Picture]:
    frame, styles = gallery.frame(), compute_styles(gallery.comparison)
    images = [int(image) for image in dict.fromkeys(frame["image"])]
    for image, url in zip(images, gallery.thumbnails(images), strict=True):
        rows = frame[frame["image"] == image].to_dict("records")
        yield Picture(
            url=url,
            label=str(rows[0]["label"]),
            predictions=tuple(_predicted(gallery, row, styles[row["head"]]) for row in rows),
        )


def _predicted(gallery: Gallery, row: Mapping[Hashable, Any], style: VariantStyle) -> PicturePrediction:
    text = gallery.write_prediction(row)
    wrong = not row["correct"] and gallery.positive is None  # without a prediction, nothing is struck through
    return PicturePrediction(head=row["head"], text=text, color=style.color, mark=style.mark, wrong=wrong)


def _freeze(frame: pd.DataFrame) -> Table:
    rows = tuple(tuple(map(_to_cell, row)) for row in frame.astype(object).itertuples(index=False, name=None))
    columns = tuple(map(str, frame.columns))
    words = tuple(
        name for index, name in enumerate(columns) if index and not _has_numbers([row[index] for row in rows])
    )
    return Table(columns=columns, rows=rows, words=words)


def _has_numbers(cells: Sequence[Cell]) -> bool:
    """Return whether most cells of a column are numbers; names of some classes begin with a digit."""
    known = [cell for cell in cells if cell not in ("", "–", None)]
    return 2 * sum(map(_is_number, known)) > len(known)


def _to_cell(value: Any) -> Cell:
    plain = to_plain(value)
    if isinstance(plain, float):
        return plain if abs(plain) < float("inf") else str(plain)
    return plain if isinstance(plain, str | int | bool | None) else str(plain)


def _is_number(cell: Cell) -> bool:
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
