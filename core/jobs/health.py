"""Dispatcher health: the reason why the dispatcher cannot start jobs, shown with the queue."""

import time
from contextlib import suppress

from core.errors import HomeError
from core.files import read_file, replacing
from core.home import Home

_VALID_SECONDS = 60.0
_MAX_BYTES = 10_000


def write_health(home: Home, message: str) -> None:
    """Write a message about a problem, or clear it with an empty message. Call repeatedly while the problem lasts."""
    path = home.jobs / "trouble"
    with suppress(HomeError, OSError):
        if not message:
            path.unlink(missing_ok=True)
            return
        with replacing(path) as temporary:
            temporary.write_text(f"{message}\n", encoding="utf-8")


def read_health(home: Home) -> str:
    """Return the message; "" without a problem, or if the message is over a minute old (the dispatcher was killed)."""
    path = home.jobs / "trouble"
    try:
        recent = time.time() - path.stat().st_mtime < _VALID_SECONDS
        return read_file(path, _MAX_BYTES).decode().strip() if recent else ""
    except (OSError, UnicodeDecodeError):
        return ""
