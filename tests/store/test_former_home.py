"""A home and API responses of the former version, read by the current code: no stored data is lost.

`tests/support/former_home/` and `former_home.json` were written by `tests/support/make_former_home.py` at the commit
that they name. Neither may change. Where a name has changed, the current code translates it; add such names to COLUMNS
and KEYS.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette

from core.access.role import OWNER
from core.api.route import build_routes
from core.augment.corruption import CORRUPTIONS
from core.datasets.cache import open_dataset
from core.displays.display import DISPLAYS
from core.home import Home
from core.jobs.progress import read_log, read_progress
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import list_sweeps, open_sweep
from core.recipes import RECIPES
from core.reports.alias import DISPLAYS as DISPLAY_ALIASES
from core.reports.alias import replace_block_aliases
from core.reports.build import build_document
from core.reports.display_option import make_display
from core.reports.format import FORMATS, Edition
from core.reports.report_store import ReportStore
from core.reports.revision import Draft
from core.spec import BACKBONES, DATASETS, HEADS, TRANSFORMS, RunSpec
from core.store.activation_maps import read_maps
from core.store.bundle_import import import_bundle
from core.store.comparison import Comparison, list_offers
from core.store.note import NoteBook, join_notes
from core.store.run_store import RunStore
from core.store.search import parse_search, search
from tests.support.former_version import FORMER, same, sample

# Former names of fields in memory and in JSON; the files and tables keep them.
COLUMNS = {"asked_by": "submitted_by"}
KEYS = {
    "sentence": "message",
    "guess": "predicted",
    "guesses": "predictions",
    "stresses": "corruptions",
    "stress": "corruption",
    "knob": "setting",
    "knob_curve": "hyperparameter_curve",
    "spread": "std",
    "test_accuracy_spread": "test_accuracy_std",
    "both_right": "both_correct",
    "right": "correct",
    "rights": "correct",
    "place": "order",
    "setting": "configuration",
}
RECOMPUTED = (
    ": difference", ": p_holm",
    *(f": {name}: {bound}" for name in ("intervals", "robustness", "robustness_loss") for bound in ("low", "high")),
)  # fmt: skip
"""Statistics of another model, see "Statistics: figures that changed" in the changelog."""


@pytest.fixture
def store(former_home: Home) -> RunStore:
    return RunStore(former_home)


# Runs


def test_every_run_is_listed_with_its_id_and_its_metrics(store: RunStore) -> None:
    frame = store.frame().set_index("run_id")
    assert store.damaged() == {}
    assert set(frame.index) == set(FORMER["runs"])
    for run_id, expected in FORMER["runs"].items():
        row = frame.loc[run_id]
        for name, value in {**expected["metrics"], **expected["cost"]}.items():
            assert same(row[name], value), (run_id, name)
        for name, value in expected["spec"].items():
            assert same(row[name], value), (run_id, name)
        assert row["trained_epochs"] == expected["epochs"]


def test_every_run_opens_with_all_its_files(store: RunStore) -> None:
    for run_id, expected in FORMER["runs"].items():
        run = store.open(run_id)
        run.verify()
        assert run.spec.run_id == run_id
        assert run.spec == RunSpec.parse(expected["spec"])
        assert run.record.metrics.model_dump() == expected["metrics"]
        assert sorted(path.name for path in run.path.iterdir()) == expected["files"]
        assert len(run.history) == run.record.trained_epochs or "predictions.npz" not in expected["files"]
        assert run.model.params == expected["cost"]["params"]
        if "predictions.npz" in expected["files"]:
            probs, labels = run.predictions.test_probs, run.predictions.test_labels
            assert np.mean(probs.argmax(axis=1) == labels) == pytest.approx(expected["metrics"]["test_accuracy"])
            assert run.robustness is not None
            maps = read_maps(run)
            assert maps is not None
            assert maps.maps.shape[1] == len(run.record.data.classes)


def test_every_spec_has_the_same_run_id() -> None:
    for expected in FORMER["spec_ids"]:
        spec = RunSpec.parse(expected["spec"])
        assert spec.run_id == expected["run_id"], expected
        assert spec.canonical() == expected["spec"]


def test_settings_keep_their_defaults_and_options() -> None:
    none = RunSpec()
    for name, expected in FORMER["settings"].items():
        assert getattr(none, name) == expected["default"], name
        assert RunSpec.parse({name: expected["default"]}) == none
        bounds = [value for value in (expected["low"], expected["high"]) if value is not None]
        kind = {"int": int, "float": float}.get(expected["kind"], str)
        for value in [*expected["choices"], *map(kind, bounds)]:
            RunSpec.parse({name: value})


def test_every_registered_name_still_exists() -> None:
    registries: dict[str, Any] = {
        "heads": HEADS,
        "backbones": BACKBONES,
        "datasets": DATASETS,
        "transforms": TRANSFORMS,
        "displays": DISPLAYS,
        "stresses": CORRUPTIONS,
        "recipes": RECIPES,
        "formats": FORMATS,
    }
    for kind, names in FORMER["registries"].items():
        for name in names:
            assert registries[kind][DISPLAY_ALIASES.get(name, name)], (kind, name)


def test_every_comparison_is_offered_and_opens(store: RunStore) -> None:
    offered = {frozenset(offer.run_ids): offer for offer in list_offers(store.frame())}
    for expected in FORMER["offers"]:
        offer = offered[frozenset(expected["run_ids"])]
        assert offer.own == expected["own"]
        comparison = Comparison.of(store.open_all(offer.run_ids))
        assert {run.run_id for run in comparison.runs} == set(expected["run_ids"])
    assert set(list_offers(store.frame())[0].run_ids) == set(FORMER["offers"][0]["run_ids"])


def test_runs_in_the_trash_can_be_restored(former_home: Home, store: RunStore) -> None:
    assert store.deleted() == FORMER["removed_runs"]
    for run_id in FORMER["removed_runs"]:
        store.restore(run_id)
        assert store.path(run_id)
    assert RunStore(former_home).deleted() == []


def test_notes_tags_and_stars_are_kept_and_can_be_changed(former_home: Home) -> None:
    notes = NoteBook(former_home).read_all()
    assert set(notes) == set(FORMER["notes"])
    for run_id, expected in FORMER["notes"].items():
        note = notes[run_id]
        found = {name: getattr(note, name) for name in ("name", "text", "star", "archived", "version")}
        assert {**found, "tags": [*note.tags]} == expected
        assert NoteBook(former_home).write(run_id, note).version == expected["version"] + 1


def test_former_searches_find_the_same_runs(former_home: Home, store: RunStore) -> None:
    frame = join_notes(store.frame(), NoteBook(former_home).read_all())
    for text, expected in FORMER["searches"].items():
        assert set(search(frame, text)["run_id"]) == set(expected), text
    fields = FORMER["search_fields"]
    for text in [
        *(f"{name}>1" for name in fields["numbers"]),
        *(f"{name}:some" for name in fields["texts"] if name not in fields["numbers"]),
        *(f"is:{name}" for name in fields["marks"]),
        "tag:some",
    ]:
        assert len(parse_search(text)) == 1


def test_added_folder_and_the_digits_are_the_same_data(former_home: Home) -> None:
    folder = open_dataset(former_home, "folder", FORMER["folder"]["folder"])
    found = json.loads(folder.info.model_dump_json())
    assert {name: found.pop(name) for name in FORMER["folder"]} == FORMER["folder"]
    assert found == {"fit": "crop", "identity": "", "value_range": None}
    assert len(folder.arrays().test_images) == FORMER["folder"]["test_count"]
    digits = open_dataset(former_home, "digits").info.fingerprint
    assert {run["spec"]["data"] for run in FORMER["runs"].values()} == {digits, folder.info.fingerprint}


def test_bundle_is_imported_into_an_empty_home(tmp_path: Path, former_home: Home) -> None:
    empty = Home(tmp_path / "empty")
    imported = import_bundle(empty, former_home.path / "bundle.zip", models=True)
    assert sorted(imported.imported) == FORMER["bundle"]["run_ids"]
    for run_id in imported.imported:
        run = RunStore(empty).open(run_id)
        run.verify()
        assert run.record.metrics.model_dump() == FORMER["runs"][run_id]["metrics"]
        assert run.has("model.tflite")
    assert sorted(import_bundle(former_home, former_home.path / "bundle.zip").existing) == FORMER["bundle"]["run_ids"]


# Jobs


def test_jobs_are_listed_with_their_states(former_home: Home) -> None:
    queue = JobQueue(former_home)
    jobs = {job.run_id: job for job in queue.jobs()}
    assert list(jobs) == list(FORMER["jobs"])
    for run_id, expected in FORMER["jobs"].items():
        job = jobs[run_id]
        assert job.spec.run_id == run_id
        assert {
            "spec": job.spec.canonical(),
            **{name: getattr(job, COLUMNS.get(name, name)) for name in expected if name != "spec"},
        } == (expected)
    assert [job.run_id for job in queue.unfinished()] == FORMER["order"]
    paused = queue.paused()
    assert paused is not None
    assert paused.submitted_by == FORMER["paused_by"]
    assert queue.claim() is None


def test_queue_continues_where_the_former_version_left_it(former_home: Home) -> None:
    queue = JobQueue(former_home)
    queue.unpause()
    waiting = [run_id for run_id in FORMER["order"] if FORMER["jobs"][run_id]["state"] == "queued"]
    claimed = queue.claim()
    assert claimed is not None
    assert claimed.run_id == waiting[0]
    failed = next(job for job in queue.jobs() if job.state == "failed")
    assert queue.submit([failed.spec], "eve@example.org") == {failed.run_id: "queued"}
    assert queue.newest_number() > failed.number


def test_job_files_of_the_former_version_are_read(former_home: Home) -> None:
    running = next(run_id for run_id, job in FORMER["jobs"].items() if job["state"] == "running" and job["deaths"])
    progress = read_progress(former_home, running)
    assert progress is not None
    assert (progress.phase, progress.epoch, progress.epochs) == ("training", 3, 50)
    assert progress.images_per_second == 812.5
    assert read_log(former_home, running).splitlines() == [f"attempt 2 of {running}", "epoch 3 done"]


def test_sweeps_are_listed_with_their_runs(former_home: Home) -> None:
    sweeps = list_sweeps(former_home)
    assert [sweep.sweep_id for sweep in sweeps] == [sweep["sweep_id"] for sweep in FORMER["sweeps"]]
    for sweep, expected in zip(sweeps, FORMER["sweeps"], strict=True):
        assert [spec.run_id for spec in sweep.specs] == expected["run_ids"]
        assert sweep.recipe == expected["recipe"]
        assert sweep.budget_minutes == expected["budget_minutes"]
        assert sweep.asked_at == expected["asked_at"]
        assert list(sweep.settings) == expected["settings"]
        assert open_sweep(former_home, sweep.sweep_id[:6]) == sweep
        submitters = {job["asked_by"] for run_id, job in FORMER["jobs"].items() if run_id in expected["run_ids"]}
        assert submitters <= {sweep.submitted_by}


# Reports


def test_drafts_open_with_all_their_revisions(former_home: Home) -> None:
    reports = ReportStore(former_home)
    assert {entry.draft.id for entry in reports.entries()} == set(FORMER["drafts"])
    for report_id, expected in FORMER["drafts"].items():
        files = sorted((former_home.reports / report_id).glob("draft-*.json"))
        drafts = [Draft.model_validate_json(path.read_bytes()) for path in files]
        assert [draft.report.title for draft in drafts] == expected["titles"]
        newest = reports.read(report_id)
        assert newest == drafts[-1]
        assert newest.report.owner == expected["owner"]
        assert list(newest.report.runs) == expected["run_ids"]
        assert len(newest.report.blocks) == expected["blocks"]
        assert expected["can_undo"]
        assert reports.undo(newest, newest.by).revision == len(drafts) + 1


def test_views_of_every_draft_are_drawn(former_home: Home, store: RunStore) -> None:
    for report_id, expected in sample(FORMER["drafts"]):
        document = build_document(ReportStore(former_home).read(report_id).report, store)
        assert [figure.problem for figure in document.figures if figure.problem] == []
        assert len(document.figures) == len(expected["displays"])


def test_every_former_display_setting_is_valid(former_home: Home, store: RunStore) -> None:
    comparison = Comparison.of(store.open_all(FORMER["display_settings"]["run_ids"]))
    for name, settings in FORMER["display_settings"]["options"].items():
        for setting, options in settings.items():
            for option in options:
                view, changed = replace_block_aliases(name, {setting: option})
                make_display(DISPLAYS[view], comparison, changed, former_home)


def test_published_versions_are_unchanged(former_home: Home) -> None:
    reports = ReportStore(former_home)
    for address, expected in FORMER["published"].items():
        found = reports.open(address)
        stored = json.loads(reports.locate(address).read_bytes())
        assert found.address == address
        assert found.checksum == found.document.checksum == expected["checksum"]
        assert json.loads(found.document.model_dump_json()) == stored["document"]
        assert (found.by, found.at) == (expected["by"], expected["at"])
        assert len(found.document.sections) == expected["sections"]
    newest = max(FORMER["published"])
    assert reports.open(newest.partition("-")[0]).address == newest


def test_published_versions_render_to_html_with_checksum_and_title(former_home: Home) -> None:
    for address, expected in FORMER["published"].items():
        found = ReportStore(former_home).open(address)
        [content] = FORMATS["html"].write(Edition.of(found), former_home).values()
        page = content.decode("utf-8")
        assert expected["checksum"] in page
        assert expected["title"] in page
        assert ask(former_home, f"/reports/{address}").text == page


def test_reports_in_the_trash_can_be_restored(former_home: Home) -> None:
    reports = ReportStore(former_home)
    assert reports.removed() == FORMER["removed_reports"]
    for report_id in FORMER["removed_reports"]:
        reports.restore(report_id)
        assert reports.read(report_id).report.title == "Deleted"
    assert reports.removed() == []


# HTTP API


def test_api_returns_every_value_under_its_former_or_current_name(former_home: Home) -> None:
    for path, expected in FORMER["api"].items():
        check_answer(ask(former_home, path).json(), expected, path, texts=path.startswith("/api/runs"))


def ask(home: Home, path: str) -> httpx.Response:
    async def send() -> httpx.Response:
        routes = build_routes(home, lambda headers, cookies: OWNER)
        transport = httpx.ASGITransport(Starlette(routes=list(routes)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get(path)).raise_for_status()

    return asyncio.run(send())


def check_answer(found: Any, expected: Any, where: str, *, texts: bool) -> None:
    """Compare recursively: all former keys and values exist, new ones may be added; texts other than IDs may differ."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            key = next((key for key in (name, KEYS.get(name)) if key in found), None)
            if f"{where}: {name}".endswith(RECOMPUTED):
                continue
            assert key, f"{where}: {name} is missing"
            inner, known = found[key], value
            if name == "checks":
                codes = [check["code"] for check in value]
                inner = sorted((check for check in inner if check["code"] in codes), key=lambda check: check["code"])
                known = sorted(value, key=lambda check: check["code"])
            check_answer(inner, known, f"{where}: {name}", texts=texts or name in ("run_id", "run_ids"))
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for one, other in zip(found, expected, strict=True):
            check_answer(one, other, where, texts=texts)
    elif where.endswith(": seed") and expected == -1:  # the mean over seeds
        assert found is None
    elif not isinstance(expected, str):
        fitted = "calibration" in where or "reliability" in where  # temperatures were fitted to four decimals
        assert same(found, expected, 1e-4 if fitted else 1e-9), f"{where}: {found!r} is not {expected!r}"
    elif texts:
        assert found == expected, where
