"""Sentences that state the same of several variants, and notes as sentences."""

from collections.abc import Iterable, Sequence

MAX_PARTS = 7
_SHOWN = 6


def join_parts(parts: Sequence[str], separator: str = "; ") -> str:
    """Join parts of a sentence; of more than MAX_PARTS the first six, with the number of the others.

    The tables of the displays list all of them.

    >>> join_parts(["GAP 90%", "Flatten 92%"]), join_parts([str(number) for number in range(10)])
    ('GAP 90%; Flatten 92%', '0; 1; 2; 3; 4; 5; and 4 more')
    """
    if len(parts) <= MAX_PARTS:
        return separator.join(parts)
    return separator.join([*parts[:_SHOWN], f"and {len(parts) - _SHOWN:,} more"])


def write_sentences(notes: Iterable[str]) -> str:
    """Write notes without a full stop as sentences.

    >>> write_sentences(["bold lines: means over seeds", "open marks: best epochs"])
    'Bold lines: means over seeds. Open marks: best epochs.'
    """
    return " ".join(f"{note[:1].upper()}{note[1:]}." for note in notes)
