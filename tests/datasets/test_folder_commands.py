"""Custom images that commands and background processes add, list and remove."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.datasets.cache import list_datasets, list_folders, open_dataset, pin
from core.datasets.custom.add import add_dataset
from core.datasets.custom.removed import remove_dataset
from core.datasets.fetch import list_added, read_fetch, start_add
from core.datasets.report import FILE_COLUMNS, read_files, read_report
from core.errors import DatasetError
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.image_folder import COLOURS, make_folder, make_members, make_zip, refusal
from tests.support.markers import thin
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "/x", "..", ".", "", "A", "ä", "a b", "a" * 41, "-a", "a\n", "digits", "folder", "kmnist"]
)
def test_invalid_name_is_rejected(name: str, home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 2, "red": 2})
    assert re.match("Expected the name to be |The name '|Select a custom dataset", refusal(home, source, name))
    assert call("remove", "--", name)[0] == 1
    assert sorted(os.listdir(tmp_path)) == ["in"]


def _start(home: Home, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "core", "datasets", *words], cwd=ROOT, text=True,
        env={**os.environ, "HEADROOM_HOME": str(home.path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def _wait_for(happened: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)
    return result


@pytest.mark.parametrize("kind", thin([signal.SIGKILL, signal.SIGINT], 2))
def test_killed_addition_leaves_no_dataset(kind: int, home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 60, "red": 60}, size=(1500, 1500))
    process = _start(home, "add", "mine", str(source))
    running = _wait_for(lambda: (found := read_fetch(home, "folder-mine")) and found.done_files and found)
    assert (running.phase, running.alive, running.total_files) == ("reading", True, 120)
    with pytest.raises(DatasetError, match=r"^Folder mine is being added\. Try again "):
        remove_dataset(home, "folder-mine")
    process.send_signal(kind)
    process.communicate(timeout=30)
    ended = read_fetch(home, "folder-mine")
    assert ended is not None
    assert (ended.alive, "nterrupted" in (ended.error or "")) == (False, True)
    assert list_folders(home) == []
    for photo in list(source.rglob("0[1-9]?.png")):
        photo.unlink()
    assert add_dataset(home, "mine", source, side=8).info.train_count == 16
    assert sorted(os.listdir(home.datasets)) == [".fetch", "folder-mine"]


def test_uploaded_archive_is_added_in_the_background_and_then_removed(home: Home, tmp_path: Path) -> None:
    content = make_zip(tmp_path / "in.zip", make_members("all/")).read_bytes()
    assert start_add(home, "mine", io.BytesIO(content), side=8, origin="--my [cats].zip").alive
    ended = _wait_for(lambda: (found := list_added(home)) and not found[0].alive and found[0])
    assert (ended.phase, ended.error, ended.total_files) == ("done", None, 15)
    _wait_for(lambda: not (home.datasets / ".fetch" / "folder-mine.zip").exists())
    info = open_dataset(home, "folder", "mine").info
    assert (info.train_count, info.source) == (12, "--my [cats].zip")
    start_add(home, "other", io.BytesIO(b"no archive"))
    _wait_for(lambda: (found := read_fetch(home, "folder-other")) and found.phase == "failed")
    _wait_for(lambda: not (home.datasets / ".fetch" / "folder-other.zip").exists())
    with pytest.raises(DatasetError, match="Expected the name to be"):
        start_add(home, "../x", io.BytesIO(content))


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["datasets", *words])
    return result.exit_code, result.stdout, result.stderr


def test_commands_add_list_and_remove(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in", {"blue": 5, "red": 5})
    (source / "red" / "bad.png").write_bytes(b"")
    code, out, err = call("add", "mine", str(source), "--side", "16")
    assert code == 0
    summary, _, rest = out.partition("\n")
    assert summary.endswith("2 classes; stratified split by Headroom: 64% training, 16% validation, 20% test.")
    rows = [line.split() for line in rest.splitlines() if line.startswith((" blue", " red"))]
    assert rows == [["blue", "3", "1", "1", "5"], ["red", "3", "1", "1", "5"]]
    counts = [sum(int(row[column]) for row in rows) for column in (1, 2, 3)]  # every text has those of the table
    stated = "{} training, {} validation and {} test images".format(*counts)
    assert summary.startswith(f"Folder mine: {stated}, ")
    assert call("show", "mine")[1].startswith(f"Folder mine: 2 classes with 5 images each; {stated}. ")
    (row,) = (line.split() for line in call()[1].splitlines() if line.startswith(" folder mine"))
    assert row[3:7] == [*map(str, counts), "1"]
    assert "\nLeft out: 1 file.\n  red/bad.png: This image file is empty.\n" in rest
    assert f"Reasons of all files left out: {home.datasets / 'folder-mine' / 'skipped.txt'}\n" in err
    assert "Train on them: headroom train --dataset mine\n" in err
    listed = json.loads(call("--json")[1])[-1]
    assert (listed["name"], listed["folder"], listed["train_count"], listed["skipped"]) == ("folder", "mine", 8, 1)
    assert "folder mine" in call()[1]
    code, out, err = call("add", "mine", str(source))
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    spec = pin(home, RunSpec(dataset="folder", folder="mine", side=16))
    JobQueue(home).submit([spec])
    code, out, err = call("remove", "mine")
    assert (code, out) == (1, "")
    assert err == (f"Folder mine is in use by 1 unfinished job. Cancel with: headroom jobs cancel {spec.run_id}\n")
    JobQueue(home).cancel(spec.run_id)
    restored = f"estored Folder mine: {stated}, "
    assert call("restore") == (0, "", "")
    for _ in range(2):
        code, out, err = call("remove", "mine")
        assert (code, err) == (0, "Restore it with: headroom datasets restore mine\n")
        assert out.startswith(f"Removed Folder mine: {stated}, ")
        assert call("restore") == (0, "mine\n", "")
        code, out, err = call("restore", "mine")
        assert (code, err, out[1 : 1 + len(restored)]) == (0, "", restored)
    assert call("restore", "mine")[0] == 1
    assert call("remove", "mine")[0] == 0
    assert call("clear-trash") == (0, "Deleted 1 removed dataset permanently.\n", "")
    assert call("remove", "mine")[0] == 1
    assert call("remove", "digits")[0] == 1
    assert [status.name for status in list_datasets(home)][-1] == "folder"


def test_json_and_dry_run_give_the_report_and_dry_run_keeps_nothing(home: Home, tmp_path: Path) -> None:
    source = make_folder(tmp_path / "in" / "x", {"red": 5, "blue": 3}).parent
    for extra in (
        "@eaDir/1.png",
        "x/red/Thumbs.db",
        "README.md",
        "x/none/.hidden",
        "x/red/bad\n.png",
        "x/[red]/1",
    ):
        (source / extra).parent.mkdir(exist_ok=True)
        (source / extra).write_bytes(b"")
    home.path.mkdir()
    code, dry, err = call("add", "mine", str(source), "--side", "8", "--json", "--dry-run")
    assert (code, err, os.listdir(home.path)) == (0, "", [])
    printed = json.loads(dry)
    findings = printed.pop("findings")
    assert {"leaked_test_images", "few_test_images"} <= {finding["code"] for finding in findings}
    assert all(finding.keys() == {"code", "severity", "count", "message"} for finding in findings)
    assert printed == {
        "name": "mine",
        "classes": [
            {"name": "blue", "train": 1, "validation": 1, "test": 1},
            {"name": "red", "train": 3, "validation": 1, "test": 1},
        ],
        "splits": "drawn",
        "skipped": [
            {"file": "README.md", "reason": "This file is not in a class folder."},
            {"file": "x/[red]/1", "reason": "This image file is empty."},
            {"file": "x/none/.hidden", "reason": "This file is hidden."},
            {"file": "x/red/bad\n.png", "reason": "This image file is empty."},
        ],
        "ignored": ["@eaDir", "Thumbs.db"],
        "value_range": [0, 255],
    }
    text = call("add", "mine", str(source), "--side", "8", "--dry-run")
    assert (text[0], text[2], os.listdir(home.path)) == (0, "Nothing was added, because of --dry-run.\n", [])
    assert "Ignored system files: @eaDir, Thumbs.db.\nLeft out: 4 files.\n" in text[1]
    assert r"'x/red/bad\n.png': This image file is empty." in text[1]
    assert all(f"  {one['severity']}, {one['code']}: {one['message']}\n" in text[1] for one in findings)
    added = call("add", "mine", str(source), "--side", "8", "--json")
    assert (added[0], added[1], added[2]) == (0, dry, "")
    report = read_report(open_dataset(home, "folder", "mine").path)
    assert report
    assert report.model_dump(mode="json") == json.loads(dry)
    files = read_files(open_dataset(home, "folder", "mine").path)
    assert files is not None
    assert [*files.columns] == [*FILE_COLUMNS]
    assert sorted(files["file"]) == [f"x/blue/{n:03}.png" for n in range(3)] + [f"x/red/{n:03}.png" for n in range(5)]
    arrays = open_dataset(home, "folder", "mine").arrays()
    for row in files.itertuples():
        images, labels = (
            (arrays.test_images, arrays.test_labels)
            if row.split == "test"
            else (arrays.train_images, arrays.train_labels)
        )
        assert row.file.split("/")[1] == ("blue", "red")[labels[row.row]]
        assert images[row.row][4, 4].tolist() == [*COLOURS[row.file.split("/")[1]]]
        assert (row.width, row.height, row.frames) == (20, 14, 1)
    code, _, err = call("add", "mine", str(source), "--dry-run")
    assert code == 1
    assert "already exists" in err


@pytest.mark.parametrize(
    ("log", "message"),
    [("noise\nFolder mine already exists. Use another name.\n", "Folder mine already exists. Use another name."),
     ("noise", "The import of Folder mine was interrupted. Start it again.")],
)  # fmt: skip
def test_process_that_ended_at_once_gives_its_reason(home: Home, log: str, message: str) -> None:
    folder = home.datasets / ".fetch"
    folder.mkdir(parents=True)
    (folder / "folder-mine.log").write_text(log)
    progress = {"name": "folder-mine", "phase": "starting", "pid": 2**22 + 1, "started_at": 0.0}
    (folder / "folder-mine.json").write_text(json.dumps(progress))
    found = read_fetch(home, "folder-mine")
    assert found
    assert found.error == message
