"""A home with a file of every kind, and the modules that write them."""

import ast
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from core.advice.candidate import Candidate
from core.advice.plan import AdvicePlan
from core.advice.race import locked_race, make_race, save_race
from core.advice.request import Request
from core.datasets.atomic_folder import resuming
from core.datasets.custom.add import add_dataset
from core.datasets.custom.image_files import SourceImage
from core.datasets.custom.reading_journal import ReadingJournal
from core.datasets.custom.removed import remove_dataset
from core.datasets.dataset_view import open_view
from core.datasets.inspect import inspect_dataset
from core.files import write_json
from core.home import Home
from core.image_values import ValueRange
from core.jobs.health import write_health
from core.jobs.notice import post_notice
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import keep_sweep
from core.models.add import add_model
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.own_image import store_image
from core.reports.report import Report, TextBlock
from core.reports.report_store import ReportStore
from core.reports.view_link import create_view_link
from core.spec import RunSpec
from core.store.kept_result import keep_result
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.store.saved_comparison import delete_saved, save_runs
from core.store.withheld import withhold
from tests.support.image_folder import make_folder
from tests.support.paths import ROOT
from tests.support.run_rewriter import add_evidence_of, rewrite, without_evidence
from tests.support.run_writer import RunWriter

FETCH = {"name": "folder-a", "phase": "failed", "error": "It failed.", "pid": 1, "started_at": 1.8e9}
ENVIRONMENT = {"python": "3.11.9", "libraries": {"numpy": "2.4"}, "git_commit": "a" * 40, "platform": "Linux"}
PARTIAL = {"epoch": 1, "epochs": 3, "step": 1, "steps": 9, "loss": 1.5, "accuracy": 0.5, "images_per_second": 10.0}

_RUN, _JOB, _DATASET = "runs/*/", "jobs/*/", "datasets/folder-mine/"
FILES = {
    "advice/race.py": ("advice/*/race.json", "advice/*/open", "advice/*/lock"),
    "datasets/atomic_folder.py": ("datasets/.folder-half.unfinished/identity.txt",),
    "datasets/cache.py": ("datasets/digits/dataset.json", "datasets/digits/*.npy"),
    "datasets/custom/build.py": (f"{_DATASET}skipped.txt", f"{_DATASET}dataset.json"),
    "datasets/custom/convert.py": (f"{_DATASET}*_labels.npy", f"{_DATASET}*_images.npy"),
    "datasets/custom/interrupted_add.py": ("datasets/.fetch/folder-half.cancel",),
    "datasets/custom/originals.py": (f"{_DATASET}originals/*.jpg",),
    "datasets/custom/reading_journal.py": tuple(
        f"datasets/.folder-half.unfinished/{name}" for name in ("journal.jsonl", "images.npy")
    ),
    "datasets/dataset_view.py": (f"{_DATASET}side-8/side.json", f"{_DATASET}side-8/*_images.npy"),
    "datasets/fetch.py": tuple(f"datasets/.fetch/folder-half.{suffix}" for suffix in ("json", "zip", "settings")),
    "datasets/findings/findings_file.py": (f"{_DATASET}findings.json",),
    "datasets/report.py": (f"{_DATASET}report.json", f"{_DATASET}files.parquet"),
    "datasets/row_file.py": (f"{_DATASET}*_images.npy",),
    "datasets/statistics.py": (f"{_DATASET}statistics*/*.json", f"{_DATASET}statistics*/*.npy"),
    "jobs/database.py": ("jobs/queue.sqlite",),
    "jobs/dispatcher.py": (f"{_JOB}spec.json", f"{_JOB}attempt", "jobs/dispatcher.log"),
    "jobs/evidence_work.py": ("jobs/evidence/*/attempt",),
    "jobs/health.py": ("jobs/t*",),
    "jobs/local_executor.py": ("jobs/processes/*-1",),
    "jobs/notice.py": ("jobs/notices/*.json",),
    "jobs/send_notices.py": ("jobs/notices/*.json",),
    "jobs/process.py": (f"{_JOB}log.txt",),
    "jobs/ray_executor.py": ("jobs/ray-name",),
    "jobs/submit.py": (f"{_JOB}restart",),
    "jobs/sweep_store.py": ("jobs/sweeps/*.json",),
    "importers/run_import.py": (f"{_RUN}record.json",),
    "models/add.py": ("models/own/model.json", "models/own/model.keras"),
    "models/layer_store.py": ("models/.layers/*.json",),
    "reports/chart_image.py": ("scripts/vega-*.txt",),
    "reports/comment_store.py": ("reports/r*/comments/000001.json",),
    "reports/own_image.py": ("reports/images/*.img",),
    "reports/removal.py": ("reports/.removed/*/removed.json",),
    "reports/report_store.py": ("reports/r*/draft-*.json", "reports/r*/published-1.json"),
    "reports/view_link.py": ("reports/r*/link-*.json",),
    "store/activation_maps.py": (f"{_RUN}maps.npz",),
    "store/artifact.py": (),  # outside the home, or an empty mark in a run
    "store/bundle.py": (),  # outside the home
    "store/elsewhere_model.py": (f"{_RUN}record.json",),
    "store/evidence.py": (f"{_RUN}evidence.json",),
    "store/bundle_notes.py": ("notes.sqlite",),
    "store/bundle_import.py": (f"{_RUN}record.json", "thumbnails/*/images.npy"),
    "store/index.py": ("index.feather",),
    "store/kept_result.py": ("results/*.txt",),
    "store/note.py": ("notes.sqlite",),
    "store/side_file.py": ("notes.sqlite",),
    "store/robustness_file.py": (f"{_RUN}robustness.npz",),
    "store/withheld.py": ("withheld/*",),
    "store/saved_comparison.py": ("comparisons/*.json", "comparisons/.removed/*.json"),
    "training/train.py": (f"{_RUN}record.json", f"{_RUN}environment.json", f"{_RUN}layers.json"),
    "training/evidence.py": (),  # an empty lock
    "training/evaluate_robustness.py": (f"{_RUN}robustness.npz",),
    "training/evaluate_model.py": (f"{_RUN}predictions.npz",),
    "training/onnx.py": (),  # outside the home
    "training/application.py": (),  # outside the home
    "training/export.py": (f"{_RUN}model.tflite",),
    "training/features.py": ("features/*/*.npy", "features/*/*.json"),
    "training/job.py": tuple(f"{_JOB}{name}" for name in ("history.jsonl", "checkpoint-0001.keras", "resumed.json")),
    "training/kept_weights.py": (f"{_JOB}best-0001.npz",),
    "training/progress_report.py": (f"{_JOB}progress.json",),
    "training/record.py": (f"{_RUN}predictions.npz", f"{_RUN}augmentation.png"),
}
"""Modules that write files, with the files of `fill_home` that they write."""
OUTSIDE = {
    "actions/", "ui/", "cli/", "displays/", "augment/", "exporters/", "reports/export.py", "reports/formats/",
    "files.py", "stderr.py", "reports/markdown.py", "reports/image_explorer.py",
}  # fmt: skip
"""Modules whose functions with the name of a write call write no file of a home."""

_WRITES = {
    "write_json", "replacing", "write_text", "write_bytes", "save", "savez", "savez_compressed", "to_parquet",
    "to_feather", "to_csv", "touch", "copyfile", "copyfileobj", "copy2", "RowWriter", "open_memmap", "connect",
    "write_table",
}  # fmt: skip


def list_writers() -> set[str]:
    """Return the modules of `core` with a call that can write a file."""
    found = set()
    for path in (ROOT / "core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _writes(node):
                found.add(path.relative_to(ROOT / "core").as_posix())
    return found


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    modes = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    opens = name == "open" and any(mode[:1] in ("w", "a", "x", "r+") and len(mode) < 4 for mode in modes)
    return name in _WRITES or opens or "O_CREAT" in ast.unparse(call)


def fill_home(home: Home, outside: Path, heads: tuple[str, str]) -> None:
    """Write runs, notes, jobs, a sweep, reports, datasets, saved comparisons, imports and caches."""
    writer = RunWriter(home)
    good, other = (writer(head=head, test_images=60) for head in heads)
    write_json(other.path / "environment.json", ENVIRONMENT)
    write_json(other.path / "layers.json", [])
    (other.path / "augmentation.png").write_bytes(b"an image")
    for name in ("model.tflite", "model.keras", "log.txt"):
        (other.path / name).write_bytes(b"a model")
    record = json.loads((other.path / "record.json").read_bytes())
    extra = dict.fromkeys(("environment.json", "model.tflite"), "0" * 64)
    other = rewrite(other, checksums=record["checksums"] | extra, epochs=3, cores=2, resumed_at=[1])
    other = add_evidence_of(without_evidence(other))
    store = RunStore(home)
    store.frame()
    keep_result(store, ["a question"], lambda: ({"an": "answer"}, [good.path]))
    NoteBook(home).write(other.run_id, Note(name="a name", tags=("a",), text="a text"))
    NoteBook(home).write(good.run_id, Note(name="another"))
    specs = [good.spec.replace(seed=seed) for seed in (1, 2, 3)]
    _add_jobs(home, specs, (good.path / "history.jsonl").read_bytes())
    keep_sweep(home, "digits-heads", ["epochs"], specs, 60)
    _start_race(home, [good.spec, other.spec])
    _, deleted = (save_runs(home, name, (good.run_id, other.run_id), by="ada") for name in ("kept", "deleted"))
    delete_saved(home, deleted.saved_id, "ada")
    reports = ReportStore(home)
    image = io.BytesIO()
    Image.new("L", (2, 2)).save(image, "PNG")
    reference = store_image(home, image.getvalue(), "an image")
    for title in ("A", "Deleted"):
        report = Report(title=title, runs=(good.run_id,), blocks=(TextBlock(text=reference),))
        draft = reports.create(report, "ada")
        draft = reports.save(draft, draft.report.change(title=f"{title} 2"), "ada")
        published = reports.publish(draft, build_document(draft.report, store), "ada")
        create_view_link(reports, published.address, "ada", 30)
        CommentStore(home).post(draft.id, "Why?", "bob", block=draft.report.blocks[0].id, version=1)
    reports.remove(draft.id, "ada")
    _add_datasets(home, outside)
    add_model(home, "own", ROOT / "tests/support/keras_files/keras-3.15.1-chain.keras")
    for path, content in {
        "scripts/vega-1.txt": b"0\nscript", "features/a-vgg16-8/lock": b"", "features/a-vgg16-8/train-0-1.json": b"{}",
        f"jobs/evidence/{specs[0].run_id}/attempt": b"1\n", "jobs/ray-name": b"01234567",
        "jobs/dispatcher.log": b"a line\n",
    }.items():  # fmt: skip
        (home.path / path).parent.mkdir(parents=True, exist_ok=True)
        (home.path / path).write_bytes(content)
    for array in (home.features / "a-vgg16-8/train-0-1.npy", home.thumbnails / f"{'0' * 16}/images.npy"):
        array.parent.mkdir(parents=True, exist_ok=True)
        np.save(array, np.zeros((1, 2, 2, 1), np.uint8))


def _start_race(home: Home, specs: list[RunSpec]) -> None:
    candidates = tuple(
        Candidate(key=spec.run_id, spec=spec.canonical(), name=spec.head, head=spec.head, params=1) for spec in specs
    )
    race = make_race(AdvicePlan(Request(), "digits-heads", candidates, (2, 3), 288, 60))
    with locked_race(home, race.race_id):
        save_race(home, race)
    withhold(home, [candidates[0].spec_of(2, 0).run_id])


def _add_jobs(home: Home, specs: list[RunSpec], history: bytes) -> None:
    queue = JobQueue(home)
    queue.submit(specs)
    running = queue.claim()
    assert running
    folder = home.jobs / running.run_id
    now = {"attempt": 1, "phase": "training", **PARTIAL, "eta_seconds": 3.0, "updated_at": time.time()}
    write_json(folder / "progress.json", now)
    write_json(folder / "spec.json", running.spec.canonical())
    write_json(folder / "resumed.json", [1])
    np.savez(folder / "best-0001.npz", np.zeros(2))
    for name, content in {
        "history.jsonl": history, "log.txt": b"a line\n", "attempt": b"1\n", "restart": b"1\n",
        "checkpoint-0001.keras": b"a model",
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    (home.jobs / "processes").mkdir()
    (home.jobs / "processes" / running.handle).write_bytes(b"999999999 ")
    queue.settle(queue.jobs()[0], "failed", "It failed.")
    write_health(home, "A problem.")
    post_notice(home, "training", "a", "A training ended.")


def _add_datasets(home: Home, outside: Path) -> None:
    images = make_folder(outside / "images", {"red": 12, "blue": 12})
    (images / "red" / "bad.png").write_bytes(b"no image")
    added = add_dataset(home, "mine", images, side=16)
    open_view(home, RunSpec(dataset="folder", folder="mine", data=added.info.fingerprint, side=8))
    assert inspect_dataset(home, "folder-mine").statistics
    add_dataset(home, "gone", make_folder(outside / "others", {"red": 9, "green": 9}), side=8)
    remove_dataset(home, "folder-gone")
    write_json(home.datasets / ".fetch" / "folder-a.json", FETCH)
    write_json(home.datasets / ".fetch" / "folder-half.json", {**FETCH, "name": "folder-half"})
    for suffix, content in (("zip", b"PK"), ("settings", b'{"side": 8}'), ("cancel", b"")):
        (home.datasets / ".fetch" / f"folder-half.{suffix}").write_bytes(content)
    leave_import(home.datasets / "folder-half")


def leave_import(target: Path) -> None:
    """Leave the files of an import that was interrupted after two of three images."""
    try:
        with (
            resuming(target, "the same files") as folder,
            ReadingJournal(folder, folder / "images.npy", (8, 8, 3)) as journal,
        ):
            journal.write_range(ValueRange(0.0, 4000.0))
            journal.append("This file is not an image.")
            for value in (1, 2):
                journal.append(SourceImage.of(Image.new("RGB", (8, 8), (value, value, value)), (20, 14)))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass


def list_missing(home: Home) -> Iterator[str]:
    """Yield what the table FILES does not name, or names without a file of `fill_home`."""
    writers = {name for name in list_writers() if not name.startswith(tuple(OUTSIDE))}
    yield from (f"{name} writes files, which are not in FILES" for name in sorted(writers - FILES.keys()))
    for name, patterns in FILES.items():
        yield from (f"{pattern} of {name} is not in the home" for pattern in patterns if not [*home.path.glob(pattern)])
