"""Run time of each page with 10 runs and 1 report, and with 1,000 runs and 100 reports; memory of the dashboard.

Prints one line of JSON per page and one for the memory. The budgets: 1.3 times the page with 10 runs, a median of
0.1 s, and 250 MB without TensorFlow. Times are measured in Streamlit's test runner and include its overhead; both
homes are measured alternately. The memory is measured after all pages were opened in a browser.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.spec import RunSpec
from core.store.comparison import Comparison
from tests.support.page import PAGES, navigated, open_page
from tests.support.paths import ROOT
from tests.support.races import make_races, write_race
from tests.support.run_writer import RunWriter

BUDGET_RATIO = 1.3
BUDGET_SECONDS = 0.1
BUDGET_BYTES = 250_000_000
REPEATS = 15
WARM_UP = 3
AMONG_ALL_RUNS = ("Cost", "Settings")  # Evidence sections that show all runs on the same test set
RACES = ("paused", "decided")  # a running one would start the dispatcher
CHROMIUM = Path("/usr/bin/chromium")


def fill(home: Home, count: int) -> None:
    """Create `count` runs in comparisons of 2 heads × 5 seeds, and per ten runs a published report of the newest
    comparison."""
    write = RunWriter(home)
    for number in range(count // 10 - 1, -1, -1):
        for head in ("gap", "dense"):
            for seed in range(5):
                write(RunSpec(head=head, seed=seed, epochs=25 + number), predictions=number == 0)
    report = write_default(Comparison.of(write.store.open_all(list(write.store.frame()["run_id"])[:10])))
    document = build_document(report, write.store)
    reports = ReportStore(home)
    for _ in range(count // 10):
        reports.publish(reports.create(report, ""), document, "")


def add_race(home: Home, state: str) -> str:
    """Add a race in a state with its runs; return its ID, which does not depend on the home."""
    race = make_races(home)[state]
    write_race(home, race, RunWriter(home))
    return race.race_id


def open_any_report(page: str, home: Home, version: str) -> AppTest:
    return open_page(page, report=f"{ReportStore(home).entries()[0].draft.id}{version}")


def measure_page(
    page: str, homes: dict[str, Home], *, label: str = "", open_it: Callable[..., AppTest] | None = None, **params: str
) -> dict[str, object]:
    seconds: dict[str, list[float]] = {name: [] for name in homes}
    apps = {}
    for name, home in homes.items():
        os.environ["HEADROOM_HOME"] = str(home.path)
        apps[name] = open_it(page, home, **params) if open_it else open_page(page, **params)
    for _ in range(WARM_UP + REPEATS):
        for name, home in homes.items():
            os.environ["HEADROOM_HOME"] = str(home.path)
            begin = time.perf_counter()
            app = apps[name].run()
            seconds[name].append(time.perf_counter() - begin)
            if app.exception or app.error:
                raise SystemExit(f"The page {page} failed: {[error.value for error in app.error]}.")
    small, large = (statistics.median(seconds[name][WARM_UP:]) for name in ("small", "large"))
    return {
        "benchmark": "pages", "page": f"{page}, {label}" if label else " ".join([page, *params.values()]),
        "runs_10_seconds": round(small, 4), "runs_1000_seconds": round(large, 4),
        "ratio": round(large / small, 2), "budget_ratio": BUDGET_RATIO, "budget_seconds": BUDGET_SECONDS,
        "within": large / small <= BUDGET_RATIO and large <= BUDGET_SECONDS,
    }  # fmt: skip


@contextmanager
def serving(home: Home) -> Iterator[tuple[str, int]]:
    """Run a dashboard server on a free port; yield its address and process ID."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    env = os.environ | {"HEADROOM_HOME": str(home.path)}
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_healthy(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait()


def measure_memory(home: Home) -> dict[str, object]:
    """Measure the resident memory of a dashboard process after all pages were opened in a browser."""
    with serving(home) as (address, pid):
        draw_pages(address)
        status = Path(f"/proc/{pid}/status").read_text()
        kilobytes = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
        mapped = "tensorflow" in Path(f"/proc/{pid}/maps").read_text()
    return {
        "benchmark": "pages", "memory_bytes": kilobytes * 1024, "budget_bytes": BUDGET_BYTES, "tensorflow": mapped,
        "within": kilobytes * 1024 <= BUDGET_BYTES and not mapped,
    }  # fmt: skip


def until_healthy(address: str, timeout_seconds: float = 60.0) -> None:
    end = time.monotonic() + timeout_seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def draw_pages(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        tab = browser.new_page()
        for page in PAGES:
            tab.goto(f"{address}/{'' if page == 'compare' else page}")
            tab.get_by_role("heading").first.wait_for(timeout=60_000)
            tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, navigated():
        os.environ["HEADROOM_EXAMPLES"] = f"{folder}/no-examples"
        homes = {"small": Home(Path(folder) / "small"), "large": Home(Path(folder) / "large")}
        fill(homes["small"], 10)
        fill(homes["large"], 1000)
        for page in PAGES:
            print(json.dumps(measure_page(page, homes)), flush=True)
        for section in AMONG_ALL_RUNS:
            print(json.dumps(measure_page("evidence", homes, evidence=section)), flush=True)
        for state in RACES:
            races = [add_race(home, state) for home in homes.values()]
            print(json.dumps(measure_page("advisor", homes, label=f"{state} race", advice=races[0])), flush=True)
        for label, version in (("draft", ""), ("published version", "-1")):
            print(json.dumps(measure_page("reports", homes, label=label, open_it=open_any_report, version=version)))
        if CHROMIUM.exists():
            print(json.dumps(measure_memory(homes["large"])), flush=True)
        else:
            print(json.dumps({"benchmark": "pages", "memory_bytes": None, "reason": f"no {CHROMIUM}"}), flush=True)


if __name__ == "__main__":
    main()
