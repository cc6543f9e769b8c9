"""Processes killed with SIGKILL at random moments, on a disk with space and on a full one, and what a restart finds.

    python -m benchmarks.kills
    python -m benchmarks.kills --moments training,writing --victims worker --trials 20

A small disk is mounted for this process only, which needs the permission to do so. Each trial starts an activity,
waits for a random time, fills the disk (in every second trial), and kills the worker, the dispatcher or the dashboard.
Then the pages are opened on the unchanged disk, space is freed, and everything is started again. Prints one line of
JSON with the trials, the sentences that pages showed, the temporary files that were left, and the violated invariants:
no finished run is lost, none is visible in part, no job stays queued or running, a dataset is complete or absent, a
report keeps every saved revision, no lock is held, and nothing temporary is left after the cleaning.
"""

import argparse
import fcntl
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, FilePayload, Page

from benchmarks._small_disk import run_on_small_disk
from core.access.role import OWNER
from core.actions.report import create_report
from core.datasets.cache import list_datasets, open_dataset, pin
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import read_fetch
from core.entry_point import TRAINING
from core.errors import HeadroomError
from core.home import Home
from core.jobs.leftover import list_leftovers, remove_leftovers
from core.jobs.progress import read_progress
from core.jobs.queue import JobQueue
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.dashboard import browsing, find_port, wait_until_up
from tests.support.dispatcher import dispatcher_pid
from tests.support.full_disk import Disk
from tests.support.page import open_page, text_of
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter
from tests.support.stand_in_worker import STAND_IN

DISK_BYTES = 400 * 2**20
DRAIN_SECONDS = 240.0
PAGES = ("compare", "runs", "jobs", "train", "reports", "library")
MOMENTS = ("training", "writing", "queue", "dataset", "report")
VICTIMS = ("worker", "dispatcher", "dashboard")
FAILED = ("failed. See the dashboard log", "Traceback")
_LAST_PHASES = ("evaluating", "exporting")


class Laboratory:
    """A home on a small disk with its dispatcher, dashboard and browser."""

    def __init__(self, folder: Path, seed: int, browser: Browser) -> None:
        self.home, self.disk, self.browser = Home(folder / "home"), Disk(folder), browser
        self.queue, self.store = JobQueue(self.home), RunStore(self.home, examples=folder / "none")
        self.reports = ReportStore(self.home)
        self.random = random.Random(seed)
        self.violations: list[str] = []
        self.sentences: Counter[str] = Counter()
        self.leftovers: Counter[str] = Counter()
        self.trials: Counter[str] = Counter()
        self.resubmitted = self.left_bytes = self.number = 0
        self.slowest_restart = 0.0
        self.server: subprocess.Popen[bytes] | None = None
        self.page: Page | None = None
        self.log = (folder.parent / f"{folder.name}.log").open("ab")
        open_dataset(self.home, "digits")
        writer = RunWriter(self.home)
        self.finished = {writer(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in range(2)}
        comparison = Comparison.of(self.store.open_all(sorted(self.finished)))
        self.report = create_report(OWNER, self.home, write_default(comparison)).id
        self.revisions = self.versions = 0

    # -- processes

    def start(self, module: str) -> None:
        """Start the dispatcher and the dashboard if they are not running."""
        if dispatcher_pid(self.home) is None:
            command = [sys.executable, "-m", "core.jobs", str(self.home.path), "--module", module]
            environment = {**os.environ, "HEADROOM_SLOTS": "2"}
            self.home.jobs.mkdir(parents=True, exist_ok=True)
            subprocess.Popen(command, cwd=ROOT, env=environment, stderr=self.log, start_new_session=True)
        if self.server is None or self.server.poll() is not None:
            port = find_port()
            command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
            command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
            environment = {**os.environ, "HEADROOM_HOME": str(self.home.path), "HEADROOM_SLOTS": "2"}
            self.server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=self.log, stderr=self.log)
            self.address = f"http://127.0.0.1:{port}"
            wait_until_up(f"{self.address}/_stcore/health", self.server)
        until(lambda: dispatcher_pid(self.home), 60)

    def visit(self, path: str) -> Page:
        if self.page is not None:
            self.page.close()
        self.page = self.browser.new_page()
        self.page.goto(f"{self.address}/{path}")
        self.page.locator("h1").first.wait_for(timeout=60_000)
        return self.page

    def find_workers(self) -> list[int]:
        found = []
        for path in (self.home.jobs / "processes").glob("*-*"):
            with suppress(OSError, ValueError):
                values = path.read_text().split()
                if len(values) == 1 and Path(f"/proc/{values[0]}").exists():
                    found.append(int(values[0]))
        return found

    def find_pids(self, victim: str) -> list[int]:
        if victim == "worker":
            return self.find_workers()
        pid = dispatcher_pid(self.home) if victim == "dispatcher" else self.server.pid if self.server else None
        return [pid] if pid else []

    # -- one trial

    def run(self, moment: str, victim: str, full: bool) -> None:
        name = f"{moment}, {victim}{', full disk' if full else ''}"
        self.number += 1
        real = moment in ("training", "writing")
        self.start(TRAINING if real else STAND_IN)
        specs = [
            pin(self.home, RunSpec(train_images=200, epochs=3 if real else 12, filters=4, seed=2 * self.number + at))
            for at in range(2)
        ]
        self.queue.submit(specs, "benchmark")
        until(lambda: self.find_workers(), 120)
        getattr(self, f"begin_{moment}")(specs)
        if full:
            with suppress(OSError):
                self.disk.fill(self.random.choice((0, 4_096, 100_000, 2_000_000)))
            time.sleep(self.random.uniform(0, 0.5))
        for pid in self.find_pids(victim):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if victim == "dashboard" and self.server:
            self.server.wait()
        self.check_pages(f"{name}, before the restart")
        if full and victim != "dashboard":
            self.check_message(f"{name}, before the restart")
        if full:
            self.disk.free()
        begin = time.monotonic()
        self.drain(TRAINING if real else STAND_IN, name)
        self.slowest_restart = max(self.slowest_restart, time.monotonic() - begin)
        self.check(name, specs)
        self.trials[name] += 1

    def begin_training(self, specs: list[RunSpec]) -> None:
        until(lambda: (self.home.jobs / specs[0].run_id / "history.jsonl").exists() or not self.find_workers(), 120)
        time.sleep(self.random.uniform(0, 0.5))

    def begin_writing(self, specs: list[RunSpec]) -> None:
        def is_writing() -> bool:
            found = read_progress(self.home, specs[0].run_id)
            return bool(found and found.phase in _LAST_PHASES) or self.store.path(specs[0].run_id) is not None

        until(is_writing, 120)
        time.sleep(self.random.uniform(0, 1.2))

    def begin_queue(self, specs: list[RunSpec]) -> None:
        page = self.visit(
            f"train?train_images=200&filters=4&epochs=1&seeds=1&learning_rate={0.001 + self.number / 1e5}"
        )
        page.get_by_role("button", name="Train 2 runs").click(no_wait_after=True)
        time.sleep(self.random.uniform(0, 0.4))

    def begin_dataset(self, specs: list[RunSpec]) -> None:
        page = self.visit("train?recipe=folder-heads")
        archive: FilePayload = {
            "name": f"set{self.number}.zip", "mimeType": "application/zip", "buffer": write_archive(),
        }  # fmt: skip
        opener = page.get_by_text("Add image folder")
        if opener.count():
            opener.click()
        page.locator("input[type=file]").first.set_input_files([archive])
        button = page.get_by_role("button", name="Add folder")
        until(button.is_enabled, 30)
        button.click(no_wait_after=True)
        time.sleep(self.random.uniform(0, 2.5))

    def begin_report(self, specs: list[RunSpec]) -> None:
        page = self.visit(f"reports?report={self.report}")
        page.get_by_role("button", name="Publish").click(no_wait_after=True)
        time.sleep(self.random.uniform(0, 0.6))

    def drain(self, module: str, name: str) -> None:
        """Restart everything, submit failed jobs again, and wait until nothing is left."""
        end = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < end:
            self.start(module)
            failed = [job for job in self.queue.jobs() if job.state == "failed"]
            for job in failed:
                self.resubmitted += 1
                self.sentences[f"job: {job.reason}"] += 1
                self.queue.submit([job.spec], "benchmark")
            if not failed and not self.queue.unfinished():
                break
            time.sleep(0.1)
        else:
            self.violations += [f"{name}: not ended: {job.run_id}, {job.state}" for job in self.queue.unfinished()]
        until(lambda: not self.is_adding(), 60)

    def is_adding(self) -> bool:
        fetched = [read_fetch(self.home, path.stem) for path in (self.home.datasets / ".fetch").glob("folder-*.json")]
        return any(one is not None and one.alive for one in fetched)

    # -- invariants

    def check_pages(self, name: str) -> None:
        """Open pages in this process on the unchanged home; each has a heading, and errors are sentences."""
        for page in PAGES:
            try:
                app = open_page(page)
            except Exception as error:
                self.violations.append(f"{name}: page {page}: {error!r:.300}")
                continue
            for element in (*app.error, *app.warning):
                self.sentences[f"{page}: {element.value}"] += 1
            if app.exception or not app.title or any(word in text_of(app) for word in FAILED):
                problems = [str(one.value)[:200] for one in (*app.exception, *app.error)]
                self.violations.append(f"{name}: page {page} failed: {problems}")

    def check_message(self, name: str) -> None:
        """Publish a report on the full disk: it succeeds, or the page shows a sentence."""
        page, before = self.visit(f"reports?report={self.report}"), len(self.reports.versions(self.report))
        alerts = page.get_by_test_id("stAlert")
        shown = alerts.all_inner_texts()
        page.get_by_role("button", name="Publish").click()
        until(lambda: {*alerts.all_inner_texts()} - {*shown} or len(self.reports.versions(self.report)) > before, 30)
        for text in set(alerts.all_inner_texts()) - {*shown}:
            self.sentences[f"publishing: {text.strip().splitlines()[-1]}"] += 1
            if any(word in text for word in FAILED):
                self.violations.append(f"{name}: {text}")

    def check(self, name: str, specs: list[RunSpec]) -> None:
        def report(problem: str) -> None:
            self.violations.append(f"{name}: {problem}")

        self.check_pages(f"{name}, after the restart")
        self.finished |= {job.run_id for job in self.queue.jobs() if job.state == "finished"}
        listed = set(self.store.frame()["run_id"])
        for run_id in {*self.finished, *(spec.run_id for spec in specs)}:
            if self.store.path(run_id) is None or run_id not in listed:
                report(f"lost or damaged: {run_id}")
            history = self.home.runs / run_id / "history.jsonl"
            epochs = (
                [json.loads(line)["epoch"] for line in history.read_text().splitlines()] if history.exists() else []
            )
            if epochs != list(range(1, len(epochs) + 1)):
                report(f"missing or repeated epochs: {run_id}, {epochs}")
        for problem in (*self.store.damaged().values(), *self.reports.damaged().values()):
            report(problem)
        for status in list_datasets(self.home):
            if status.folder and status.problem:
                report(status.problem)
            if status.folder and status.available:
                open_dataset(self.home, "folder", status.folder).verify()
                remove_dataset(self.home, f"folder-{status.folder}")
        draft, versions = self.reports.read(self.report), self.reports.versions(self.report)
        if draft.revision < self.revisions or len(versions) < self.versions or self.reports.find_notice(draft):
            report(f"report: revision {draft.revision}, versions {versions}")
        self.revisions, self.versions = draft.revision, len(versions)
        for version in versions:
            self.reports.open(f"{self.report}-{version}")
        for path in (*(self.home.datasets / ".fetch").glob("*.lock"), *self.home.jobs.glob("*/lock")):
            if is_locked(path):
                report(f"locked: {path.name}")
        for folder in self.home.jobs.iterdir():
            if folder.is_dir() and folder.name in self.finished:
                report(f"job folder not deleted: {folder.name}")
        for path in (self.home.jobs / "processes").glob("*"):
            report(f"process file not deleted: {path.name}")
        for one in list_leftovers(self.home, 0):
            self.leftovers[one.path.parent.name] += 1
            self.left_bytes += one.bytes
        remove_leftovers(self.home, 0)
        for path in find_hidden(self.home):
            report(f"not cleaned: {path.relative_to(self.home.path)}")

    def end(self) -> None:
        for pid in [pid for victim in ("dispatcher", "worker", "dashboard") for pid in self.find_pids(victim)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def write_archive() -> bytes:
    """Return a ZIP archive of two classes with 60 images each, which takes about a second to add."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, number in product(("cat", "dog"), range(60)):
            image = io.BytesIO()
            Image.effect_noise((200, 150), 40 + number).convert("RGB").save(image, "PNG")
            archive.writestr(f"{name}/{number}.png", image.getvalue())
    return content.getvalue()


def find_hidden(home: Home) -> list[Path]:
    """Return the hidden files and folders, except those with a purpose."""
    known = {".fetch", ".removed", "dispatcher.lock"}
    found = [path for path in home.path.rglob(".*") if path.name not in known]
    return [path for path in found if not path.name.startswith(".damaged-")]


def is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def until(condition: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited for {seconds} s")
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description="Kills on a full disk.")
    parser.add_argument("--moments", default=",".join(MOMENTS))
    parser.add_argument("--victims", default=",".join(VICTIMS))
    parser.add_argument("--trials", type=int, default=2, help="per moment and victim; half on a full disk")
    parser.add_argument("--seconds", type=float, default=7_200.0, help="no trial starts after this time")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the trials and of the moments")
    parser.add_argument("--disk", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.disk is None:
        sys.exit(run_on_small_disk("benchmarks.kills", sys.argv[1:], DISK_BYTES))
    begin = time.monotonic()
    home = options.disk / "home"
    os.environ |= {"HEADROOM_HOME": str(home), "HEADROOM_EXAMPLES": str(options.disk / "none")}
    with browsing() as browser:
        laboratory = Laboratory(options.disk, options.seed, browser)
        try:
            cells = [*product(options.moments.split(","), options.victims.split(","), range(options.trials))]
            laboratory.random.shuffle(cells)
            for moment, victim, trial in cells:
                if time.monotonic() - begin > options.seconds:
                    break
                try:
                    laboratory.run(moment, victim, full=trial % 2 == 1)
                except (AssertionError, Error, HeadroomError, TimeoutError) as error:
                    laboratory.disk.filler.unlink(missing_ok=True)
                    laboratory.violations.append(f"{moment}, {victim}, trial {trial}: {error!r:.400}")
                print(f"{moment}, {victim}, trial {trial}:", *laboratory.violations[-3:], sep="\n  ", file=sys.stderr)
        finally:
            laboratory.end()
    found = {
        "benchmark": "kills", "seed": options.seed, "seconds": round(time.monotonic() - begin, 1),
        "trials": dict(laboratory.trials), "finished_runs": len(laboratory.finished),
        "jobs_submitted_again": laboratory.resubmitted, "slowest_restart_seconds": round(laboratory.slowest_restart, 1),
        "leftovers": dict(laboratory.leftovers), "leftover_bytes": laboratory.left_bytes,
        "sentences": dict(laboratory.sentences.most_common()), "violations": laboratory.violations,
    }  # fmt: skip
    print(json.dumps(found))
    sys.exit(bool(laboratory.violations))


if __name__ == "__main__":
    main()
