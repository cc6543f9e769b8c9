"""What it costs the dashboard's server when sessions watch the Jobs page while trainings run.

    python -m benchmarks.watching

Prints one line of JSON a number of sessions: seconds of processor time of the server's process in a minute, and of
each session; the budget is 1 s a session. The jobs are stand-ins that say how far they are ten times a second.
"""

import json
import os
import tempfile
import time
from pathlib import Path

from benchmarks.pages import CHROMIUM, serving
from core.datasets.cache import open_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.spec import RunSpec
from tests.finished_run import RunWriter
from tests.job_run import end_dispatcher, start_dispatcher

BUDGET_SECONDS = 1.0
SESSIONS = (0, 1, 10)
WATCHED_SECONDS = 60.0
SETTLING_SECONDS = 5.0
SLOTS, QUEUED, ENDED = 4, 8, 100
LONG = RunSpec(train_images=200, epochs=1000)


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
    from playwright.sync_api import sync_playwright

    with serving(home) as (address, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened, idle = 0, 0.0
        for sessions in SESSIONS:
            for _ in range(sessions - opened):
                tab = browser.new_context().new_page()
                tab.goto(f"{address}/jobs", timeout=120_000)
                tab.get_by_text(f"{SLOTS} running, {QUEUED} queued.").wait_for(timeout=120_000)
            opened = sessions
            time.sleep(SETTLING_SECONDS)
            begin, before = time.monotonic(), read_processor_seconds(pid)
            time.sleep(WATCHED_SECONDS)
            minutes = (time.monotonic() - begin) / 60
            used = (read_processor_seconds(pid) - before) / minutes
            idle = idle if sessions else used
            each = (used - idle) / sessions if sessions else None
            found = {
                "benchmark": "watching", "sessions": sessions, "server_seconds_a_minute": round(used, 2),
                "session_seconds_a_minute": None if each is None else round(each, 3),
                "budget_seconds": BUDGET_SECONDS, "within": each is None or each <= BUDGET_SECONDS,
            }  # fmt: skip
            print(json.dumps(found), flush=True)
        browser.close()


def main() -> None:
    if not CHROMIUM.exists():
        print(json.dumps({"benchmark": "watching", "sessions": None, "reason": f"no {CHROMIUM}"}))
        return
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
