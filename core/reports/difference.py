"""Differences between two published versions or two revisions of a report, block by block."""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from core.plural import format_plural
from core.reports.document import Document, Figure, Passage, Table, write_cell
from core.reports.own_image import shorten_images
from core.reports.report import Report, TextBlock

MAX_LINES = 200
_CONTEXT_LINES = 1


@dataclass(frozen=True)
class ReportPart:
    """Part of a report as lines of text: a block, or what is above all blocks."""

    id: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class PartDifference:
    """Change of one part. `lines` begin with "-" (only before), "+" (only after) or a space (unchanged)."""

    id: str
    title: str
    kind: Literal["added", "removed", "changed", "moved"]
    lines: tuple[str, ...]


def split_report(report: Report) -> list[ReportPart]:
    """Return the parts of a draft: its fields, its texts, and the settings of its charts."""
    head = (f"Title: {report.title}", f"Runs: {', '.join(report.runs)}", f"Baseline: {report.baseline or 'default'}")
    parts = [ReportPart("", "Report", (*head, *_list_lines(report.summary)))]
    for block in report.blocks:
        if isinstance(block, TextBlock):
            parts.append(ReportPart(block.id, "Text block", tuple(_list_lines(block.text))))
        else:
            settings = [f"{name}: {value}" for name, value in block.settings.items()]
            table = ["With data table"] if block.table else []
            lines = (f"Chart: {block.display}", f"Heading: {block.title or 'default'}", *settings, *table)
            parts.append(ReportPart(block.id, block.title or block.display, lines))
    return parts


def split_document(document: Document) -> list[ReportPart]:
    """Return the parts of a document, with the values of its tables."""
    head = (document.title, *_list_lines(document.summary), document.headline, *document.facts, *document.cautions)
    return [ReportPart("", "Report", head), *map(_split_section, document.sections), _split_runs(document)]


def _split_section(section: Passage | Figure) -> ReportPart:
    if isinstance(section, Passage):
        return ReportPart(section.id, "Text block", tuple(_list_lines(section.text)))
    settings = [f"{name}: {value}" for name, value in section.settings.items()]
    texts = [text for text in (section.title, *settings, section.sentence, section.problem) if text]
    return ReportPart(section.id, section.title, (*texts, *_list_rows(section.table)))


def _list_lines(text: str) -> list[str]:
    return shorten_images(text).split("\n") if text else []


def _split_runs(document: Document) -> ReportPart:
    return ReportPart("runs", "Runs", tuple(_list_rows(document.run_table)))


def _list_rows(table: Table | None) -> Iterator[str]:
    if table is not None:
        yield " | ".join(table.columns)
        yield from (" | ".join(map(write_cell, row)) for row in table.rows)


def compare_parts(before: Sequence[ReportPart], after: Sequence[ReportPart]) -> list[PartDifference]:
    """Return the parts that differ, in the order of `after`; those that were removed are at the end.

    >>> old, new = [ReportPart("a", "A", ("one",))], [ReportPart("a", "A", ("two",))]
    >>> compare_parts(old, new)[0].lines
    ('-one', '+two')
    """
    old, new = ({part.id: part for part in parts} for parts in (before, after))
    moved = _list_moved([name for name in old if name in new], [name for name in new if name in old])
    found = []
    for part in after:
        if part.id not in old:
            found.append(PartDifference(part.id, part.title, "added", _mark("+", part.lines)))
        elif part.lines != old[part.id].lines:
            found.append(PartDifference(part.id, part.title, "changed", _compare(old[part.id].lines, part.lines)))
        elif part.id in moved:
            found.append(PartDifference(part.id, part.title, "moved", ()))
    removed = [part for part in before if part.id not in new]
    return found + [PartDifference(part.id, part.title, "removed", _mark("-", part.lines)) for part in removed]


def _mark(sign: str, lines: Sequence[str]) -> tuple[str, ...]:
    return _limit([sign + line for line in lines])


def _compare(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    lines = [*difflib.unified_diff(before, after, n=_CONTEXT_LINES, lineterm="")][2:]  # without the names of files
    return _limit(["…" if line.startswith("@@") else line for line in lines][1:])


def _limit(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MAX_LINES:
        return tuple(lines)
    return (*lines[:MAX_LINES], f"… {format_plural(len(lines) - MAX_LINES, 'more line')}")


def _list_moved(before: list[str], after: list[str]) -> set[str]:
    """Return the IDs that have another position among the same IDs."""
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return set(after) - {name for block in blocks for name in after[block.b : block.b + block.size]}
