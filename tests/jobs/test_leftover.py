"""Temporary files of killed processes: found, counted and deleted, and nothing else."""

import json
import os
import subprocess
import sys
from pathlib import Path

from core.datasets.cache import open_dataset
from core.files import write_json
from core.home import Home
from core.jobs.leftover import list_leftovers, remove_leftovers
from tests.support.command import call
from tests.support.run_writer import RunWriter

KILLED = """
import os, signal, sys
from pathlib import Path
from core.datasets.atomic_folder import publishing
from core.files import replacing
from core.home import Home
from core.store.import_scratch import open_scratch
home = Home(Path(sys.argv[1]))
with replacing(home.reports / "r1" / "draft-000001.json") as a, publishing(home.datasets / "folder-b.c") as b:
    with open_scratch(home) as c:
        for path in (a, b / "train_images.npy", c / "run"):
            path.write_bytes(bytes(1000))
        os.kill(os.getpid(), signal.SIGKILL)
"""


def list_files(home: Home) -> set[Path]:
    return {path for path in home.path.rglob("*") if path.is_file()}


def test_everything_that_a_killed_process_leaves_is_found_and_nothing_else_is_deleted(
    home: Home, make_run: RunWriter
) -> None:
    make_run(predictions=False)
    open_dataset(home, "digits")
    for path in (".fetch/folder-kept.json", "folder-x/.notes", ".fetch/folder-x.lock"):
        (home.datasets / path).parent.mkdir(parents=True, exist_ok=True)
        (home.datasets / path).write_text("{}")
    (home.runs / ".damaged-0123456789ab-x").mkdir()
    for name in ("folder-kept.zip", "folder-kept.settings"):  # what an interrupted import needs to continue
        (home.datasets / ".fetch" / name).write_bytes(bytes(1000))
    state = {"name": "folder-kept", "phase": "failed", "pid": 1, "started_at": 1.0, "error": "Interrupted."}
    write_json(home.datasets / ".fetch" / "folder-kept.json", state)
    (home.datasets / ".folder-kept.unfinished").mkdir()
    (home.datasets / ".folder-kept.unfinished" / "images.npy").write_bytes(bytes(1000))
    kept = list_files(home)
    for path in kept:
        os.utime(path, (1, 1))
    leave_behind(home)
    temporary = ("datasets/.fetch/folder-x.zip", "datasets/.fetch/folder-x.ab.archive", ".preview-abc/images.npy")
    for path in (home.path / name for name in temporary):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(1000))
    assert len(list_files(home) - kept) == 6
    assert list_leftovers(home) == remove_leftovers(home) == []  # a process may be writing them
    assert {one.bytes for one in list_leftovers(home, 0)} == {1000}
    for path in list_files(home) - kept:
        for entry in (path, path.parent):
            os.utime(entry, (1, 1))
    assert json.loads(call("doctor", "--json").stdout)["home"]["leftovers"].startswith("6 temporary files")
    assert "Run: headroom doctor --repair" in call("doctor").stdout
    assert "Deleted 6 temporary files or folders of killed processes (0.0 MB)." in call("doctor", "--repair").stdout
    assert list_files(home) - {home.path / "index.feather", home.path / "examples.feather"} == kept
    assert list_leftovers(home, 0) == []
    assert (home.runs / ".damaged-0123456789ab-x").is_dir()


def leave_behind(home: Home) -> None:
    """Leave what a process leaves that is killed while it writes a report, adds a dataset and imports a bundle."""
    subprocess.run([sys.executable, "-c", KILLED, str(home.path)], check=False)
