"""Terms of the glossary, read from `docs/glossary.md`."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PATH = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"

_TERM = re.compile(r"^- \*\*(.+?)\*\*([^:]*): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class GlossaryEntry:
    """A term or a section of the glossary, with its explanation in Markdown."""

    title: str
    explanation: str


@cache
def read_sections() -> tuple[GlossaryEntry, ...]:
    """Return the sections of the glossary.

    Raises:
        OSError: when the document cannot be read.
    """
    _, *parts = re.split(r"^## (.+)$", _PATH.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return tuple(map(GlossaryEntry, parts[::2], parts[1::2]))


@cache
def read_glossary() -> dict[str, GlossaryEntry]:
    """Return the terms by title, in the order of the document.

    Raises:
        OSError: see `read_sections`.
    """
    found = [term for section in read_sections() for term in _TERM.findall(section.explanation)]
    return {title: GlossaryEntry(title, explanation) for title, _, explanation in found}
