"""A table as HTML: of few rows, with its figures at the right and its first column in sight on a narrow screen."""

import re
from collections.abc import Collection, Sequence
from html import escape

import pandas as pd

_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?( ?%)?")
_UNSEEN = "\u2060"  # a word joiner, of no width

# The first column has no colour of its own, since a page is light or dark: what scrolls under it is blurred away.
STYLE = """
.figures { overflow-x: auto; }
.figures table { width: 100%; border-collapse: separate; border-spacing: 0; white-space: nowrap; font-size: 0.875rem; }
.figures th, .figures td { padding: 0.45rem 0.5rem; text-align: right; font-weight: 400;
  font-variant-numeric: tabular-nums; border-bottom: 1px solid rgba(128, 138, 150, 0.3); }
.figures thead th { opacity: 0.75; }
.figures th:first-child, .figures .words { text-align: left; }
.figures tbody th { position: sticky; left: 0; backdrop-filter: blur(16px); font-weight: 600; }
"""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute a text that stands in a CSV file. A plain number does no harm.

    >>> is_formula("=1+1"), is_formula("+1+cmd|x"), is_formula("-0.5"), is_formula("GAP")
    (True, True, False, False)
    """
    return text.lstrip().startswith(_SIGNS) and not _NUMBER.fullmatch(text.strip())


def disarm(frame: pd.DataFrame) -> pd.DataFrame:
    """For a grid that people save as CSV: what a spreadsheet would compute gets a sign before it that nobody sees."""
    return frame.map(lambda cell: f"{_UNSEEN}{cell}" if isinstance(cell, str) and is_formula(cell) else cell)


def build_table(frame: pd.DataFrame, words: Collection[str] = (), *, style: bool = True) -> str:
    """The first column names the rows, those in `words` hold no figures; all cells are text, which is escaped. `style`
    brings the style sheet with it, for a place that has none yet."""
    classes = [' class="words"' if name in words else "" for name in frame.columns]
    header = "".join(
        f'<th scope="col"{kind}>{escape(str(name))}</th>' for name, kind in zip(frame.columns, classes, strict=True)
    )
    rows = "".join(_build_row(row, classes) for row in frame.itertuples(index=False))
    sheet = f"<style>{STYLE}</style>" if style else ""
    head = f"<thead><tr>{header}</tr></thead>"
    return f'{sheet}<div class="figures" tabindex="0"><table>{head}<tbody>{rows}</tbody></table></div>'


def _build_row(row: Sequence[object], classes: Sequence[str]) -> str:
    name, *cells = (escape(str(cell)) for cell in row)
    figures = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(cells, classes[1:], strict=True))
    return f'<tr><th scope="row">{name}</th>{figures}</tr>'
