"""Writes `former_home/` and `former_home.json`: a home of the former version, and what is in it.

Kept for the record. It ran at commit 2fd03124c44f11ea0270027ba21dc85601da0c1d and runs with that version only: it
imports modules under their former names. Do not change what it wrote; `tests/store/test_former_home.py` opens it with
today's code.

    python -m tests.support.make_former_home

`former_home/` is a home (`HEADROOM_HOME`) with finished runs, an added folder of images, notes, a queue, two sweeps,
reports and a trash. `former_home/bundle.zip` is a bundle of some of its runs. The folder runs were trained with
TensorFlow, two runs are copies of `examples/`, all others were written without training.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from starlette.applications import Starlette

from core.access.role import OWNER
from core.augment.stress import STRESSES
from core.datasets.add import add_dataset
from core.datasets.cache import open_dataset
from core.displays.display import DISPLAYS
from core.door.route import build_routes
from core.files import compute_checksum, write_json
from core.home import EXAMPLES, Home
from core.jobs.queue import JobQueue
from core.jobs.submit import submit_all
from core.jobs.sweep_store import keep_sweep, list_sweeps
from core.jobs.wait import wait
from core.recipes import RECIPES
from core.reports.build import build_document
from core.reports.default import write_default
from core.reports.format import FORMATS
from core.reports.report import Report, View, Words
from core.reports.setting import list_settings
from core.reports.shelf import ReportShelf
from core.spec import BACKBONES, DATASETS, HEADS, KNOBS, TRANSFORMS, RunSpec
from core.store.bundle import export_bundle
from core.store.comparison import Comparison, list_offers
from core.store.note import Note, NoteBook, join_notes
from core.store.run import Run
from core.store.runs import RunStore
from core.store.search import _MARKS, _NUMBERS, _TEXTS, search
from core.ui.link import _NAMES
from tests import finished_run
from tests.finished_run import RunWriter
from tests.support.former_links import list_links

HERE = Path(__file__).resolve().parent
TARGET = HERE / "former_home"
EXPECTED = HERE / "former_home.json"

FOLDER = "shapes"
SMALL = {"train_images": 200, "epochs": 3}  # few images, so small files
SETTINGS: list[dict[str, Any]] = [
    {"filters": 16},
    {"filters": 16, "seed": 1},
    {"blocks": 1},
    {"kernel_size": 5, "padding": "same"},
    {"dropout": 0.5, "batch_size": 50},
    {"learning_rate": 0.01, "l2": 0.001},
    {"loss": "sparse", "patience": 3},
    {"augmentation": "rotation=10,shift=0.1"},
    {"validation_images": 50},
    {"validation_fraction": 0.1, "train_images": 1000},
    {"backbone": "conv_conv_pool", "head": "gap_dense"},
    {"backbone": "conv_tail", "head": "flatten"},
    {"head": "dense", "units": 64, "epochs": 12},
    {"head": "dense", "head_dropout": 0.3, "units": 64, "epochs": 12},
    {"head": "mlp", "hidden": "32-16", "head_dropout": 0.2, "epochs": 12},
]
SEARCHES = (
    "head:gap acc>0.5", "tag:paper", "is:star", "is:archived", "-is:archived filters=16", "params<10000",
    "reference gap", "dataset:folder -head:dense", "kernel_size:5 padding:same", "acc>=70% val_loss<10", "Flatten",
    "name:reference", "note:slow", "recipe:folder-heads", "epochs=17",
)  # fmt: skip
OTHER_VALUES: dict[str, Any] = {
    "dataset": "kmnist", "data": "57a9b88f518d5397", "folder": "shapes", "attribute": "Smiling", "side": 32,
    "train_images": 200, "validation_fraction": 0.1, "validation_images": 50, "augmentation": "rotation=10,shift=0.1",
    "backbone": "conv_tail", "blocks": 3, "filters": 16, "dropout": 0.5, "kernel_size": 5, "padding": "same",
    "frozen": True, "head": "dense", "units": 64, "hidden": "32-16", "head_dropout": 0.3, "epochs": 7,
    "batch_size": 50, "learning_rate": 0.01, "l2": 0.001, "loss": "sparse", "patience": 3, "seed": 4,
}  # fmt: skip
"""One value for each setting that is not its default."""
NEEDED: dict[str, dict[str, Any]] = {
    "folder": {"dataset": "folder"}, "attribute": {"dataset": "celeba"}, "side": {"dataset": "celeba"},
    "frozen": {"backbone": "vgg16"}, "units": {"head": "dense"}, "hidden": {"head": "mlp"},
    "head_dropout": {"head": "dense"},
}  # fmt: skip
"""What else a spec must have for a setting to count."""


class Writer(RunWriter):
    """Finished runs on the bundled digits; `extra` files and `fields` of the record may be added."""

    @cached_property
    def _digits(self) -> Any:
        return open_dataset(self.home, "digits")


def main() -> None:
    finished_run._LOOKED_AT = 2
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"HEADROOM_EXAMPLES": f"{scratch}/none", "HEADROOM_SLOTS": "1"}
        home = Home(Path(scratch) / "home")
        os.environ["HEADROOM_HOME"] = str(home.path)
        trained = train_folder_runs(Path(scratch))
        make_runs(home, trained)
        export_bundle(RunStore(home), pick_bundle(home), home.path / "bundle.zip")
        add_notes(home)
        make_jobs(home)
        make_reports(home)
        expected = describe(home)
        clean(home)
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(home.path, TARGET)
    lines = [f" {json.dumps(name)}: {write(name, part)}" for name, part in expected.items()]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def write(name: str, part: Any) -> str:
    """Long answers stand in one line each."""
    if name in ("api", "display_settings", "links", "spec_ids"):
        rows = part.items() if isinstance(part, dict) else enumerate(part)
        said = [(f"{json.dumps(key)}: " if isinstance(part, dict) else "") + dump(value) for key, value in rows]
        begin, end = "{}" if isinstance(part, dict) else "[]"
        return begin + "\n  " + ",\n  ".join(said) + f"\n {end}"
    return dump(part, indent=1)


def dump(value: Any, **settings: Any) -> str:
    return json.dumps(value, ensure_ascii=False, **settings)


# Runs


def train_folder_runs(scratch: Path) -> Home:
    """Two real trainings on a folder of tiny images, in a home of their own: it gets a dispatcher."""
    home = Home(scratch / "trained")
    for place, name in enumerate(("circle", "cross", "square")):
        (scratch / FOLDER / name).mkdir(parents=True)
        for number in range(16):
            pixels = np.full((16, 16, 3), 5 * number, np.uint8)
            rows, columns = np.mgrid[:16, :16] - 7.5
            mask = [
                np.abs(np.hypot(rows, columns) - 5) < 1.2,
                (np.abs(rows) < 1.6) | (np.abs(columns) < 1.6),
                np.abs(np.maximum(abs(rows), abs(columns)) - 5) < 1,
            ][place]
            pixels[mask, number % 3] = 230
            Image.fromarray(pixels).save(scratch / FOLDER / name / f"{number:02}.png")
    add_dataset(home, FOLDER, scratch / FOLDER, side=16)
    recipe = RECIPES["folder-heads"]
    changes = {
        "folder": FOLDER, "side": 16, "blocks": 1, "filters": 4, "epochs": 2, "batch_size": 8,
        "augmentation": "flip_horizontal=0.5,rotation=10",
    }  # fmt: skip
    specs = [recipe.spec_of("gap", changes), recipe.spec_of("dense", {**changes, "units": 8})]
    wait(home, [submission.run_id for submission in submit_all(home, specs)])
    return home


def make_runs(home: Home, trained: Home) -> None:
    home.runs.mkdir(parents=True)
    shutil.copytree(trained.datasets / f"folder-{FOLDER}", home.datasets / f"folder-{FOLDER}")
    for path in trained.runs.iterdir():
        if path.name[0] != ".":
            left_out = ("model.keras",) if Run.open(path).spec.head == "dense" else ()
            shutil.copytree(path, home.runs / path.name, ignore=shutil.ignore_patterns(*left_out))
    for path in EXAMPLES.iterdir():
        if (path / "record.json").is_file() and Run.open(path).spec.seed == 1:
            shutil.copytree(path, home.runs / path.name)
    write = Writer(home)
    for seed in range(2):
        for place, head in enumerate(HEADS):
            accuracy = 0.7 + 0.03 * place
            write(RunSpec(**SMALL, head=head, seed=seed), test_images=40, accuracy=accuracy)
        write(RunSpec(**SMALL, filters=16, seed=seed), test_images=40, accuracy=0.65)
    for place, settings in enumerate(SETTINGS):
        write(RunSpec().replace(**settings), predictions=False, accuracy=0.8 + 0.01 * place)
    stopped = write(RunSpec(loss="sparse", patience=3), predictions=False)
    change_record(stopped, epochs=17, resumed_at=[5, 9], cores=4)
    removed = write(RunSpec(filters=8), predictions=False)
    write.store.remove(removed.run_id)


def change_record(run: Run, **changes: Any) -> None:
    """Fields that only some records have."""
    record = json.loads((run.path / "record.json").read_bytes())
    write_json(run.path / "record.json", record | changes)


def pick_bundle(home: Home) -> list[str]:
    """The folder runs, with their models and pictures."""
    frame = RunStore(home).frame()
    return frame.loc[frame["dataset"] == "folder", "run_id"].tolist()


def name(home: Home, **settings: Any) -> str:
    """The id of the run on the digits with these settings."""
    return RunSpec(data=open_dataset(home, "digits").info.fingerprint).replace(**settings).run_id


def add_notes(home: Home) -> None:
    book = NoteBook(home)
    gap, dense = name(home, seed=1), name(home, head="dense", seed=1)
    first = book.write(gap, Note("Reference GAP", ("paper", "draft"), "Looks **good**.", star=True))
    text = "Looks **good**.\nSecond line: ü, 文."
    book.write(gap, replace(first, tags=("paper",), text=text))
    book.write(dense, Note("Reference Dense", ("paper", "dense-head"), "", star=False))
    book.write(name(home, kernel_size=5, padding="same"), Note("", (), "Too slow.", archived=True))
    book.write(name(home, learning_rate=0.01, l2=0.001), Note(tags=("sweep-1",), star=True))
    book.write(RunStore(home).removed()[0], Note("Deleted", ("gone",), "The run is in the trash."))


# Jobs


def make_jobs(home: Home) -> None:
    queue = JobQueue(home)
    data = open_dataset(home, "digits").info.fingerprint
    base = RunSpec(data=data, train_images=400, epochs=5)

    def start(spec: RunSpec, asked_by: str) -> Any:
        queue.submit([spec], asked_by)
        job = queue.claim()
        assert job is not None
        assert job.run_id == spec.run_id
        return job

    finished = RunStore(home).open(name(home, head="dense", units=64, epochs=12)).spec
    queue.settle(start(finished, "ada@example.org"), "finished")
    removed = RunSpec(data=data, filters=8)
    queue.settle(start(removed, ""), "finished")
    failed = start(base.replace(learning_rate=1.0), "ada@example.org")
    write_job_files(home, failed, epochs=1, phase="training")
    queue.settle(failed, "failed", "The training ended with exit code 1.")
    cancelled = start(base.replace(head="dense", seed=3), "tom@example.org")
    write_job_files(home, cancelled, epochs=2, phase="training")
    queue.settle(cancelled, "cancelled")
    never = base.replace(head="flatten")
    queue.submit([never], "tom@example.org")
    queue.cancel(never.run_id)

    specs = [
        RunSpec(data=data, train_images=400, epochs=5, blocks=blocks, filters=filters)
        for blocks in (1, 2)
        for filters in (8, 24)
    ]
    older = RunStore(home).open_all([name(home, seed=1), name(home, filters=16), name(home, filters=16, seed=1)])
    keep_sweep(home, "digits-heads", ["filters"], [run.spec for run in older], budget_minutes=60)
    time.sleep(0.01)
    sweep = keep_sweep(home, "digits-heads", ["blocks", "filters"], specs)
    failed = start(specs[0], sweep.asked_by)
    queue.settle(failed, "failed", "The machine ended the training for want of memory.")
    queue.submit([specs[1]], sweep.asked_by)
    queue.cancel(specs[1].run_id)

    lost = start(base.replace(epochs=50), "ada@example.org")
    queue.requeue(lost)
    running = queue.claim()
    assert running is not None
    assert running.attempt == 2
    write_job_files(home, running, epochs=3, phase="training")
    stopping = start(base.replace(head="gap_dense", epochs=40), "tom@example.org")
    write_job_files(home, stopping, epochs=0, phase="loading")
    queue.cancel(stopping.run_id)
    queue.submit(specs[2:], sweep.asked_by)
    waiting = [base.replace(seed=5), base.replace(seed=6, head="dense"), base.replace(epochs=60)]
    queue.submit(waiting, "")
    queue.move(waiting[1].run_id, -2)
    queue.pause("ada@example.org")


def write_job_files(home: Home, job: Any, *, epochs: int, phase: str) -> None:
    """What the worker of an attempt leaves in the job's folder."""
    folder = home.jobs / job.run_id
    folder.mkdir(parents=True)
    write_json(folder / "spec.json", job.spec.model_dump())
    names = ("epoch", "seconds", "loss", "accuracy", "val_loss", "val_accuracy")
    rows = [
        dict(zip(names, (n, 1.5 * n, 2.3 / n, 0.2 * n, 2.2 / n, 0.25 * n), strict=True)) for n in range(1, epochs + 1)
    ]
    (folder / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    progress = {
        "phase": phase, "epoch": epochs, "epochs": job.spec.epochs, "step": 3, "steps": 13, "loss": 0.9,
        "accuracy": 0.7, "images_per_second": 812.5, "eta_seconds": 31.0, "updated_at": 1767225600.0,
    }  # fmt: skip
    write_json(folder / "progress.json", progress)
    (folder / "log.txt").write_text(f"attempt {job.attempt} of {job.run_id}\nepoch {epochs} done\n")


# Reports


def list_compared(home: Home) -> list[str]:
    """The runs of the reports: three heads and another setting of one, two seeds each, 40 test images."""
    frame = RunStore(home).frame()
    frame = frame[(frame["epochs"] == SMALL["epochs"]) & frame["head"].isin(["gap", "gap_dense", "dense"])]
    return sorted(frame["run_id"])


def choose_settings(kind: Any, comparison: Comparison) -> dict[str, Any]:
    """Of each setting of a view a value that is not its default."""
    chosen = {}
    for setting in list_settings(kind, comparison):
        options = [option for option in setting.options if option != setting.default]
        if options:
            chosen[setting.name] = 1 if isinstance(setting.options, range) else options[-1]
        if setting.name == "cost":
            chosen[setting.name] = "flops"
    return chosen


def make_reports(home: Home) -> None:
    shelf, store = ReportShelf(home), RunStore(home)
    comparison = Comparison.of(store.open_all(list_compared(home)))
    words = "Every view twice: at its defaults, and with other settings.\n\n- *one*\n- `two`"
    blocks: list[Words | View] = [Words(text=words)]
    for name in DISPLAYS:
        blocks.append(View(display=name))
        if settings := choose_settings(DISPLAYS[name], comparison):
            blocks.append(View(display=name, settings=settings, title=f"{name}, other settings", table=True))
    draft = shelf.create(write_default(comparison, "Every view of the former version"), "ada@example.org")
    draft = shelf.save(draft, draft.report.change(blocks=tuple(blocks)), "ada@example.org")
    draft = shelf.save(draft, draft.report.move(draft.report.blocks[3].id, -2), "tom@example.org")
    draft = shelf.save(draft, draft.report.change(title="A title that was taken back"), "ada@example.org")
    shelf.undo(draft, "ada@example.org")

    chosen = [
        Words(text="# What we found\n\nTwo heads, **one** table: $x^2$, <b>no HTML</b>."),
        View(display="tiles"),
        View(display="heads", table=True),
        View(display="curves", settings={"metric": "loss", "x": "seconds", "smoothing": 0.3, "log": True}),
        View(display="gallery", settings={"show": "wrong", "order": "surest first", "page_size": 6}, title="Mistakes"),
        View(display="activation", settings={"about": 3}),
        View(display="confusion", settings={"head": comparison.labels[0]}),
        View(display="disagreement", table=True),
        View(display="reliability"),
        View(display="robustness", settings={"stress": "blur"}),
        View(display="significance"),
        View(display="checks"),
        View(display="confusion", settings={"head": "a head that is not compared"}),
    ]  # fmt: skip
    report = Report(title="Published by the former version", runs=tuple(list_compared(home)), blocks=tuple(chosen))
    draft = shelf.create(report, "ada@example.org")
    shelf.publish(draft, build_document(draft.report, store), "ada@example.org")
    draft = shelf.save(draft, draft.report.change(title="Published twice", blocks=tuple(chosen[:3])), "ada@example.org")
    shelf.publish(draft, build_document(draft.report, store), "ada@example.org")

    time.sleep(0.01)
    removed = shelf.create(report.change(title="Deleted", blocks=(Words(text="Gone."),)), "tom@example.org")
    shelf.remove(removed.id)


# What is in it


def describe(home: Home) -> dict[str, Any]:
    store, queue, shelf = RunStore(home), JobQueue(home), ReportShelf(home)
    frame = store.frame()
    runs = store.open_all(frame["run_id"].tolist())
    compared = list_compared(home)
    comparison = Comparison.of(store.open_all(compared))
    offers = list_offers(frame)
    entries = shelf.entries()
    noted = join_notes(frame, NoteBook(home).read_all())
    return {
        "written_by": "2fd03124c44f11ea0270027ba21dc85601da0c1d",
        "runs": {run.run_id: describe_run(run) for run in runs},
        "removed_runs": store.removed(),
        "offers": [{"label": offer.label, "run_ids": list(offer.run_ids), "own": offer.own} for offer in offers],
        "notes": {run_id: asdict(note) for run_id, note in NoteBook(home).read_all().items()},
        "jobs": {job.run_id: describe_job(job) for job in queue.jobs()},
        "order": [job.run_id for job in queue.unfinished()],
        "paused_by": queue.paused().asked_by,  # type: ignore[union-attr]
        "sweeps": [
            {
                "sweep_id": sweep.sweep_id, "recipe": sweep.recipe, "settings": list(sweep.knobs),
                "run_ids": [spec.run_id for spec in sweep.specs], "budget_minutes": sweep.budget_minutes,
                "asked_at": sweep.asked_at,
            }
            for sweep in list_sweeps(home)
        ],
        "drafts": {entry.draft.id: describe_draft(home, entry.draft) for entry in entries},
        "published": {
            found.address: {
                "checksum": found.checksum, "title": found.document.title, "sections": len(found.document.sections),
                "headline": found.document.headline, "by": found.by, "at": found.at,
            }
            for entry in entries
            for version in entry.versions
            for found in [shelf.open(f"{entry.draft.id}-{version}")]
        },
        "removed_reports": shelf.removed(),
        "bundle": {"run_ids": sorted(pick_bundle(home)), "sha256": compute_checksum(home.path / "bundle.zip")},
        "folder": json.loads((home.datasets / f"folder-{FOLDER}" / "dataset.json").read_bytes()),
        "spec_ids": list_spec_ids(),
        "settings": {
            name: {"default": knob.default, "kind": knob.kind.__name__, "choices": list(knob.choices), "low": knob.low,
                   "high": knob.high}
            for name, knob in KNOBS.items()
        },
        "registries": {
            "heads": list(HEADS), "backbones": list(BACKBONES), "datasets": list(DATASETS),
            "transforms": list(TRANSFORMS), "displays": list(DISPLAYS), "stresses": list(STRESSES),
            "recipes": list(RECIPES), "formats": list(FORMATS),
        },
        "display_settings": {"run_ids": compared, "options": list_options(comparison)},
        "api": ask_api(home, name(home, seed=1), compared),
        "searches": {text: search(noted, text)["run_id"].tolist() for text in SEARCHES},
        "search_fields": {"numbers": sorted(_NUMBERS), "texts": sorted(_TEXTS), "marks": sorted(_MARKS)},
        "url_names": sorted(_NAMES),
        "links": list_links(home),
    }  # fmt: skip


def describe_run(run: Run) -> dict[str, Any]:
    return {
        "spec": run.record.spec,
        "metrics": run.record.metrics.model_dump(),
        "cost": run.record.cost.model_dump(),
        "epochs": run.record.trained_epochs,
        "files": sorted(path.name for path in run.path.iterdir()),
    }


def describe_job(job: Any) -> dict[str, Any]:
    names = ("state", "attempt", "deaths", "asked_by", "reason", "cancel")
    return {"spec": job.spec.canonical()} | {name: getattr(job, name) for name in names}


def describe_draft(home: Home, draft: Any) -> dict[str, Any]:
    """The title after each revision, and what the newest one shows."""
    folder = home.reports / draft.id
    titles = [json.loads(path.read_bytes())["report"]["title"] for path in sorted(folder.glob("draft-*.json"))]
    document = build_document(draft.report, RunStore(home))
    return {
        "titles": titles,
        "owner": draft.report.owner,
        "run_ids": list(draft.report.runs),
        "blocks": len(draft.report.blocks),
        "displays": [block.display for block in draft.report.blocks if isinstance(block, View)],
        "problems": sum(bool(figure.problem) for figure in document.figures),
        "can_undo": draft.before is not None,
    }


def list_spec_ids() -> list[dict[str, Any]]:
    """Specs with one setting that is not its default each, one of every registered name, and those of the recipes."""
    specs = [RunSpec()]
    specs += [RunSpec.parse({name: value, **NEEDED.get(name, {})}) for name, value in OTHER_VALUES.items()]
    specs += [RunSpec(head=head) for head in HEADS]
    specs += [RunSpec(backbone=backbone) for backbone in BACKBONES]
    specs += [RunSpec(dataset=dataset) for dataset in DATASETS]
    specs += [RunSpec(augmentation=name) for name in TRANSFORMS if TRANSFORMS[name].strength]
    specs += [spec for recipe in RECIPES.values() for spec in recipe.specs(seeds=2)]
    assert set(OTHER_VALUES) == set(KNOBS)
    return [{"spec": spec.canonical(), "run_id": spec.run_id} for spec in dict.fromkeys(specs)]


def list_options(comparison: Comparison) -> dict[str, dict[str, list[Any]]]:
    """By display and setting, all values that a saved report may hold; of ranges the first, the second and the last."""
    found = {}
    for name, kind in DISPLAYS.items():
        found[name] = {
            setting.name: [*setting.options[:2], setting.options[-1]]
            if isinstance(setting.options, range)
            else list(setting.options)
            for setting in list_settings(kind, comparison)
        }
        known = {field.name for field in fields(kind)}
        assert set(found[name]) <= known
    return found


def ask_api(home: Home, run_id: str, compared: list[str]) -> dict[str, Any]:
    paths = [f"/api/runs/{run_id}", f"/api/compare?runs={','.join([compared[0], compared[-1]])}"]
    return {path: asyncio.run(ask(home, path)) for path in paths}


async def ask(home: Home, path: str) -> Any:
    routes = build_routes(home, lambda headers, cookies: OWNER)
    transport = httpx.ASGITransport(Starlette(routes=list(routes)))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.get(path)).raise_for_status().json()


def clean(home: Home) -> None:
    """What can be made again, and what SQLite keeps beside an open file."""
    for path in home.path.rglob("*.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in (*home.path.rglob("*.sqlite-wal"), *home.path.rglob("*.sqlite-shm"), *home.path.rglob("*.lock")):
        path.unlink()
    for folder in (home.datasets / "digits", home.datasets / ".fetch", home.scripts, home.features):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
