"""Pages and the HTTP API write only through actions, checked from the source."""

import ast
import inspect
from collections.abc import Iterator

import pytest

from core.jobs.queue import JobQueue
from core.reports.comment_store import CommentStore
from core.reports.report_store import ReportStore
from core.store.note import NoteBook
from core.store.run_store import RunStore
from tests.support.paths import ROOT
from tests.support.sources import module_of, read_imports

READING = {
    "core.advice": {
        "conclude": None, "limits": None, "make_plan": {"USUAL_HEADS", "make_plan"}, "plan": None, "race_curves": None,
        "race_time": {"RaceTimer"},
        "race": {"Race", "list_damaged_races", "list_races", "make_race", "open_race"}, "request": None,
        "status": {"estimate_more_seeds", "is_advising"},
    },
    "core.datasets": {
        "cache": {"DatasetStatus", "list_datasets"}, "fetch": {"check_free", "list_added", "read_fetch"},
        "fetch_progress": None,
        "custom": {
            "first_images.FirstImages", "first_images.read_first_images", "interrupted_add.can_continue",
            "interrupted_add.is_cancelled", "removed.list_removed",
        },
        "dataset": {"Dataset"}, "dataset_key": None, "dataset_view": {"DatasetView", "open_view", "read_info"},
        "inspect": None, "report": {"SPLITS"}, "statistics": {"open_statistics"},
        "background": None, "findings": {"findings_file.read_findings_version"},
    },
    "core.jobs": {
        "batch": {"EndedBatch", "find_ended", "list_finished_together", "list_latest_batch", "name_recipe"},
        "comparison_choice": None, "comparison_list": None,
        "executor_choice": {"read_placement"}, "local_executor": {"read_slots"}, "damaged": {"list_damaged_jobs"},
        "health": {"is_starting", "list_silent", "read_health", "read_live_progress"}, "diverged": None,
        "estimate": {"TimeEstimator"}, "run_lookup": None,
        "notice": {"Notice", "list_notices"},
        "pending": None, "progress": None, "queue": {"Job", "JobQueue"}, "submit": {"Submission"}, "sweep_plan": None,
        "sweep_status": {"SweepRunState", "SweepStatus", "read_sweep_status"},
        "sweep_store": {"MAX_BUDGET_MINUTES", "Sweep", "find_sweep", "list_sweeps", "open_sweep"},
    },
    "core.models": {
        "background": {"EvaluationState", "find_evaluation"}, "model_info": None,
        "before_training": {"list_training_messages"},
    },
    "core.store": {
        "bundle": {"export_bundle", "list_files"}, "damage": {"describe_invalid_field"},
        "bundle_import": {"Imported"}, "comparison": None, "elsewhere": None,
        "history": {"read_history"}, "differing_settings": None, "import_validation": {"MODELS"},
        "note": {"MAX_NAME", "MAX_TEXT", "Note", "NoteBook", "join_notes", "read_tags"}, "same_test_set": None,
        "saved_comparison": {"MAX_NAME_CHARS", "find_saved_id", "list_saved", "list_saved_ids", "open_saved"},
        "setting_text": None,
        "metrics": {"NO_PREDICTION", "compute_predicted"},
        "record": {"Cost", "Data", "Elsewhere", "Metrics"}, "robustness_file": {"NAME"}, "kept_epoch": None,
        "run": {"FILES", "Run"}, "environment": {"read_environment"},
        "run_store": {"RunStore"}, "search": None, "withheld": {"WITHHELD", "describe_withheld"},
        "variant_label": None,
    },
    "core.reports": {
        "advice_report": None,
        "address": None, "build": None, "alias": None, "default_report": None, "document": None, "format": None,
        "published_runs": None, "report": None, "formats": {"html.Html", "html.load_scripts", "html.write_policy"},
        "difference": None, "merge": None, "own_image": {"MAX_ALT_CHARS"},
        "comment": None, "comment_store": {"CommentStore", "Discussion"},
        "reproduction": None, "display_option": None, "author_text": None, "export": {"add_extras"},
        "extras": {"estimate_model_bytes"},
        "report_store": {"ReportEntry", "ReportStore"}, "revision": None,
        "view_link": {"check_view_link", "list_view_links"},
    },
    "core.importers": {"run_import": {"ImportOptions"}},
    "core.files": {},
    "core.training": {},
}  # fmt: skip
"""Names that pages may import from packages that write, because they only read; None allows a whole module."""
METHODS: dict[type, set[str]] = {
    RunStore: {"damaged", "find", "frame", "generation", "open", "open_all", "path", "deleted"},
    JobQueue: {
        "batch",
        "count",
        "damaged",
        "ended",
        "failed",
        "has",
        "has_work",
        "job",
        "jobs",
        "newest_number",
        "paused",
        "running",
        "submitters",
        "unfinished",
    },
    NoteBook: {"path", "read", "read_all", "read_available"},
    CommentStore: {"read"},
    ReportStore: {
        "damaged",
        "entries",
        "find_notice",
        "list_all",
        "locate",
        "open",
        "read",
        "removed",
        "revisions",
        "versions",
    },
}
"""Methods that only read; all other methods of these classes write."""
HARMLESS = (
    "job.cancel", "st.write", "setting.write", "entry.amount.write", "FORMATS[name].write", "Html.write", "card.write",
    "started.remove", "ended.remove", "old.change", "report.change", "old.move", "old.remove", "old.replace",
)  # fmt: skip
"""Attributes of other things that have the name of a method that writes."""
LIBRARIES = ("os", "shutil", "sqlite3", "subprocess", "fcntl")
PATHS = {"mkdir", "open", "rename", "replace", "rmdir", "symlink_to", "touch", "unlink", "write_bytes", "write_text"}
PAGE_SOURCES = sorted(
    [
        *(path for folder in ("core/ui", "core/api", "pages") for path in (ROOT / folder).rglob("*.py")),
        *(ROOT / name for name in ("dashboard.py", "asgi.py")),
    ]
)


def find_writing(module: str, source: str) -> Iterator[str]:
    """Return the parts of a source that write without an action."""
    tree = ast.parse(source)
    for one in read_imports(module, tree):
        if one.imported.partition(".")[0] in LIBRARIES:
            yield str(one)
        for package, modules in READING.items():
            if f"{one.imported}.".startswith(f"{package}."):
                inner, _, name = one.imported.removeprefix(package).strip(".").partition(".")
                if inner not in modules or not (modules[inner] is None or name in modules[inner]):
                    yield str(one)
    writing = {
        name
        for kind, reading in METHODS.items()
        for name, _ in inspect.getmembers(kind)
        if not name.startswith("_") and name not in reading
    } - {"home"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            on = ast.unparse(node.value)
            harmless = f"{on}.{node.attr}" in HARMLESS
            if (node.attr in writing and not harmless) or (node.attr in PATHS and "path" in on.lower()):
                yield f"{module} has {on}.{node.attr} in line {node.lineno}"
        if isinstance(node, ast.Name) and node.id == "open":
            yield f"{module} has open in line {node.lineno}"


def test_pages_write_through_actions_alone() -> None:
    assert len(PAGE_SOURCES) > 50
    found = [find_writing(module_of(path), path.read_text(encoding="utf-8")) for path in PAGE_SOURCES]
    assert [sentence for sentences in found for sentence in sentences] == []


@pytest.mark.parametrize(
    "source",
    [
        "from core.jobs.submit import submit_all",
        "from core.jobs import submit",
        "import core.jobs.submit",
        "def f():\n    from core.store.bundle_import import import_bundle",
        "from core.datasets.fetch import start_fetch",
        "from core.files import write_json",
        "from core.store.note import NoteBook\nNoteBook(home()).change(ids, star=True)",
        "store().remove(run_id)",
        "f = store().restore",
        "JobQueue(home()).pause()",
        "queue.move(run_id, 1)",
        "import subprocess",
        "import os.path",
        "open('x', 'w')",
        "path.write_text('')",
    ],
)
def test_writing_past_the_actions_is_found(source: str) -> None:
    assert list(find_writing("core.ui.somewhere", source))


@pytest.mark.parametrize(
    "source",
    [
        "from core.jobs.queue import JobQueue\nJobQueue(home()).unfinished()",
        "from core.store.comparison import Comparison",
        "from core.actions.run import delete_runs\nact(delete_runs, ids)",
        "facts = job.cancel",
    ],
)
def test_reading_is_not_taken_for_writing(source: str) -> None:
    assert not list(find_writing("core.ui.somewhere", source))
