"""A real dashboard and a real browser."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core.errors import JobError
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.submit import cancel_job
from tests.support.paths import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
Open = Callable[..., Page]
WAIT = 60_000
"""Milliseconds that a test waits for a page: a new server on a busy machine needs seconds to draw its first page."""


@contextmanager
def browsing() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(home: Home, log: Path, port: int, *settings: str, script: str = "dashboard.py") -> Iterator[str]:
    """Start a dashboard on `home` only and return its address; the block ends it and all processes that it started."""
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless", "true"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", "127.0.0.1", *settings],
            cwd=ROOT,
            env={**os.environ, "HEADROOM_HOME": str(home.path), "HEADROOM_SLOTS": "2"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(f"{address}/_stcore/health", process)
            yield address
        finally:
            end_server(process)
            for job in JobQueue(home).unfinished():
                with suppress(JobError):  # it has ended in the meantime
                    cancel_job(home, job.run_id)


def end_server(process: subprocess.Popen[bytes]) -> None:
    """End a server of uvicorn, which waits without a limit until browsers have read its responses."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # as a second Ctrl-C: it does not wait
        process.wait(timeout=60)


def wait_until_up(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended before it answered"
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 seconds")


@contextmanager
def visiting(context: BrowserContext, server: str) -> Iterator[Open]:
    """Open pages of the dashboard, each in a new session; no script of a page may fail."""
    pages: list[Page] = []
    broken: list[str] = []

    def open_page(path: str = "", *, width: int = 1440, dark: bool = False) -> Page:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"{server}/{path}")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert broken == []
