"""Merge of two authors' changes of a report: changes of different blocks are both kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.plural import format_plural
from core.reports.report import Report

ORDER = "order"
FIELDS = ("title", "summary", "runs", "baseline")


@dataclass(frozen=True)
class Merged:
    """A merged report. `conflicts` names what both authors changed differently: a field, "order" or the ID of a block;
    there, the report has the change of the preferred author."""

    report: Report
    conflicts: tuple[str, ...]


def merge_reports(base: Report, mine: Report, theirs: Report, *, prefer_mine: bool = False) -> Merged:
    """Merge two changed copies of a report.

    A block that one author changed and the other deleted is a conflict, and is kept.

    Raises:
        ReportError: when the result has too many blocks.
    """
    conflicts: list[str] = []
    changes = {
        name: _choose(name, getattr(base, name), getattr(mine, name), getattr(theirs, name), prefer_mine, conflicts)
        for name in FIELDS
    }
    before, own, other = ({block.id: block for block in one.blocks} for one in (base, mine, theirs))
    kept: dict[str, Any] = {}
    for name in dict.fromkeys([*other, *own]):
        block = _choose(name, before.get(name), own.get(name), other.get(name), prefer_mine, conflicts)
        if block is None and name in conflicts:
            block = own.get(name) or other.get(name)
        if block is not None:
            kept[name] = block
    order = _merge_order([*before], [*own], [*other], kept, prefer_mine, conflicts)
    return Merged(theirs.change(**changes, blocks=tuple(kept[name] for name in order)), tuple(conflicts))


def _choose(name: str, base: Any, mine: Any, theirs: Any, prefer_mine: bool, conflicts: list[str]) -> Any:
    """Return the value that an author changed; note a conflict if both changed it differently."""
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    conflicts.append(name)
    return mine if prefer_mine else theirs


def _merge_order(
    base: list[str], mine: list[str], theirs: list[str], kept: dict[str, Any], prefer_mine: bool, conflicts: list[str]
) -> list[str]:
    """Return the IDs of the kept blocks in the order of the author who moved some, with those of the other after the
    block that they follow there."""
    common = set(base) & set(mine) & set(theirs)
    before, own, other = ([name for name in one if name in common] for one in (base, mine, theirs))
    chosen = _choose(ORDER, before, own, other, prefer_mine, conflicts)
    first, second = (theirs, mine) if chosen == other else (mine, theirs)
    order = [name for name in first if name in kept]
    previous: str | None = None
    for name in second:
        if name in kept and name not in order:
            order.insert(0 if previous is None else order.index(previous) + 1, name)
        previous = name if name in order else previous
    return order


def name_conflicts(conflicts: Sequence[str]) -> str:
    """Return what both authors changed, such as "the title and 2 blocks"."""
    fields = {
        "title": "the title",
        "summary": "the summary",
        "runs": "the runs",
        "baseline": "the baseline",
        ORDER: "the order of the blocks",
    }
    names = [fields[name] for name in conflicts if name in fields]
    blocks = len(conflicts) - len(names)
    names += [format_plural(blocks, "block")] if blocks else []
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
