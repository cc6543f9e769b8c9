"""Whether the code on disk is still the code that this process runs."""

import os

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


LOADED = read_sources()


def is_outdated() -> bool:
    """Whether a file has come, gone or changed since this process began. Takes a millisecond or two."""
    try:
        return read_sources() != LOADED
    except FileNotFoundError:  # gone between two looks
        return True
