"""Races, which the dispatcher continues when jobs end: an open one has a file `open` (see `core.advice.race`).

The code is in a higher layer, which the dispatcher imports by its name when a race is open.
"""

from importlib import import_module

from core.entry_point import RACES
from core.home import Home


def has_open_races(home: Home) -> bool:
    """Return whether a race needs a dispatcher; cheap without any."""
    return any(home.advice.glob("*/open"))


def advance_races(home: Home) -> None:
    """Submit what the open races need next, or end them. Errors end the race that has them, with their message."""
    if has_open_races(home):
        import_module(RACES).advance_all(home)
