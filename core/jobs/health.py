"""What keeps the dispatcher from its jobs, told to whoever looks at them."""

import time
from contextlib import suppress

from core.errors import HomeError
from core.files import replacing
from core.home import Home

_HOLDS_SECONDS = 60.0


def write_health(home: Home, sentence: str) -> None:
    """Must be said again while it lasts; an empty sentence says that it is over."""
    path = home.jobs / "trouble"
    with suppress(HomeError, OSError):
        if not sentence:
            path.unlink(missing_ok=True)
            return
        with replacing(path) as temporary:
            temporary.write_text(f"{sentence}\n", encoding="utf-8")


def read_health(home: Home) -> str:
    """Empty when there is none, or nobody has said it for a minute: a dispatcher may be killed with it."""
    path = home.jobs / "trouble"
    try:
        return path.read_text(encoding="utf-8").strip() if time.time() - path.stat().st_mtime < _HOLDS_SECONDS else ""
    except (OSError, UnicodeDecodeError):
        return ""
