"""Process that sends the waiting notices of a home to HEADROOM_WEBHOOK: one POST each in the form of Slack, repeated
with growing pauses while the server cannot be reached. One process per home at a time."""

import fcntl
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.files import write_json
from core.home import Home
from core.jobs.notice import Notice, list_notices, notices_folder, read_webhook

PAUSES_SECONDS = (1.0, 5.0, 30.0, 120.0, 600.0)
_TIMEOUT_SECONDS = 10.0
_REPEATED = (408, 425, 429)


def write_message(notice: Notice, dashboard: str = "") -> dict[str, Any]:
    """Return the body of the request, with a link if the public address of the dashboard is known.

    >>> notice = Notice(key="0" * 12, kind="sweep", failed=False, text="3 < 4", link="/jobs", at=0)
    >>> write_message(notice, "https://h.example")["text"]
    '✅ 3 &lt; 4 <https://h.example/jobs|Open>'
    """
    text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    link = f" <{dashboard.rstrip('/')}{notice.link}|Open>" if dashboard and notice.link else ""
    return {"text": f"{'❌' if notice.failed else '✅'} {text}{link}"}


def send_waiting(home: Home, wait: Callable[[float], object] = time.sleep) -> None:
    """Send the waiting notices, oldest first, until none is left. Return at once if another process does."""
    folder = notices_folder(home)
    while folder.is_dir() and _list_waiting(home):
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            while waiting := _list_waiting(home):
                for notice in waiting:
                    _send(home, notice)
                left = _list_waiting(home)
                if left:
                    wait(PAUSES_SECONDS[min(min(one.attempts for one in left), len(PAUSES_SECONDS)) - 1])
        except BlockingIOError:
            return
        finally:
            os.close(lock)  # then look again: a notice may have been added before the lock was released


def _list_waiting(home: Home) -> list[Notice]:
    return [notice for notice in list_notices(home) if notice.delivery == "waiting"]


def _send(home: Home, notice: Notice) -> None:
    """Send a notice once, and save the result. After the last attempt it is given up."""
    attempts = notice.attempts + 1
    later = "waiting" if attempts <= len(PAUSES_SECONDS) else "failed"
    delivery = {True: "sent", False: "failed", None: later}[_post(notice)]
    changed = notice.model_dump() | {"attempts": attempts, "delivery": delivery}
    write_json(notices_folder(home) / f"{notice.key}.json", changed)


def _post(notice: Notice) -> bool | None:
    """Return whether the server accepted a notice; None if the request can be repeated."""
    import requests

    address = read_webhook()
    if not address:
        return False
    try:
        message = write_message(notice, os.environ.get("HEADROOM_URL", "").strip())
        answer = requests.post(address, json=message, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return None
    return None if answer.status_code >= 500 or answer.status_code in _REPEATED else answer.status_code < 300


if __name__ == "__main__":
    send_waiting(Home(Path(sys.argv[1])))
