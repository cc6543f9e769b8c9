"""Every button that submits runs starts the notice that they have ended."""

import ast
import importlib
import pkgutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import get_type_hints

import core.actions
from core.access.action import ACTIONS
from core.datasets.cache import open_dataset, pin
from core.home import Home
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import keep_sweep
from core.spec import RunSpec
from core.ui.submission import Submitted
from tests.support.dispatcher import queue_up
from tests.support.page import Open
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

for module in pkgutil.iter_modules(core.actions.__path__):
    importlib.import_module(f"core.actions.{module.name}")
SUBMITTING = {
    name
    for name, action in ACTIONS.items()
    if any(part in str(get_type_hints(action.run)["return"]) for part in ("Submission", "Sweep"))
}
SOURCES = [*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]


def list_calls(source: str, function: str) -> Iterator[str]:
    """Return the first argument of each call of a function in a source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function and node.args:
            yield ast.unparse(node.args[0])


def test_pages_submit_through_one_function() -> None:
    assert {"train_runs", "train_sweep", "retry_sweep", "retry_job"} <= SUBMITTING
    sources = {path.name: path.read_text(encoding="utf-8") for path in SOURCES}
    direct = {name: SUBMITTING & {*list_calls(source, "act")} for name, source in sources.items()}
    assert {name: found for name, found in direct.items() if found} == {}
    submitted = {name for source in sources.values() for name in list_calls(source, "submit_from_page")}
    assert submitted == SUBMITTING
    assert Submitted


def test_check_finds_a_direct_submission() -> None:
    assert list(list_calls("def f():\n    act(train_runs, specs)", "act")) == ["train_runs"]


def test_every_submission_starts_the_notice(
    open_page: Open, home: Home, make_run: RunWriter, no_dispatcher: None
) -> None:
    open_dataset(home, "digits")
    finished = make_run(pin(home, RunSpec(epochs=5)))
    sweep = keep_sweep(home, "digits-heads", ["filters"], [pin(home, RunSpec(filters=n, epochs=6)) for n in (4, 8)])
    failed = queue_up(home, seed=1, epochs=7)
    JobQueue(home).submit(sweep.specs, sweep.submitted_by)
    with closing(sqlite3.connect(JobQueue(home).path)) as table, table:
        table.execute("UPDATE job SET state = 'failed', ended_at = ?", (time.time(),))
    cases = [
        ("run", {"run": failed.run_id}, "Retry", [failed]),
        ("jobs", {"followed": sweep.sweep_id}, "Retry 2 failed", sweep.specs),
        ("run", {"run": finished.run_id}, "Train 10 more epochs", None),
    ]  # fmt: skip
    for page, link, label, expected in cases:
        before = {job.run_id for job in JobQueue(home).unfinished()}
        app = open_page(page, **link)
        next(button for button in app.button if label in f"{button.label} {button.key}").click().run()
        new = {job.run_id for job in JobQueue(home).unfinished()} - before
        assert new, label
        assert expected is None or new == {spec.run_id for spec in expected}
        assert [set(noted) for noted in app.session_state["started runs"]] == [new], label
