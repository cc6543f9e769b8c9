"""CPU time of the dashboard server for sessions that show the Jobs page while jobs are running.

    python -m benchmarks.watching

Prints one line of JSON per number of sessions: CPU seconds per minute of the server process and per session; the budget
is 1 s per session. A session uses the protocol of a browser and reruns each live fragment at its interval. The jobs are
stand-ins that report their progress ten times per second.
"""

import json
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from benchmarks.pages import serving
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.spec import RunSpec
from tests.support.dispatcher import end_dispatcher, start_dispatcher, until
from tests.support.run_writer import RunWriter

BUDGET_SECONDS = 1.0
SESSIONS = (0, 1, 10)
WATCHED_SECONDS = 60.0
TIMEOUT_SECONDS = 120.0
SLOTS, QUEUED, ENDED = 4, 16, 100
HEADLINE = f"#### {SLOTS} running, "  # the stand-ins end after a while and queued ones start
LONG = RunSpec(train_images=200, epochs=1000)


@dataclass
class Session:
    """Client of one page that behaves like a browser, in its own thread."""

    address: str
    page: str
    runs: int = 0  # finished runs of the page or of its live fragments
    texts: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def has_drawn(self, beginning: str) -> bool:
        return any(text.startswith(beginning) for text in list(self.texts))

    def _run(self) -> None:
        with connect(f"{self.address}/_stcore/stream", max_size=None, subprotocols=["streamlit"]) as socket:  # type: ignore[list-item]
            message = BackMsg()
            message.rerun_script.page_name = self.page
            socket.send(message.SerializeToString())
            due: dict[str, tuple[float, float]] = {}
            while not self._stop.is_set():
                self._receive(socket, due)
                for fragment, (at, every) in due.items():
                    if time.monotonic() >= at:
                        message = BackMsg()
                        message.rerun_script.page_script_hash = self._hash
                        message.rerun_script.fragment_id = fragment
                        message.rerun_script.is_auto_rerun = True
                        socket.send(message.SerializeToString())
                        due[fragment] = time.monotonic() + every, every

    def _receive(self, socket: ClientConnection, due: dict[str, tuple[float, float]]) -> None:
        try:
            received = ForwardMsg.FromString(socket.recv(timeout=0.1))  # type: ignore[arg-type]
        except TimeoutError:
            return
        kind = received.WhichOneof("type")
        if kind == "new_session":
            self._hash = received.new_session.page_script_hash
        elif kind == "auto_rerun":
            every = received.auto_rerun.interval
            due[received.auto_rerun.fragment_id] = time.monotonic() + every, every
        elif kind == "script_finished":
            self.runs += 1
        elif kind == "delta" and received.delta.new_element.WhichOneof("type") == "markdown":
            self.texts.add(received.delta.new_element.markdown.body)


def read_processor_seconds(pid: int) -> float:
    """Return the user and system CPU seconds of a process in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(home: Home) -> None:
    """Create finished runs with their jobs."""
    write, queue = RunWriter(home), JobQueue(home)
    runs = [write(RunSpec(epochs=5, seed=seed), predictions=False) for seed in range(ENDED)]
    queue.submit([run.spec for run in runs])
    while job := queue.claim():
        queue.settle(job, "finished")


def measure(home: Home) -> None:
    with serving(home) as (address, pid):
        watching: list[Session] = []
        idle = 0.0
        try:
            for sessions in SESSIONS:
                for _ in range(sessions - len(watching)):
                    watching.append(Session(address.replace("http", "ws"), "jobs"))
                    watching[-1].start()
                until(lambda: all(watcher.has_drawn(HEADLINE) for watcher in watching), TIMEOUT_SECONDS)
                until(lambda: all(watcher.runs > 1 for watcher in watching), TIMEOUT_SECONDS)
                runs = sum(watcher.runs for watcher in watching)
                begin, before = time.monotonic(), read_processor_seconds(pid)
                time.sleep(WATCHED_SECONDS)
                minutes = (time.monotonic() - begin) / 60
                used = (read_processor_seconds(pid) - before) / minutes
                runs = round((sum(watcher.runs for watcher in watching) - runs) / minutes)
                idle = idle if sessions else used
                per_session = (used - idle) / sessions if sessions else None
                found = {
                    "benchmark": "watching", "sessions": sessions, "updates_per_minute": runs,
                    "server_seconds_per_minute": round(used, 2),
                    "session_seconds_per_minute": None if per_session is None else round(per_session, 3),
                    "budget_seconds": BUDGET_SECONDS, "within": per_session is None or per_session <= BUDGET_SECONDS,
                }  # fmt: skip
                print(json.dumps(found), flush=True)
        finally:
            for watcher in watching:
                watcher.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        os.environ |= {"HEADROOM_EXAMPLES": f"{folder}/no-examples", "HEADROOM_SLOTS": str(SLOTS)}
        open_dataset(home, "digits")
        fill(home)
        dispatcher = start_dispatcher(home, slots=SLOTS)
        try:
            submit_all(home, [LONG.replace(seed=seed) for seed in range(SLOTS + QUEUED)])
            measure(home)
        finally:
            end_dispatcher(home, dispatcher)


if __name__ == "__main__":
    main()
