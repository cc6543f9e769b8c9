"""Order of names in scripts from right to left within English sentences, which browsers and PDF readers would change.

After such a name, the Unicode algorithm moves the next number to its left: "רשת: 87.3%" is shown as "87.3% :רשת".
"""

import re
import unicodedata

_MARK = "\u200e"  # left-to-right mark, zero width
_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_WORDS = re.compile(rf"(?>[{_LETTERS}]+(?:[ '’.-]+[{_LETTERS}]+)*)(?!{_MARK})")


def keep_order(sentence: str) -> str:
    r"""Return an English sentence with a left-to-right mark after all words from right to left.

    >>> [one.replace("\u200e", "<mark>") for one in map(keep_order, ("קו קו: 87%, GAP: 90%", "קו, קו 2", "GAP: 90%"))]
    ['קו קו<mark>: 87%, GAP: 90%', 'קו<mark>, קו<mark> 2', 'GAP: 90%']
    """
    return sentence if sentence.isascii() else _WORDS.sub(rf"\g<0>{_MARK}", sentence)


def mark_end(name: str) -> str:
    """Return a left-to-right mark after a name in a script from right to left, which would reverse the text after it.

    >>> len(mark_end("cat")), len(mark_end("קוף 2"))
    (0, 1)
    """
    directions = (unicodedata.bidirectional(letter) for letter in reversed(name))
    return _MARK if next((one for one in directions if one in ("L", "R", "AL")), "L") != "L" else ""
