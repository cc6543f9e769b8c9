"""Small HTML tables with right-aligned numbers and a sticky first column; spreadsheet-safe cells."""

import re
from collections.abc import Collection, Sequence
from html import escape

import pandas as pd

from core.displays.direction import keep_order

_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?(e[+-]?\d+)?( ?%)?")
_QUANTITY = re.compile(r"[-+−±<>≥≤≈~ ]*\d")
_ROWS = 100  # that are read
_RUN_ID = re.compile(r"[0-9a-f]{12}")
_INVISIBLE = "\u2060"  # word joiner, zero width

# The first column has no background color, because the theme is light or dark: content under it is blurred instead.
STYLE = """
.figures { overflow-x: auto; }
.figures table { width: 100%; border-collapse: separate; border-spacing: 0; white-space: nowrap; font-size: 0.875rem; }
.figures th, .figures td { padding: 0.45rem 0.5rem; text-align: right; font-weight: 400;
  font-variant-numeric: tabular-nums; border-bottom: 1px solid rgba(128, 138, 150, 0.3); }
.figures thead th { opacity: 0.75; }
.figures th:first-child, .figures .words { text-align: left; }
.figures tbody th { position: sticky; left: 0; backdrop-filter: blur(16px); font-weight: 600;
  white-space: normal; overflow-wrap: anywhere; min-width: min(8rem, 30vw); max-width: min(18rem, 38vw); }
.figures td.words { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; max-width: 24rem; }
"""


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would evaluate a CSV cell as a formula. Plain numbers are safe.

    >>> is_formula("=1+1"), is_formula("+1+cmd|x"), is_formula("-0.5"), is_formula("GAP")
    (True, True, False, False)
    """
    return text.lstrip().startswith(_SIGNS) and not _NUMBER.fullmatch(text.strip())


def disarm(frame: pd.DataFrame) -> pd.DataFrame:
    """Prefix formula-like cells with an invisible character, so that a CSV export is safe in a spreadsheet."""
    return frame.map(lambda cell: f"{_INVISIBLE}{cell}" if isinstance(cell, str) and is_formula(cell) else cell)


def list_text_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns with more texts than numbers, with or without a unit.

    >>> list_text_columns(pd.DataFrame({"Head": ["GAP", "–"], "Size": ["< 5.2 MB", "–"], "Run": ["00ff00ff00ff"] * 2}))
    ['Head', 'Run']
    """
    return [str(name) for name in frame.columns if _is_text([*map(str, frame[name].head(_ROWS))])]


def _is_text(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell not in ("", "–", "nan", "None")]
    texts = sum(not _QUANTITY.match(cell) or bool(_RUN_ID.fullmatch(cell)) for cell in filled)
    return 2 * texts > len(filled)


def build_table(frame: pd.DataFrame, words: Collection[str] = (), *, style: bool = True) -> str:
    """Return a data frame as an HTML table with escaped cells.

    Args:
        frame: its first column contains the row headers.
        words: names of text columns, which are left-aligned.
        style: include the style sheet, for pages that do not have it.
    """
    classes = [' class="words"' if name in words else "" for name in frame.columns]
    header = "".join(
        f'<th scope="col"{kind}>{_write(name)}</th>' for name, kind in zip(frame.columns, classes, strict=True)
    )
    rows = "".join(_build_row(row, classes) for row in frame.itertuples(index=False))
    sheet = f"<style>{STYLE}</style>" if style else ""
    head = f"<thead><tr>{header}</tr></thead>"
    return f'{sheet}<div class="figures" tabindex="0"><table>{head}<tbody>{rows}</tbody></table></div>'


def _build_row(row: Sequence[object], classes: Sequence[str]) -> str:
    name, *cells = map(_write, row)
    values = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(cells, classes[1:], strict=True))
    return f'<tr><th scope="row">{name}</th>{values}</tr>'


def _write(cell: object) -> str:
    return escape(keep_order(str(cell)))
