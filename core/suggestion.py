"""Suggestions for mistyped names."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from core.errors import UnknownNameError

_MAX_CHARS = 200
_ALIKE, _ALIKE_ID = 0.6, 0.8  # share of equal characters


def suggest(word: str, names: Iterable[str], *, ids: bool = False, prefix: Callable[[str], str] | None = None) -> str:
    """Return "Did you mean 'gap'? " with the name that resembles a word most, or "" if none does.

    Args:
        ids: the names are random IDs, of which only almost equal ones are suggested.
        prefix: returns what is written in front of a name.

    >>> suggest("Digit-heads", ["digits-heads", "mnist-heads"]), suggest("svm", ["gap", "dense"])
    ("Did you mean 'digits-heads'? ", '')
    """
    by_lower = {name.lower().replace("_", "-"): name for name in names}
    lower = word[:_MAX_CHARS].lower().replace("_", "-")
    found = get_close_matches(lower, by_lower, n=1, cutoff=_ALIKE_ID if ids else _ALIKE)
    if not found:
        return ""
    name = by_lower[found[0]]
    return f"Did you mean {(prefix(name) if prefix else '') + name!r:.100}? "


def reject_name(kind: str, name: str, names: Iterable[str]) -> UnknownNameError:
    """Return the error about a name that is not one of the known names."""
    names = list(names)
    return UnknownNameError(f"Unknown {kind} {name!r:.80}. {suggest(name, names)}Choose one of: {', '.join(names)}.")
