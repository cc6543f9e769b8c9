"""Counts with their nouns."""


def format_plural(count: int, noun: str) -> str:
    """Format a count with its noun: 1, "seed" → "1 seed"; 1437, "test image" → "1,437 test images"; 2, "class" →
    "2 classes"."""
    ending = "es" if noun.endswith(("ss", "x", "sh", "tch")) else "s"
    return f"{count:,} {noun}{'' if count == 1 else ending}"
