"""Commands name damaged files and `headroom doctor --repair` moves them aside."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from core.cli.app import app
from core.home import Home
from core.jobs.damaged import list_damaged_jobs
from core.jobs.queue import JobQueue
from core.store.run_store import RunStore
from tests.support.command import ask, call
from tests.support.damage import DAMAGES, damaged
from tests.support.dispatcher import without_dispatcher
from tests.support.home_reader import GOOD, OTHER, files_of, ids_of
from tests.support.markers import LONG
from tests.support.page import navigated, open_page

SIDE_FILES = ("notes.sqlite", "jobs/queue.sqlite", "index.feather")


@pytest.mark.parametrize("name", SIDE_FILES)
def test_damaged_side_file_is_named_with_its_repair_and_moved_aside(full_home: Home, name: str) -> None:
    path = full_home.path / name
    damages = ("random bytes", "truncated", "unreadable", "folder") if name != "index.feather" else ("folder",)
    for damage in damages:
        with damaged(path, DAMAGES[damage]):
            result = call("runs")
            assert (result.exit_code, GOOD in result.stdout) == (0, True)
            assert result.stderr.count("headroom doctor --repair") == (0 if name == "index.feather" else 1), damage
            repaired = call("doctor", "--repair").stdout
            assert f"{path.name} was damaged" in repaired, damage
            assert call("doctor", "--repair").stdout == "No damaged file was found.\n"
            assert "doctor" not in call("runs").stderr
    assert len([*path.parent.glob(f"{path.name}.damaged-*[0-9]")]) == len(damages)  # nothing is deleted


# Commands that change the home or start processes, and are tested with damaged files elsewhere.
WRITING = {
    "train", "token", "report publish", "datasets download", "datasets add", "datasets remove",
    "bundle import", "jobs cancel", "jobs resume", "jobs retry", "jobs pause", "jobs unpause",
    "jobs revive", "jobs first", "jobs up", "jobs down", "runs fetch", "report create", "export mlflow",
    "datasets clear-trash", "datasets restore", "import", "models add", "models remove", "models restore",
    "report share", "report unshare", "serve",
}  # fmt: skip


def list_read_commands(home: Home, good: str) -> list[list[str]]:
    """Return every command of the application that does not change the home, with its required arguments."""
    outside = str(home.path.parent)
    arguments = {
        "show": [good], "compare": [good], "analyse": [good], "params": ["--recipe", "digits-heads"],
        "report links": [next(path.name for path in home.reports.glob("r*"))],
        "report export": [good, "-o", f"{outside}/report.csv"],
        "bundle export": [good, "-o", f"{outside}/bundle.zip", "--no-models"],
        "export tensorboard": [good, "-o", f"{outside}/events"],
    }  # fmt: skip

    def walk(command: Any, words: list[str]) -> Iterator[list[str]]:
        name = " ".join(words)
        if words and name not in WRITING and getattr(command, "invoke_without_command", True):
            yield [*words, *arguments.get(name, [])]
        for member, found in getattr(command, "commands", {}).items():
            if not found.hidden:
                yield from walk(found, [*words, member])

    return [*walk(get_command(app), [])]


def test_every_read_command_works_with_any_damaged_file(full_home: Home) -> None:
    good = next(run.run_id for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == GOOD)
    commands = list_read_commands(full_home, good)
    assert len(commands) > 10
    for index, path in enumerate(files_of(full_home)):
        for number, damage in enumerate(DAMAGES):
            if index % (3 if LONG else 6) or (index // 6 + number) % len(DAMAGES):
                continue
            with damaged(path, DAMAGES[damage]):
                for position, command in enumerate(commands):
                    if (index // 6 + position) % (2 if LONG else 6):
                        continue
                    result = call(*command)
                    assert "Unexpected error" not in result.stderr, (path, damage, command, result.stderr)
                assert good in {row["run_id"] for row in ask("runs")}


def test_damaged_jobs_and_sweeps_are_named_and_moved_aside(full_home: Home) -> None:
    queue, sweep = full_home.jobs / "queue.sqlite", next((full_home.jobs / "sweeps").glob("*.json"))

    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE job SET run_id = '../../x' WHERE number = 3")

    before = len(JobQueue(full_home).jobs())
    with damaged(queue, spoil), damaged(sweep, DAMAGES["truncated"]):
        assert len(JobQueue(full_home).jobs()) == before - 1
        messages = list_damaged_jobs(full_home)
        assert ["'../../x'" in messages[0], sweep.stem in messages[1]] == [True, True]
        for words in (["jobs"], ["doctor"], ["sweep"]):
            shown = call(*words).output
            assert [message in shown for message in messages] == [words != ["sweep"], True], words
        with navigated(), without_dispatcher(full_home):
            app = open_page("jobs")
        assert [item.label for item in app.expander if "Damaged" in item.label] == ["Damaged jobs and sweeps: 2"]
        repaired = call("doctor", "--repair").stdout
        assert "Jobs with an invalid run ID: 1." in repaired
        assert f"{sweep.name} was damaged." in repaired
        assert list_damaged_jobs(full_home) == []
        assert call("doctor", "--repair").stdout == "No damaged file was found.\n"
        with closing(sqlite3.connect(queue)) as connection:
            assert connection.execute("SELECT count(*) FROM damaged_job").fetchone() == (1,)


def test_damaged_run_is_moved_aside(full_home: Home) -> None:
    path = next(run.path for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == OTHER)
    content = (path / "record.json").read_bytes()
    (path / "record.json").write_bytes(b"[]")
    assert call("doctor", "--repair").stdout.startswith(f"Run {path.name} was damaged. It is now ")
    assert RunStore(full_home).damaged() == {}
    [aside] = full_home.runs.glob(f".damaged-{path.name}-*")
    (aside / "record.json").write_bytes(content)
    aside.rename(path)
    assert RunStore(full_home).open(path.name)
