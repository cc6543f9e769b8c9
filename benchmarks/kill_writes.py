"""Every kind of write to a home, killed with SIGKILL at random moments, on a disk with space and on a full one.

    python -m benchmarks.kill_writes

A small disk is mounted for this process only, which needs the permission to do so. A forked process writes and is
killed after a random part of the time that the write takes; in every second trial, the disk is full except for a
random number of bytes. Then space is freed, the home is read, and the write is repeated. Prints one line of JSON with
the trials, how many of them were killed before the end, the temporary files that were left, the sentences of failed
writes, and the violated invariants: what was there before is complete, nothing is visible in part, the repetition
succeeds, and nothing temporary is left after the cleaning.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks._small_disk import run_on_small_disk
from core.access.role import OWNER
from core.actions.report import create_report
from core.datasets import atomic_folder
from core.datasets.cache import list_datasets, open_dataset
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.errors import HeadroomError
from core.home import Home
from core.jobs.leftover import list_leftovers, remove_leftovers
from core.jobs.queue import JobQueue
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.spec import RunSpec
from core.store.bundle import export_bundle
from core.store.bundle_import import import_bundle
from core.store.comparison import Comparison
from core.store.note import NoteBook
from core.store.run_store import RunStore
from core.store.saved_comparison import list_saved, save_runs
from tests.support.full_disk import Disk
from tests.support.image_folder import make_folder
from tests.support.run_writer import RunWriter

DISK_BYTES = 300 * 2**20
_LEFT_BYTES = (0, 4_096, 50_000, 400_000)


class Writes:
    """A home with runs, a report, jobs, notes and a bundle, and every kind of write to it."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.queue, self.store = JobQueue(self.home), RunStore(self.home, examples=folder / "none")
        self.reports, self.notes = ReportStore(self.home), NoteBook(self.home)
        open_dataset(self.home, "digits")
        writer = RunWriter(self.home)
        self.runs = [writer(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in range(2)]
        other = Home(Path(tempfile.mkdtemp()))
        run = RunWriter(other)(head="gap", epochs=9)
        self.bundle = other.path / "runs.zip"
        export_bundle(RunStore(other), [run.run_id], self.bundle)
        self.imported = run.run_id
        self.images = make_folder(other.path / "images", {"red": 60, "blue": 60})
        comparison = Comparison.of(self.store.open_all(self.runs))
        self.draft = create_report(OWNER, self.home, write_default(comparison))
        self.document = build_document(self.draft.report, self.store)
        self.queue.submit([RunSpec(seed=99)])
        self.kinds: dict[str, tuple[Callable[[], object], Callable[[], None]]] = {
            "report revision": (self.save, lambda: None),
            "published report": (lambda: self.reports.publish(self.read(), self.document, "benchmark"), lambda: None),
            "queue": (lambda: self.queue.submit([RunSpec(seed=seed) for seed in range(30)]), lambda: None),
            "run import": (lambda: import_bundle(self.home, self.bundle), self.forget_import),
            "dataset": (lambda: add_dataset(self.home, "photos", self.images, side=64), self.forget_dataset),
            "index": (self.write_index, lambda: None),
            "note": (lambda: self.notes.change(self.runs, name=f"note {time.time()}"), lambda: None),
            "saved comparison": (lambda: save_runs(self.home, "saved", tuple(self.runs)), lambda: None),
        }

    # -- writes

    def read(self) -> Draft:
        return self.reports.read(self.draft.id)

    def save(self) -> None:
        draft = self.read()
        self.reports.save(draft, draft.report.change(title=f"Title {time.time()}"), "benchmark")

    def write_index(self) -> None:
        (self.home.path / "index.feather").unlink(missing_ok=True)
        RunStore(self.home, examples=self.home.path / "none").frame()

    def forget_import(self) -> None:
        if self.store.path(self.imported):
            self.store.delete(self.imported)
            self.store.clear()

    def forget_dataset(self) -> None:
        if (self.home.datasets / "folder-photos").exists():
            remove_dataset(self.home, "folder-photos")

    # -- invariants

    def count(self) -> dict[str, int]:
        """Return the numbers of things that never become fewer."""
        return {
            "revision": self.read().revision,
            "versions": len(self.reports.versions(self.draft.id)),
            "jobs": len(self.queue.jobs()),
            "saved": len(list_saved(self.home)),
            "notes": len(self.notes.read_all()),
        }

    def find_faults(self) -> Iterator[str]:
        """Yield what a reader must never find."""
        listed = {*self.store.frame()["run_id"]}
        yield from (f"lost or damaged: {run_id}" for run_id in self.runs if not self.store.path(run_id))
        yield from (f"not listed: {run_id}" for run_id in self.runs if run_id not in listed)
        yield from (f"listed in part: {run_id}" for run_id in listed if not self.store.path(run_id))
        yield from (*self.store.damaged().values(), *self.reports.damaged().values(), *self.queue.damaged())
        yield from filter(None, [self.reports.find_notice(self.read())])
        for version in self.reports.versions(self.draft.id):
            self.reports.open(f"{self.draft.id}-{version}")
        yield from (status.problem for status in list_datasets(self.home) if status.folder and status.problem)
        if (self.home.datasets / "folder-photos").exists():
            open_dataset(self.home, "folder", "photos").verify()


def run_and_kill(write: Callable[[], object], seconds: float) -> tuple[bool, str]:
    """Write in a forked process and kill it. Return whether it was killed before its end, and the sentence of its
    error."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write()
        except HeadroomError as error:
            os.write(writer, str(error).encode())
        except BaseException as error:
            os.write(writer, f"unexpected: {error!r}".encode())
        os._exit(0)
    os.close(writer)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as message:
        return os.WIFSIGNALED(status), message.read().decode()


def measure(write: Callable[[], object]) -> float:
    begin = time.monotonic()
    run_and_wait(write)
    return time.monotonic() - begin


def run_and_wait(write: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        write()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("the write failed without a kill")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_writes", description="Kills during writes.")
    parser.add_argument("--trials", type=int, default=40, help="per kind of write; half on a full disk")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--disk", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.disk is None:
        sys.exit(run_on_small_disk("benchmarks.kill_writes", sys.argv[1:], DISK_BYTES))
    begin, numbers = time.monotonic(), random.Random(options.seed)
    os.environ |= {"HEADROOM_HOME": str(options.disk / "home"), "HEADROOM_EXAMPLES": str(options.disk / "none")}
    atomic_folder._SPARE_BYTES = 1_000_000  # otherwise a small disk is refused before anything is written
    writes, disk = Writes(options.disk), Disk(options.disk)
    trials: Counter[str] = Counter()
    killed: Counter[str] = Counter()
    leftovers: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    violations: list[str] = []
    for kind, (write, forget) in writes.kinds.items():
        usual = measure(write)
        forget()
        for trial in range(options.trials):
            name, before = f"{kind}, trial {trial}", writes.count()
            if full := trial % 2 == 1:
                disk.fill(numbers.choice(_LEFT_BYTES))
            early, sentence = run_and_kill(write, numbers.uniform(0, 1.2 * usual))
            trials[f"{kind}{', full disk' if full else ''}"] += 1
            killed[kind] += early
            if sentence:
                sentences[f"{kind}: {sentence.replace(str(options.disk), '')}"] += 1
                if sentence.startswith("unexpected"):
                    violations.append(f"{name}: {sentence}")
            try:
                violations += [f"{name}, as left: {fault}" for fault in writes.find_faults()]
                if full:
                    disk.free()
                after = writes.count()
                violations += [f"{name}: fewer {what}" for what, count in before.items() if after[what] < count]
                forget()
                run_and_wait(write)
                violations += [f"{name}, repeated: {fault}" for fault in writes.find_faults()]
                forget()
            except (HeadroomError, RuntimeError) as error:
                disk.filler.unlink(missing_ok=True)
                violations.append(f"{name}: {error}")
            found = list_leftovers(writes.home, 0)
            leftovers[kind] += len(found)
            remove_leftovers(writes.home, 0)
            rest = [path for path in writes.home.path.rglob(".*") if path.name not in (".fetch", ".removed")]
            violations += [f"{name}, not cleaned: {path}" for path in rest]
    result = {
        "benchmark": "kill_writes", "seed": options.seed, "seconds": round(time.monotonic() - begin, 1),
        "trials": dict(trials), "killed_before_the_end": dict(killed), "leftovers": dict(leftovers),
        "sentences": dict(sentences), "violations": violations,
    }  # fmt: skip
    print(json.dumps(result))
    sys.exit(bool(violations))


if __name__ == "__main__":
    main()
