"""The author's Markdown as HTML that can do nothing: no HTML of their own, no pictures from elsewhere, no scripts."""

from functools import cache

from markdown_it import MarkdownIt


@cache
def open_parser() -> MarkdownIt:
    """CommonMark with tables and strikethrough. HTML stays text; a link leads to http, https or mailto only."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = _is_harmless  # type: ignore[method-assign]
    return parser


def _is_harmless(url: str) -> bool:
    return url.strip().lower().startswith(("http://", "https://", "mailto:"))


def write_html(text: str) -> str:
    """
    >>> write_html("**GAP** <b>wins</b>")
    '<p><strong>GAP</strong> &lt;b&gt;wins&lt;/b&gt;</p>\\n'
    >>> write_html("[x](javascript:alert(1))")
    '<p>[x](javascript:alert(1))</p>\\n'
    """
    return open_parser().render(text)
