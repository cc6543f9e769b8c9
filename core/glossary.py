"""Terms of the glossary, read from `docs/glossary.md`."""

import re
from functools import cache
from pathlib import Path

_PATH = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"

_TERM = re.compile(r"^- \*\*(.+?)\*\*([^:]*): (.+)$", re.MULTILINE)


@cache
def read_sections() -> dict[str, str]:
    """Return the sections of the glossary in Markdown, by title.

    Raises:
        OSError: when the document cannot be read.
    """
    _, *sections = re.split(r"^## (.+)$", _PATH.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(sections[::2], sections[1::2], strict=True))


@cache
def read_glossary() -> dict[str, str]:
    """Return the definition of each term in Markdown, in the order of the document.

    Raises:
        OSError: see `read_sections`.
    """
    return {term: text for section in read_sections().values() for term, _, text in _TERM.findall(section)}
