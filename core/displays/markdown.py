"""Text of people in the Markdown of a page: as they wrote it, never as a link, a picture or bold."""

import re

_SIGNS = re.compile(r"([\\`*_\[\]<>$~]|:(?=\S))")


def escape_markdown(text: str) -> str:
    r"""
    >>> print(escape_markdown("![x](http://a.b) is *bold*"))
    !\[x\](http\://a.b) is \*bold\*
    """
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
