"""Markdown of text blocks, converted to safe HTML, to a syntax tree for other formats, and to safe Markdown."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from core.reports.formula import MARKED_FORMULA, write_mathml, write_tex

Node = dict[str, Any]
"""Node of the syntax tree: `kind`, and depending on it `parts` (children), `text`, `url`, `level`, `start`, `align`,
`right_to_left`, `display` (of a formula)."""

_KINDS = {
    "paragraph": "paragraph", "heading": "heading", "bullet_list": "list", "ordered_list": "list", "list_item": "item",
    "blockquote": "quote", "table": "table", "tr": "row", "th": "cell", "td": "cell",
    "em": "emphasis", "strong": "strong", "s": "strike", "link": "link",
}  # fmt: skip
_LEAVES = {
    "text": "text", "code_inline": "mono", "fence": "code", "code_block": "code",
    "hr": "rule", "softbreak": "blank", "hardbreak": "break", "image": "image",
    "formula": "formula",
}  # fmt: skip
_INLINE = {"emphasis": "*", "strong": "**", "strike": "~~"}
_DIRECTED = ("paragraph", "heading", "list", "quote", "table", "cell")
_MAX_DEPTH = 20  # of nested nodes, a limit of Typst; deeper nodes are moved up to this depth
_STRUCTURAL = ("item", "row", "cell")  # kept at any depth, because their list or table is kept
_MAX_URL_CHARS = 2000
_PERCENT = re.compile(r"(?<=\d)(\s?)%")  # between left-to-right marks in Arabic, as in the CLDR
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\((data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+={0,2})\)")


@cache
def open_parser() -> MarkdownIt:
    """Return a parser for CommonMark with tables, strikethrough and formulas. HTML is escaped; links may use http,
    https and mailto; images must be embedded."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.inline.ruler.before("link", "embedded_image", _read_image)
    parser.inline.ruler.before("escape", "formula", _read_formula)
    parser.add_render_rule("formula", _write_formula)
    parser.core.ruler.push("empty_links", _drop_empty_links)
    parser.core.ruler.push("directions", _set_directions)
    parser.validateLink = _is_safe_url  # type: ignore[method-assign]
    return parser


def _read_image(state: StateInline, silent: bool) -> bool:
    """Parse an embedded image, such as `![alt](data:image/png;base64,…)`."""
    found = _IMAGE.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        token = state.push("image", "img", 0)
        token.attrs = {"src": found[2], "alt": ""}
        token.content = found[1]
        token.children = [Token("text", "", 0, content=found[1])]
    state.pos = found.end()
    return True


def _read_formula(state: StateInline, silent: bool) -> bool:
    found = MARKED_FORMULA.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.meta = found[2], {"display": found[1] == "$$"}
    state.pos = found.end()
    return True


def _write_formula(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _environment: Any) -> str:
    return write_mathml(tokens[index].content, display=tokens[index].meta["display"])


def _drop_empty_links(state: StateCore) -> None:
    """Keep only the text of links without a URL, such as `[text]()`. Links are never nested."""
    for block in state.tokens:
        kept, empty = [], False
        for token in block.children or []:
            if token.type == "link_open":
                empty = not token.attrs["href"]
            if not (empty and token.type in ("link_open", "link_close")):
                kept.append(token)
        if block.children:
            block.children = kept


def _set_directions(state: StateCore) -> None:
    """Let each block have the direction of its first letter, and keep the sign after the number of percentages."""
    for index, block in enumerate(state.tokens):
        if block.nesting > 0 and _KINDS.get(block.type.removesuffix("_open")) in _DIRECTED:
            inner = takewhile(lambda token, level=block.level: token.level > level, state.tokens[index + 1 :])  # type: ignore[misc]
            text = "".join(token.content for token in inner if token.type == "inline")
            block.attrSet("dir", "rtl" if is_right_to_left(text) else "auto")
        for token in block.children or []:
            if token.type == "text" and is_right_to_left(block.content):
                token.content = _mark_percentages(token.content)


def _mark_percentages(text: str) -> str:
    return _PERCENT.sub("\u200e\\1%\u200e", text)


def keep_percentages(text: str) -> str:
    """Return a text of one line, such as a title, with percentages as in `write_html`."""
    return _mark_percentages(text) if is_right_to_left(text) else text


def _is_safe_url(url: str) -> bool:
    return len(url) <= _MAX_URL_CHARS and url.strip().lower().startswith(("http://", "https://", "mailto:"))


def write_html(text: str) -> str:
    """Convert Markdown to HTML.

    >>> write_html("**GAP** <b>wins</b>")
    '<p dir="auto"><strong>GAP</strong> &lt;b&gt;wins&lt;/b&gt;</p>\\n'
    >>> write_html("[x](javascript:alert(1))")
    '<p dir="auto">[x](javascript:alert(1))</p>\\n'
    """
    return open_parser().render(text)


def list_code_lines(text: str) -> set[int]:
    """Return the indices of the lines that belong to code blocks."""
    blocks = (token for token in open_parser().parse(text) if token.type in ("fence", "code_block") and token.map)
    return {line for block in blocks for line in range(*(block.map or ()))}


def parse_markdown(text: str) -> list[Node]:
    """Parse Markdown to a syntax tree that can be stored as JSON.

    >>> parse_markdown("a *b*")[0]["parts"]
    [{'kind': 'text', 'text': 'a '}, {'kind': 'emphasis', 'parts': [{'kind': 'text', 'text': 'b'}]}]
    """
    root: Node = {"kind": "root", "parts": []}
    open_nodes = [root]
    for block in open_parser().parse(text):
        for token in block.children if block.type == "inline" and block.children is not None else [block]:
            parent = open_nodes[-1]
            if token.nesting < 0:
                open_nodes.pop()
            elif token.nesting == 0:
                parent["parts"].append({"kind": _LEAVES[token.type], "text": token.content, **_read(token)})
            else:
                kind = _KINDS.get(token.type.removesuffix("_open"))
                if kind is None or token.hidden or (len(open_nodes) > _MAX_DEPTH and kind not in _STRUCTURAL):
                    open_nodes.append(parent)  # no separate node: its children are added to the parent
                else:
                    open_nodes.append({"kind": kind, **_read(token), "parts": []})
                    parent["parts"].append(open_nodes[-1])
    for node in root["parts"]:
        _mark_direction(node)
    return root["parts"]


def _mark_direction(node: Node) -> None:
    """Mark the blocks whose text runs from right to left."""
    if node["kind"] in _DIRECTED and is_right_to_left(_join(node)):
        node["right_to_left"] = True
    for part in node.get("parts", []):
        _mark_direction(part)


def _join(node: Node) -> str:
    return node.get("text", "") + "".join(map(_join, node.get("parts", [])))


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is Hebrew or Arabic, as `dir="auto"` does in HTML.

    >>> is_right_to_left("12 שלום GAP"), is_right_to_left("GAP שלום")
    (True, False)
    """
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((direction != "L" for direction in directions if direction in ("L", "R", "AL")), False)


def _read(token: Token) -> Node:
    if token.type == "image":
        return {"url": str(token.attrs["src"])}
    if token.type == "formula":
        return {**token.meta}
    if token.type == "link_open":
        return {"url": str(token.attrs["href"])}
    if token.type == "heading_open":
        return {"level": int(token.tag[1:])}
    if token.type == "ordered_list_open":
        return {"start": int(token.attrs.get("start", 1))}
    if token.type in ("th_open", "td_open"):
        return {"align": str(token.attrs.get("style", "")).removeprefix("text-align:") or "left"}
    return {}


def write_markdown(text: str) -> str:
    r"""Convert Markdown to Markdown that is safe in any renderer: without HTML and images, and with safe links only.

    >>> print(write_markdown("**GAP** <b>wins</b> ![x](http://a.example/x) [x](javascript:alert)"))
    **GAP** \<b\>wins\</b\> \![x](<http://a.example/x>) \[x\](javascript:alert)
    """
    return "\n\n".join(map(_write_block, parse_markdown(text)))


def _write_block(node: Node) -> str:
    kind = node["kind"]
    if kind == "heading":
        return f"{'#' * node['level']} {_write_inline(node['parts']).replace(chr(10), ' ')}"
    if kind == "rule":
        return "***"
    if kind == "code":
        fence = "`" * max(3, 1 + _count_ticks(node["text"]))
        return f"{fence}\n{node['text'].rstrip(chr(10))}\n{fence}"
    if kind == "quote":
        return _indent(_write_blocks(node["parts"]), "> ", "> ")
    if kind == "list":
        marks = (f"{node['start'] + n}. " if "start" in node else "- " for n in range(len(node["parts"])))
        items = zip(marks, node["parts"], strict=False)
        return "\n".join(
            _indent(_write_blocks(item.get("parts", [item])), mark, " " * len(mark)) for mark, item in items
        )
    if kind == "table":
        rows = ["| " + " | ".join(map(_write_cell, row["parts"])) + " |" for row in node["parts"]]
        rule = {"left": "---", "center": ":-:", "right": "--:"}
        line = "| " + " | ".join(rule[cell["align"]] for cell in node["parts"][0]["parts"]) + " |"
        return "\n".join([rows[0], line, *rows[1:]])
    return _write_inline(node.get("parts", [node]))


def _write_cell(cell: Node) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", _write_inline(cell["parts"]))  # a vertical bar ends a cell, even in code


def _write_blocks(nodes: list[Node]) -> str:
    """Write blocks. Consecutive inline nodes, as in a list without blank lines, form one paragraph."""
    blocks: list[str] = []
    inline: list[Node] = []
    for node in [*nodes, {"kind": "root", "parts": []}]:
        if node["kind"] in (*_INLINE, "text", "mono", "link", "blank", "break", "image", "formula"):
            inline.append(node)
            continue
        if inline:
            blocks.append(_write_inline(inline))
            inline = []
        blocks.append(_write_block(node))
    return "\n\n".join(filter(None, blocks))


def _write_inline(nodes: list[Node]) -> str:
    return re.sub(r"(?m)^[ \t]*(?:([-+=#])|(\d{1,9})([.)])(?=\s|$))", _escape_start, "".join(map(_write_part, nodes)))


def _escape_start(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"


def _write_part(node: Node) -> str:
    kind = node["kind"]
    if kind in ("blank", "break"):
        return "\n" if kind == "blank" else "\\\n"
    if kind == "mono":
        ticks = "`" * (1 + _count_ticks(node["text"]))
        space = " " if "`" in node["text"] else ""
        return f"{ticks}{space}{node['text']}{space}{ticks}"
    if kind == "text":
        return _escape_text(node["text"])
    if kind == "formula":
        return write_tex(node["text"], display=node["display"])
    if kind == "image":
        return f"![{_escape_text(node['text'])}](<{node['url']}>)"
    inner = "".join(map(_write_part, node["parts"]))
    if kind == "link":
        return f"[{inner}](<{node['url'].replace('<', '%3C').replace('>', '%3E')}>)"
    return f"{_INLINE[kind]}{inner}{_INLINE[kind]}" if kind in _INLINE else inner


def _escape_text(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>$~!|])", r"\\\1", text.replace("&", "&amp;")).replace("@", "&#64;")


def _count_ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _indent(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(f"{others}{line}".rstrip() for line in lines[1:])])
