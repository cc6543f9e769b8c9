"""Formulas of authors: TeX, converted to a tree of MathML elements that HTML and PDF files draw."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Any

from core.displays.markdown import escape_signs, write_code
from core.errors import ReportError

MAX_TEX_CHARS = 1000
MARKED_FORMULA = re.compile(rf"(\$\$?)`([^`\n]{{1,{MAX_TEX_CHARS}}})`\1")
"""Formula in the text of a document, between dollar signs and backticks: a dollar sign without them is text, as in
documents that were published before formulas existed."""

_MAX_DEPTH = 20  # of nested elements; Typst and browsers have limits
_MAX_EXPANSIONS = 20  # some built-in commands are macros
_TEXT_ELEMENTS = ("mi", "mn", "mo", "mtext")
_ELEMENTS = (
    *_TEXT_ELEMENTS, "mrow", "mfrac", "msqrt", "mroot", "msup", "msub", "msubsup", "munder", "mover", "munderover",
    "mtable", "mtr", "mtd", "mspace", "mstyle", "mpadded", "mphantom",
)  # fmt: skip
_ATTRIBUTE = re.compile(
    r"(?:accent|accentunder|displaystyle|form|height|linethickness|lspace|mathvariant|maxsize|minsize|movablelimits"
    r"|rspace|scriptlevel|stretchy|symmetric|voffset|width) [\w.%+-]{1,30}"
    r"|style (?:(?:text-align|justify-items|padding-left|padding-right|margin-left|color|width): ?[\w.%#-]{1,30};? ?)+"
)
_DEFINITION = re.compile(r"\\(?:[egx]?def|let|global|(?:re)?newcommand|providecommand)(?![A-Za-z])")
_DOLLARS = re.compile(
    r"\\."
    r"|(?P<dollars>\$\$?)`(?P<marked>[^`\n]+)`(?P=dollars)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)*?(?<!`)(?P=ticks)(?!`)"
    r"|\$\$(?P<block>(?:\\.|[^$\\])+?)\$\$"
    r"|\$(?=[^\s$])(?P<inline>(?:\\.|[^$`\\\n])*?(?:\\.|[^\s$`\\]))\$(?!\d)",
    re.DOTALL,
)

Element = dict[str, Any]
"""MathML element: `kind` "math", `name`, `attributes`, and its children as `parts` or its `text`."""


def mark_formulas(text: str) -> str:
    r"""Return the text of an author with `MARKED_FORMULA` instead of `$TeX$` and `$$TeX$$`. TeX that cannot be shown
    becomes code with the reason. Code spans stay unchanged.

    >>> print(mark_formulas("$5, `$y$` and $x^2$"))
    $5, `$y$` and $`x^2`$
    >>> print(mark_formulas(r"$\foo$"))
    `\foo` (This formula cannot be shown: Unknown command "\\foo".)
    """
    return _DOLLARS.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    source = found["block"] or found["inline"] or found["marked"]
    if source is None:
        return found[0]
    tex = " ".join(re.sub(r"(?<!\\)%.*", "", source).split())
    display = found["block"] is not None or found["dollars"] == "$$"
    try:
        read_formula(tex, display=display)
    except ReportError as error:
        return f"{write_code(tex or '%')} ({escape_signs(str(error))})"
    return f"$$`{tex}`$$" if display else f"$`{tex}`$"


@lru_cache(maxsize=1000)
def read_formula(tex: str, *, display: bool) -> Sequence[Element]:
    """
    Raises:
        ReportError: when the TeX is invalid, too long or too deep, or defines commands.
    """
    from math_core import LatexError

    if not 1 <= len(tex) <= MAX_TEX_CHARS:
        raise ReportError(f"Expected a formula of 1 to {MAX_TEX_CHARS:,} characters; got {len(tex):,}.")
    if "`" in tex or _DEFINITION.search(tex):
        raise ReportError("This formula cannot be shown: it may not contain backticks or define commands.")
    try:
        mathml = _open_converter().convert_with_local_state(tex, displaystyle=display)
    except LatexError as error:
        reason = re.sub(r"^\d+: ", "", " ".join(str(error).split())).rstrip(".")
        raise ReportError(f"This formula cannot be shown: {reason[:200]}.") from None
    parser = _TreeParser()
    parser.feed(mathml)
    parser.close()
    return tuple(parser.root["parts"])


@cache
def _open_converter() -> Any:
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False, max_expansions=_MAX_EXPANSIONS)


class _TreeParser(HTMLParser):
    """Reader of MathML that accepts known elements and attributes only."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Element = {"parts": []}
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "math":
            return
        if tag not in _ELEMENTS:
            raise ReportError("This formula cannot be shown: it contains a command that not all browsers draw.")
        if len(self._open) > _MAX_DEPTH:
            raise ReportError(f"This formula cannot be shown: it has more than {_MAX_DEPTH} nested elements.")
        attributes = {name: value for name, value in attrs if _ATTRIBUTE.fullmatch(f"{name} {value}")}
        node: Element = {"kind": "math", "name": tag, "attributes": attributes}
        node["text" if tag in _TEXT_ELEMENTS else "parts"] = "" if tag in _TEXT_ELEMENTS else []
        self._open[-1]["parts"].append(node)
        self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag != "math":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if "text" in self._open[-1]:
            self._open[-1]["text"] += data


def write_mathml(tex: str, *, display: bool) -> str:
    """Return a formula as MathML, or as code if it cannot be shown.

    >>> write_mathml("x^2", display=False)
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    try:
        inner = "".join(map(_write, read_formula(tex, display=display)))
    except ReportError:
        return f"<code>{escape(tex)}</code>"
    return f'<math display="block">{inner}</math>' if display else f"<math>{inner}</math>"


def _write(node: Element) -> str:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node["attributes"].items())
    inner = escape(node["text"], quote=False) if "text" in node else "".join(map(_write, node["parts"]))
    return f"<{node['name']}{attributes}>{inner}</{node['name']}>"


def write_tex(tex: str, *, display: bool) -> str:
    """Return a formula for Markdown with formulas. Without their support, it is neither HTML nor a link.

    >>> write_tex("a<b", display=False)
    '$a< b$'
    """
    safe = re.sub(r"<(?=\S)", "< ", tex).replace("](", "] (").replace("@", "@{}")
    return f"$${safe}$$" if display else f"${safe}$"
