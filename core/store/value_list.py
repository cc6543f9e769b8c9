"""Lists of values in sentences."""

from collections.abc import Sequence

_ALL = 4  # longer lists are shortened


def join_values(texts: Sequence[str]) -> str:
    """Join values; of many, the first two and the last, and their number.

    >>> join_values(["8", "16"]), join_values(["4", "8", "12", "16", "20"])
    ('8 and 16', '4, 8, … 20 (5 values)')
    """
    if len(texts) <= _ALL:
        return " and ".join(texts)
    return f"{texts[0]}, {texts[1]}, … {texts[-1]} ({len(texts):,} values)"
