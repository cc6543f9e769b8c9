"""Limit of the memory of a worker, `HEADROOM_MEMORY_GB`, so that one job cannot take all memory of a machine."""

import os
import resource

from core.errors import JobError

SETTING = "HEADROOM_MEMORY_GB"
_GIGABYTE = 1_000_000_000


def read_memory_limit() -> int | None:
    """Return HEADROOM_MEMORY_GB in bytes; None if it is not set.

    Raises:
        JobError: when it is not a number of at least 0.5.
    """
    text = os.environ.get(SETTING, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 1_000_000:
        raise JobError(f"Expected {SETTING} between 0.5 and 1000000; got {text!r:.40}.")
    return round(value * _GIGABYTE)


def limit_memory() -> None:
    """Limit what this process may allocate; more raises MemoryError. Files that are mapped do not count."""
    limit = read_memory_limit()
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
