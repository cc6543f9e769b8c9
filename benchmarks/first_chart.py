"""Time from opening a page in a browser to its first chart: the Compare page and a minimal Streamlit page.

    python -m benchmarks.first_chart

Both servers run in parallel and are opened alternately, each time in a new session, after a first visit that is not
counted. Prints one line of JSON; the budget is 1.3 times the minimal page. Requires Chromium.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 1.3
REPEATS = 9
BARE = """
import altair as alt
import pandas as pd
import streamlit as st

st.title("One chart")
frame = pd.DataFrame({"x": range(25), "y": range(25)})
st.altair_chart(alt.Chart(frame).mark_line().encode(x="x", y="y"), width="stretch")
"""


def serve(script: Path, home: str) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = ["--server.headless", "true", "--server.port", str(port), "--server.address", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *settings],
        cwd=ROOT,
        env={**os.environ, "HEADROOM_HOME": home},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return process, address
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit(f"{script.name} did not start within 30 seconds.")


def measure(browser: Browser, address: str) -> float:
    """Return the seconds until the first chart is drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator("[data-testid=stVegaLiteChart] :is(canvas, svg)").first.wait_for(timeout=60_000)
    seconds = time.perf_counter() - begin
    context.close()
    return seconds


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print(json.dumps({"benchmark": "first_chart", "skipped": "requires Chromium"}))
        return
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        servers = {"bare": serve(bare, folder), "compare": serve(ROOT / "dashboard.py", folder)}
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        try:
            seconds: dict[str, list[float]] = {name: [] for name in servers}
            for turn in range(REPEATS + 1):
                for name, (_, address) in servers.items():
                    taken = measure(browser, address)
                    if turn:
                        seconds[name].append(taken)
        finally:
            browser.close()
            for process, _ in servers.values():
                process.terminate()
                process.wait(timeout=20)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratio = statistics.median(a / b for a, b in zip(seconds["compare"], seconds["bare"], strict=True))
    found = {
        "benchmark": "first_chart",
        "bare_seconds": round(medians["bare"], 3),
        "compare_seconds": round(medians["compare"], 3),
        "ratio": round(ratio, 2),
        "budget": BUDGET,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
