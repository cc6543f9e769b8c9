"""What it costs the dashboard's server when sessions watch the Jobs page while trainings run.

    python -m benchmarks.watching

Prints one line of JSON a number of sessions: seconds of processor time of the server's process in a minute, and of
each session; the budget is 1 s a session. A session speaks to the server as a browser does, and asks for each live
part anew when its time has come. The jobs are stand-ins that say how far they are ten times a second.
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
PATIENCE_SECONDS = 120.0
SLOTS, QUEUED, ENDED = 4, 16, 100
HEADLINE = f"#### {SLOTS} running, "  # the stand-ins end after a while, and others take their places
LONG = RunSpec(train_images=200, epochs=1000)


@dataclass
class Session:
    """A browser's side of the connection to one page, in a thread of its own."""

    address: str
    page: str
    runs: int = 0  # of the page or of its live parts, ended
    texts: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def has_drawn(self, beginning: str) -> bool:
        return any(text.startswith(beginning) for text in list(self.texts))

    def _live(self) -> None:
        with connect(f"{self.address}/_stcore/stream", max_size=None, subprotocols=["streamlit"]) as socket:  # type: ignore[list-item]
            message = BackMsg()
            message.rerun_script.page_name = self.page
            socket.send(message.SerializeToString())
            due: dict[str, tuple[float, float]] = {}
            while not self._stop.is_set():
                self._hear(socket, due)
                for fragment, (at, every) in due.items():
                    if time.monotonic() >= at:
                        message = BackMsg()
                        message.rerun_script.page_script_hash = self._hash
                        message.rerun_script.fragment_id = fragment
                        message.rerun_script.is_auto_rerun = True
                        socket.send(message.SerializeToString())
                        due[fragment] = time.monotonic() + every, every

    def _hear(self, socket: ClientConnection, due: dict[str, tuple[float, float]]) -> None:
        try:
            heard = ForwardMsg.FromString(socket.recv(timeout=0.1))  # type: ignore[arg-type]
        except TimeoutError:
            return
        kind = heard.WhichOneof("type")
        if kind == "new_session":
            self._hash = heard.new_session.page_script_hash
        elif kind == "auto_rerun":
            every = heard.auto_rerun.interval
            due[heard.auto_rerun.fragment_id] = time.monotonic() + every, every
        elif kind == "script_finished":
            self.runs += 1
        elif kind == "delta" and heard.delta.new_element.WhichOneof("type") == "markdown":
            self.texts.add(heard.delta.new_element.markdown.body)


def read_processor_seconds(pid: int) -> float:
    """Of a process in all its threads, user and system together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(home: Home) -> None:
    """Finished runs with their jobs."""
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
                until(lambda: all(watcher.has_drawn(HEADLINE) for watcher in watching), PATIENCE_SECONDS)
                until(lambda: all(watcher.runs > 1 for watcher in watching), PATIENCE_SECONDS)
                runs = sum(watcher.runs for watcher in watching)
                begin, before = time.monotonic(), read_processor_seconds(pid)
                time.sleep(WATCHED_SECONDS)
                minutes = (time.monotonic() - begin) / 60
                used = (read_processor_seconds(pid) - before) / minutes
                runs = round((sum(watcher.runs for watcher in watching) - runs) / minutes)
                idle = idle if sessions else used
                each = (used - idle) / sessions if sessions else None
                found = {
                    "benchmark": "watching", "sessions": sessions, "looks_a_minute": runs,
                    "server_seconds_a_minute": round(used, 2),
                    "session_seconds_a_minute": None if each is None else round(each, 3),
                    "budget_seconds": BUDGET_SECONDS, "within": each is None or each <= BUDGET_SECONDS,
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
