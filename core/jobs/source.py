"""Whether the code on disk is still the code that this process runs."""

import os
import time

from core.jobs.process import ROOT

Sources = frozenset[tuple[str, int]]


def read_sources(root: str | os.PathLike[str] = ROOT / "core") -> Sources:
    """Path and time of writing, in nanoseconds, of every Python file below a folder."""
    return frozenset(
        (entry.path, entry.stat().st_mtime_ns)
        for folder, _, files in os.walk(root)
        if any(name.endswith(".py") for name in files)
        for entry in os.scandir(folder)
        if entry.name.endswith(".py")
    )


LOADED_AT = time.time()
LOADED = read_sources()


def is_outdated(asked_at: float) -> bool:
    """Whether who asked at `asked_at`, in seconds since 1970, may expect other code than that of this process: it came
    later, and a file has come, gone or changed. Takes a millisecond or two.

    Who asked before gets the code at hand; else somebody who keeps saving files would keep them waiting.
    """
    if asked_at < LOADED_AT:
        return False
    try:
        return read_sources() != LOADED
    except FileNotFoundError:  # gone between two looks
        return True
