"""Names of classes and splits in folders and tables: normalized, in natural order, without look-alikes."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from core.bounds import check_printable
from core.datasets.custom.image_files import TEST, TRAIN, VALIDATION
from core.errors import DatasetError

MAX_CLASSES = 1000

_MAX_CHARS = 80
_PARTS = {
    "train": TRAIN, "training": TRAIN,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION, "dev": VALIDATION,
    "test": TEST, "testing": TEST, "eval": TEST, "evaluation": TEST,
}  # fmt: skip
_PART = re.compile(rf"({'|'.join(_PARTS)})[\s_-]*(set|split|data|images|imgs)?")
_DIGITS = re.compile(r"(\d+)")
_SPACES = re.compile(r"[\s_]+")
_BLANK = frozenset("\u2800\u115f\u1160\u3164\uffa0")  # the empty braille pattern and the fillers of Hangul
_SELECTORS = frozenset(map(chr, [0x34F, 0x17B4, 0x17B5, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))


@lru_cache(10_000)
def normalize_name(name: str) -> str:
    """Return the name of a class in Unicode NFC without outer spaces and invisible characters.

    >>> normalize_name("\ufeff cafe\u0301\u00a0\u200e")
    'café'
    """
    name = unicodedata.normalize("NFC", name)
    seen = [row for row, char in enumerate(name) if not _is_invisible(char)]
    return name[seen[0] : seen[-1] + 1] if seen else ""


def _is_invisible(char: str) -> bool:
    """Return whether a character is a space, a letter without a shape or, as a byte order mark, a mark without one."""
    return char.isspace() or char in _BLANK or (char < "\U00010000" and unicodedata.category(char) == "Cf")


def _is_blank(name: str) -> bool:
    """Return whether a name has no visible character: also selectors and tags without the emoji that they change."""
    return all(_is_invisible(char) or char in _SELECTORS or unicodedata.category(char) == "Cf" for char in name)


def read_part(name: str) -> int | None:
    """Return TRAIN, VALIDATION or TEST for the name of a split in any capitalization, else None.

    >>> [read_part(name) for name in ("Train", "VALID", "test_set", "cat")]
    [0, 1, 2, None]
    """
    found = _PART.fullmatch(normalize_name(name).lower())
    return _PARTS[found[1]] if found else None


def order_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the different names in natural order: numbers by their value, letters without regard to capitals.

    Raises:
        DatasetError: when two names differ only in capitals, spaces or the form of their letters, or a name is
            too long, empty or not printable.

    >>> order_classes(["10", "b", "2", "A", "b"])
    ('2', '10', 'A', 'b')
    """
    found: dict[str, str] = {}
    for name in sorted(set(names)):
        if not _is_printable(name) or _is_blank(name) or len(name) > _MAX_CHARS:
            raise DatasetError(f"Expected class names of at most {_MAX_CHARS} printable characters; got {name!r:.100}.")
        other = found.setdefault(_fold(name), name)
        if other != name:
            raise DatasetError(
                f"The classes {other!r} and {name!r} look alike. Give them the same name, or clearly different names."
            )
    return tuple(sorted(found.values(), key=_natural))


def _is_printable(name: str) -> bool:
    """Return whether a name has no control characters; other spaces and joiners of letters or emoji are allowed."""
    try:
        return bool(check_printable(name))
    except ValueError:
        return False


def _fold(name: str) -> str:
    """Return the same text for names that look alike: compatibility caseless matching (Unicode, definition D146).

    Equal shapes of different scripts, such as Latin and Cyrillic `a`, stay different.
    """
    text = unicodedata.normalize("NFKD", name).casefold()
    text = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return _SPACES.sub(" ", visible).strip() or name


def _natural(name: str) -> tuple[list[str | int], str]:
    parts = _DIGITS.split(name.casefold())
    return [int(part) if row % 2 else part for row, part in enumerate(parts)], name
