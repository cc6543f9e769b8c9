"""Escaping of untrusted text in Markdown: it never becomes a link, an image, a heading, an icon or bold text."""

import re

from core.displays.direction import keep_order

_SIGNS = re.compile(r"([\\`*\[\]<>$~&]|(?<![^\W_])_|_(?![^\W_])|:(?=[^\s\d]|\d\w*:))")
_BLOCK = re.compile(r"^(\d{1,9}(?=[.)](?: |$))|(?=[#+=|-]))")  # starts a heading, list, table or line
_JOINER = "\u2060"  # word joiner, zero width
# What Streamlit replaces after it has resolved escapes: icons and emoji, links, arrows and dashes.
_REPLACED = re.compile(
    r"(?<=:)(?=[\w/+-]+:)|(?<=http)(?=s?://)|(?<=www)(?=\.)|(?<=[<>~-])(?=[->=](?:\s|$))",
    re.IGNORECASE,
)


def escape_markdown(text: str) -> str:
    r"""Return untrusted text as one line of Markdown for Streamlit, which shows it unchanged.

    >>> print(escape_markdown("![x](y) is *bold*"), escape_markdown("# 1 & 2"))
    !\[x\](y) is \*bold\* \# 1 \& 2
    """
    return escape_signs(keep_order(_REPLACED.sub(_JOINER, " ".join(text.split()))))


def escape_signs(text: str) -> str:
    r"""Return untrusted text as one line of Markdown for renderers without the extensions of Streamlit.

    >>> print(escape_signs("http://a.b"), escape_signs("1. one"), escape_signs("- two"))
    http\://a.b 1\. one \- two
    """
    return _BLOCK.sub(r"\1\\", _SIGNS.sub(r"\\\1", " ".join(text.split())))


def write_code(text: str) -> str:
    """Return untrusted text, such as a command, as Markdown code.

    >>> print(write_code("ls `pwd`"))
    `` ls `pwd` ``
    """
    line = " ".join(text.split())
    ticks = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"
