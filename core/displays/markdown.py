"""Escaping of user text in Markdown, so that it never becomes a link, an image or bold text."""

import re

_SIGNS = re.compile(r"([\\`*_\[\]<>$~]|:(?=\S))")


def escape_markdown(text: str) -> str:
    r"""Return the text with all Markdown characters escaped and white space collapsed.

    >>> print(escape_markdown("![x](http://a.b) is *bold*"))
    !\[x\](http\://a.b) is \*bold\*
    """
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
