"""Notices that training or a sweep has ended: written once, sent to a webhook, repeated, and never in the way."""

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from core.home import Home
from core.jobs.notice import WEBHOOK, list_notices, note_end, notices_folder, post_notice
from core.jobs.queue import JobQueue
from core.jobs.send_notices import PAUSES_SECONDS, send_waiting
from core.jobs.submit import cancel_job
from core.jobs.sweep_store import keep_sweep
from core.spec import RunSpec
from tests.support.dispatcher import without_dispatcher
from tests.support.run_writer import RunWriter


class Webhook(HTTPServer):
    """Server that keeps what it receives, and answers with the next of its states, then with 200."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.states: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.headers["Content-Type"], json.loads(body)["text"]))
        self.send_response(self.server.states.pop(0) if self.server.states else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv(WEBHOOK, f"http://127.0.0.1:{server.server_port}/services/secret")
        yield server
        server.shutdown()


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> list[Home]:
    """Starts no process that sends; the homes for which one would have been started."""
    started: list[Home] = []
    monkeypatch.setattr("core.jobs.notice._start_sending", started.append)
    return started


def texts(home: Home) -> list[str]:
    return [notice.text for notice in list_notices(home)]


def settle(home: Home, spec: RunSpec, state: Any, reason: str = "") -> None:
    queue = JobQueue(home)
    job = queue.job(spec.run_id)
    assert job
    queue.settle(job, state, reason)
    note_end(home, spec.run_id)


def test_training_is_noted_once_when_its_last_job_has_ended(home: Home, make_run: RunWriter) -> None:
    done = make_run()
    others = [done.spec.replace(seed=seed) for seed in (5, 6)]
    JobQueue(home).submit([done.spec, *others], "ada@example.org")
    settle(home, done.spec, "finished")
    settle(home, others[0], "failed", f"It ran out of memory in {home.path}/jobs/x.py.")
    assert texts(home) == []
    with without_dispatcher(home):
        cancel_job(home, others[1].run_id)
    note_end(home, done.run_id)
    (notice,) = list_notices(home)
    accuracy = f"{100 * done.record.metrics.test_accuracy:.1f}%"
    assert notice.text == (
        f"Training of digits-heads ended: 1 of 3 runs finished. Best test accuracy {accuracy}. "
        "It ran out of memory in jobs/x.py."
    )
    assert (notice.kind, notice.failed, notice.by, notice.link, notice.delivery) == (
        "training", True, "ada@example.org", "/jobs", "none",
    )  # fmt: skip
    JobQueue(home).submit([others[0]], "ada@example.org")
    settle(home, others[0], "failed", "Again.")
    assert len(texts(home)) == 2  # another submission is another event
    JobQueue(home).submit([done.spec.replace(seed=7)])
    with without_dispatcher(home):
        cancel_job(home, done.spec.replace(seed=7).run_id)
    assert len(texts(home)) == 2  # who cancels everything knows it
    assert list_notices(home, since=time.time() + 1) == []


def test_sweep_is_one_notice_for_who_submitted_it(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed) for seed in range(3)]
    specs = [run.spec for run in runs]
    sweep = keep_sweep(home, "digits-heads", ["seed"], specs, by="ada@example.org")
    JobQueue(home).submit(specs[1:], sweep.submitted_by)
    for spec in specs[1:]:
        settle(home, spec, "finished")
    (notice,) = list_notices(home)
    assert notice.text.startswith(f"Sweep {sweep.sweep_id} of digits-heads finished: 3 runs. Best test accuracy ")
    assert (notice.by, notice.failed, notice.link) == ("ada@example.org", False, f"/jobs?followed={sweep.sweep_id}")


def test_webhook_gets_one_post_each_and_is_repeated(home: Home, webhook: Webhook, unsent: list[Home]) -> None:
    post_notice(home, "advice", "a", "Advice <1> & more", link="/advisor")
    post_notice(home, "advice", "a", "the same event again")
    post_notice(home, "advice", "b", "Advice failed.", failed=True)
    assert unsent == [home, home]
    webhook.states[:] = [503, 200, 429]
    pauses: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADROOM_URL", "https://h.example/")
        send_waiting(home, pauses.append)
    first, second = "✅ Advice &lt;1&gt; &amp; more <https://h.example/advisor|Open>", "❌ Advice failed."
    kind = "application/json"
    assert webhook.received == [(kind, first), (kind, second), (kind, first), (kind, first)]
    assert pauses == [PAUSES_SECONDS[0], PAUSES_SECONDS[1]]
    assert {(notice.delivery, notice.attempts) for notice in list_notices(home)} == {("sent", 3), ("sent", 1)}
    send_waiting(home, pauses.append)
    assert len(webhook.received) == 4
    post_notice(home, "advice", "c", "To no one")
    webhook.states[:] = [404]
    send_waiting(home, pauses.append)
    assert [notice.delivery for notice in list_notices(home)] == ["sent", "sent", "failed"]


def test_webhook_that_cannot_be_reached_is_given_up(
    home: Home, monkeypatch: pytest.MonkeyPatch, unsent: list[Home]
) -> None:
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/")
    post_notice(home, "sweep", "a", "A sweep")
    pauses: list[float] = []
    send_waiting(home, pauses.append)
    assert pauses == [*PAUSES_SECONDS]
    (notice,) = list_notices(home)
    assert (notice.delivery, notice.attempts) == ("failed", len(PAUSES_SECONDS) + 1)
    monkeypatch.setenv(WEBHOOK, "file:///etc/passwd")
    post_notice(home, "sweep", "b", "Another")
    assert list_notices(home)[1].delivery == "none"
    assert unsent == [home]


def test_separate_process_sends_and_ends(home: Home, webhook: Webhook) -> None:
    started = time.monotonic()
    post_notice(home, "training", "a", "Training")
    assert time.monotonic() - started < 1
    until = time.monotonic() + 60
    while not (found := list_notices(home)) or found[0].delivery != "sent":
        assert time.monotonic() < until
        time.sleep(0.05)
    assert webhook.received == [("application/json", "✅ Training")]


def test_notice_disturbs_nothing_and_damaged_ones_are_ignored(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    post_notice(home, "training", "a", "Training")
    folder = notices_folder(home)
    (folder / f"{'0' * 12}.json").write_bytes(b"{")
    assert texts(home) == ["Training"]
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    post_notice(home, "training", "b", "Another")
    assert texts(home) == ["Another"]  # those of weeks ago are removed
    monkeypatch.setattr("core.files.os.link", lambda *_: os.rmdir("/"))
    post_notice(home, "training", "c", "On a full disk")
    note_end(Home(folder / "none"), "0" * 12)
    assert texts(home) == ["Another"]
