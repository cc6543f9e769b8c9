"""Counts with their nouns."""


def format_plural(count: int, noun: str) -> str:
    """Format a count with its noun: 1, "seed" → "1 seed"; 1437, "test image" → "1,437 test images"; 2, "class" →
    "2 classes"; 2, "entry" → "2 entries"."""
    return f"{count:,} {noun if count == 1 else _form_plural(noun)}"


def _form_plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}{'es' if noun.endswith(('ss', 'x', 'sh', 'tch')) else 's'}"
