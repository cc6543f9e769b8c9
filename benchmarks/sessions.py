"""Response time of the dashboard for 50 sessions on 1,000 runs.

Each session opens the Compare page and then reruns a page every few seconds, as a user does who changes a setting.
Prints one line of JSON; the budget is a 95th percentile of 1 s. It depends on the number of cores and on other load.
"""

import json
import os
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from benchmarks.pages import fill
from core.home import Home
from tests.support.dashboard import find_port, serving

RUNS = 1000
SESSIONS = 50
REQUESTS = 6
PAUSE_SECONDS = (5.0, 15.0)
PAGES = ("", "curves", "parameters", "runs", "jobs")
BUDGET_SECONDS = 1.0


def request(stream: ClientConnection, page: str) -> float:
    """Open a page and return the seconds until it is complete."""
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.page_name = page
    begun = time.monotonic()
    stream.send(message.SerializeToString())
    while ForwardMsg.FromString(stream.recv(timeout=120)).WhichOneof("type") != "script_finished":  # type: ignore[arg-type]
        pass
    return time.monotonic() - begun


def run_session(address: str, number: int, times: list[float]) -> None:
    chance = random.Random(number)
    url = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    with connect(url, origin=address, subprotocols=["streamlit"], proxy=None, max_size=None) as stream:  # type: ignore[arg-type, list-item]
        time.sleep(chance.uniform(0, PAUSE_SECONDS[1]))
        request(stream, "")
        for _ in range(REQUESTS):
            time.sleep(chance.uniform(*PAUSE_SECONDS))
            times.append(request(stream, chance.choice(PAGES)))


def measure(address: str, sessions: int) -> list[float]:
    times: list[float] = []
    threads = [threading.Thread(target=run_session, args=(address, number, times)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        fill(home, RUNS)
        os.environ["HEADROOM_EXAMPLES"] = f"{folder}/no-examples"
        with serving(home, Path(folder) / "log", find_port()) as address:
            measure(address, 1)
            alone, together = measure(address, 1), measure(address, SESSIONS)
    p95 = statistics.quantiles(together, n=20)[-1]
    found = {
        "runs": RUNS, "sessions": SESSIONS, "requests": len(together), "cores": os.cpu_count(),
        "one_session_seconds": round(statistics.median(alone), 3),
        "median_seconds": round(statistics.median(together), 3), "p95_seconds": round(p95, 3),
        "within_budget": p95 <= BUDGET_SECONDS,
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
