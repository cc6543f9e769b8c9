"""Notices that training, a sweep or advice has ended: files in the home, one per event. The browser of the user who
started it shows them, and a separate process sends them to HEADROOM_WEBHOOK, so that the network delays no job."""

import hashlib
import logging
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.bounds import Count, Prose, RunId, SourcePath, UnixTime
from core.entry_point import NOTICES, build_command
from core.errors import HeadroomError
from core.files import read_file, write_json
from core.home import Home, hide_paths
from core.jobs.batch import name_recipe
from core.jobs.process import ROOT
from core.jobs.queue import Job, JobQueue
from core.jobs.sweep_store import find_sweep
from core.plural import format_plural
from core.store.run_store import RunStore

WEBHOOK = "HEADROOM_WEBHOOK"
KEEP_SECONDS = 14 * 86_400.0
MAX_REASON_CHARS = 300

_MAX_BYTES, _ADVICE = 100_000, "advice "  # the latter also of `core.advice.race`
_log = logging.getLogger("headroom")

Kind = Literal["training", "sweep", "advice"]


class Notice(BaseModel):
    """Notice that something has ended. `link` is a path on the dashboard; `by` is the user who started it.

    `attempts` counts the requests to the webhook, and `delivery` is their state: "none" without a webhook.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: RunId
    kind: Kind
    failed: bool
    text: Prose
    link: SourcePath = ""
    by: Prose = ""
    at: UnixTime
    attempts: Count = 0
    delivery: Literal["none", "waiting", "sent", "failed"] = "none"


def notices_folder(home: Home) -> Path:
    return home.jobs / "notices"


def post_notice(
    home: Home, kind: Kind, name: str, text: str, *, failed: bool = False, by: str = "", link: str = ""
) -> None:
    """Add a notice and start the process that sends it. Return at once, and never raise: a notice must not disturb what
    it is about.

    Args:
        name: identifies the event; a second notice of the same event is ignored.
        text: such as "Training of digits-heads finished: 4 runs."
        by: the user who started it, as `User.name`.
        link: path of a page of the dashboard, such as "/jobs".
    """
    key = hashlib.sha256(f"{kind} {name}".encode()).hexdigest()[:12]
    try:
        delivery: Literal["waiting", "none"] = "waiting" if read_webhook() else "none"
        notice = Notice(
            key=key, kind=kind, failed=failed, text=text, link=link, by=by, at=time.time(), delivery=delivery
        )
        write_json(notices_folder(home) / f"{key}.json", notice.model_dump(), new=True)
        _remove_old(home)
        if delivery == "waiting":
            _start_sending(home)
    except FileExistsError:
        pass
    except Exception:
        _log.exception("The notice about %s cannot be added", kind)


def read_webhook() -> str:
    """Return the address of the webhook; "" if it is not set or is not one of http or https."""
    address = os.environ.get(WEBHOOK, "").strip()
    return address if address.lower().startswith(("https://", "http://")) else ""


def list_notices(home: Home, *, since: float = 0.0) -> list[Notice]:
    """Return the readable notices that are not older than `since` (seconds since 1970), oldest first."""
    found = []
    with suppress(OSError):
        for path in notices_folder(home).glob("[0-9a-f]*.json"):
            with suppress(OSError, ValidationError):
                if path.stat().st_mtime >= since:  # a change of the delivery makes it newer, never older
                    found.append(Notice.model_validate_json(read_file(path, _MAX_BYTES)))
    return sorted((notice for notice in found if notice.at >= since), key=lambda notice: notice.at)


def note_end(home: Home, run_id: str) -> None:
    """Add a notice if all jobs that were submitted together with this one have ended. Never raises."""
    try:
        jobs = JobQueue(home).batch(run_id)
        if not jobs or any(job.state in ("queued", "running") for job in jobs):
            return
        if all(job.state == "cancelled" and not job.reason for job in jobs):
            return  # by a user, who knows it
        _note_batch(home, jobs)
    except Exception:
        _log.exception("The notice about the end of job %s cannot be added", run_id)


def _note_batch(home: Home, jobs: Sequence[Job]) -> None:
    first = jobs[0]
    if first.submitted_by.startswith(_ADVICE):  # its own notice follows
        return
    sweep = find_sweep(home, first.submitted_by)
    name = f"{first.submitted_by} {first.queued_at!r}"
    if sweep is None:
        run_ids = [job.run_id for job in jobs]
        text = f"Training of {name_recipe(first)} {_describe(home, run_ids, jobs)}"
        link = f"/jobs?job={run_ids[0]}" if len(run_ids) == 1 else "/jobs"
        post_notice(home, "training", name, text, failed=_has_failed(jobs), by=first.submitted_by, link=link)
        return
    run_ids = [spec.run_id for spec in sweep.specs]
    text = f"Sweep {sweep.sweep_id} of {sweep.recipe} {_describe(home, run_ids, jobs)}"
    post_notice(
        home, "sweep", name, text, failed=_has_failed(jobs), by=sweep.by, link=f"/jobs?followed={sweep.sweep_id}"
    )


def _describe(home: Home, run_ids: Sequence[str], jobs: Sequence[Job]) -> str:
    """Return "finished: 4 runs. Best test accuracy 97.3%." or how many failed and why."""
    store = RunStore(home)
    finished = [run_id for run_id in run_ids if store.path(run_id)]
    accuracies = []
    for run_id in finished:
        with suppress(HeadroomError):
            accuracies.append(store.open(run_id).record.metrics.test_accuracy)
    best = f" Best test accuracy {100 * max(accuracies):.1f}%." if accuracies else ""
    runs = format_plural(len(run_ids), "run")
    if len(finished) == len(run_ids):
        return f"finished: {runs}.{best}"
    reasons = dict.fromkeys(job.reason for job in jobs if job.reason)
    reason = hide_paths(next(iter(reasons), ""))
    why = f" {reason[:MAX_REASON_CHARS]}" if reason else ""
    return f"ended: {len(finished):,} of {runs} finished.{best}{why}"


def _has_failed(jobs: Sequence[Job]) -> bool:
    return any(job.state == "failed" for job in jobs)


def _remove_old(home: Home) -> None:
    for path in notices_folder(home).glob("[0-9a-f]*.json"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP_SECONDS:
                path.unlink()


def _start_sending(home: Home) -> None:
    """Start the process that sends the waiting notices; it exits at once if one is running, which then sends them."""
    process = subprocess.Popen(
        build_command(NOTICES, str(home.path.absolute())), cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    threading.Thread(target=process.wait, name="notice-reaper", daemon=True).start()
