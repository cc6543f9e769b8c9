"""Terms of the glossary, read from `docs/glossary.md`."""

import re
from functools import cache
from pathlib import Path

PATH = Path(__file__).resolve().parents[1] / "docs" / "glossary.md"

_TERM = re.compile(r"^- \*\*(.+?)\*\*([^:]*): (.+)$", re.MULTILINE)


@cache
def read_glossary() -> dict[str, str]:
    """Return the definition of each term in Markdown, in the order of the document.

    Raises:
        OSError: when the document cannot be read.
    """
    return {term: definition for term, _, definition in _TERM.findall(PATH.read_text(encoding="utf-8"))}
