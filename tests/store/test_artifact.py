"""Copies of runs in an artifact store of fsspec, on a disk and in memory: complete or absent."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.errors import ArtifactError, RunDamagedError, RunNotFoundError
from core.home import Home
from core.jobs.artifact_sync import syncing
from core.store.artifact import ArtifactStore
from core.store.run import IMPORTED, Run
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter


@pytest.fixture(params=["file", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    url = f"file://{tmp_path}/kept" if request.param == "file" else f"memory://{uuid4().hex}/kept"
    store = ArtifactStore.open(url)
    yield store
    if store.files.exists(store.root):
        store.files.rm(store.root, recursive=True)


@pytest.fixture
def other(tmp_path: Path) -> Home:
    """Home without the run."""
    return Home(tmp_path / "other")


def files_of(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != IMPORTED}


def test_fetched_run_equals_the_original(kept: ArtifactStore, make_run: RunWriter, other: Home) -> None:
    run = make_run()
    assert kept.list_ids() == set()
    kept.upload(run)
    assert kept.list_ids() == {run.run_id}
    found = kept.fetch(run.run_id, other)
    assert found.path == other.runs / run.run_id
    assert files_of(found) == files_of(run)
    assert [path.name for path in other.runs.iterdir()] == [run.run_id]


def test_interrupted_copy_does_not_count_and_is_repeated(
    kept: ArtifactStore, make_run: RunWriter, other: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is copied last, so an interruption before it leaves nothing that counts as a copy."""
    run = make_run()

    def break_off(*words: object, **more: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    with monkeypatch.context() as broken:
        broken.setattr(type(kept.files), "pipe_file", break_off)
        with pytest.raises(ArtifactError, match=r"^Cannot write .*: Connection reset by peer\.$"):
            kept.upload(run)
    assert kept.list_ids() == set()
    with pytest.raises(RunNotFoundError, match=f"^Run '{run.run_id}' was not found in "):
        kept.fetch(run.run_id, other)
    assert not list(other.runs.glob("*"))
    kept.upload(run)
    assert kept.fetch(run.run_id, other).run_id == run.run_id


def test_first_copy_of_a_spec_is_kept_and_files_do_not_mix(
    kept: ArtifactStore, make_run: RunWriter, other: Home
) -> None:
    """Train the same spec in two homes: each has its own record with its own files."""
    run = make_run()
    kept.upload(run)
    text = json.loads((run.path / "record.json").read_text())
    text["cpu"] = "another"
    twin = other.runs / run.run_id
    shutil.copytree(run.path, twin)
    (twin / "record.json").write_text(json.dumps(text))
    kept.upload(Run.open(twin))
    shutil.rmtree(twin)
    assert kept.fetch(run.run_id, other).record == run.record


def test_changed_file_is_rejected_as_damaged(kept: ArtifactStore, make_run: RunWriter, other: Home) -> None:
    run = make_run()
    kept.upload(run)
    (path,) = kept.files.glob(f"{kept.root}/{run.run_id}/*/predictions.npz")
    kept.files.pipe_file(path, b"other bytes")
    with pytest.raises(ArtifactError, match=rf"^predictions\.npz of run {run.run_id} in .* is damaged \("):
        kept.fetch(run.run_id, other)
    kept.files.rm(path)
    with pytest.raises(RunDamagedError, match=r"does not contain predictions\.npz"):
        kept.fetch(run.run_id, other)
    assert not list(other.runs.iterdir())


def test_record_with_a_path_outside_the_run_writes_nothing(
    kept: ArtifactStore, make_run: RunWriter, other: Home
) -> None:
    run = make_run()
    kept.upload(run)
    target = f"{kept.root}/{run.run_id}/record.json"
    text = json.loads(kept.files.cat_file(target))
    text["checksums"]["../../escaped"] = "0" * 64
    kept.files.pipe_file(target, json.dumps(text).encode())
    with pytest.raises(RunDamagedError, match="escaped"):
        kept.fetch(run.run_id, other)
    assert not other.path.exists()


def test_damaged_run_is_not_copied(kept: ArtifactStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "predictions.npz").write_bytes(b"other bytes")
    with pytest.raises(RunDamagedError):
        kept.upload(run)
    assert kept.list_ids() == set()


@pytest.mark.parametrize("url", ["/a/path", "nosuch://bucket/folder", "s3:bucket"])
def test_unknown_store_is_rejected_with_an_error_message(url: str) -> None:
    with pytest.raises(ArtifactError, match="Expected HEADROOM_ARTIFACTS to be a URL such as s3://bucket/folder; got "):
        ArtifactStore.open(url)


def test_dispatcher_copies_runs_that_are_missing_in_the_store(
    kept: ArtifactStore, home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also runs that were published before it started or shortly before it ended; a damaged run does not delay
    others.
    """
    monkeypatch.setenv("HEADROOM_ARTIFACTS", kept.url)
    runs = [make_run(seed=seed) for seed in range(3)]
    (runs[0].path / "predictions.npz").write_bytes(b"other bytes")
    with syncing(home):
        runs.append(make_run(seed=3))
    assert kept.list_ids() == {run.run_id for run in runs[1:]}


def test_store_that_cannot_be_written_is_reported_and_delays_nothing(
    home: Home, make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("where a folder should be")
    monkeypatch.setenv("HEADROOM_ARTIFACTS", f"file://{tmp_path}/file/kept")
    make_run()
    with syncing(home):
        pass
    assert capsys.readouterr().err.count("Cannot write file://") == 1


def test_command_lists_and_fetches(
    kept: ArtifactStore, make_run: RunWriter, other: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run(seed=seed) for seed in range(2)]
    for run in runs:
        kept.upload(run)
    monkeypatch.setenv("HEADROOM_HOME", str(other.path))
    monkeypatch.setenv("HEADROOM_ARTIFACTS", kept.url)
    shell = CliRunner()
    assert shell.invoke(app, ["runs", "fetch"]).stdout.split() == sorted(run.run_id for run in runs)
    assert shell.invoke(app, ["runs", "fetch", runs[0].run_id]).stdout.split() == [runs[0].run_id]
    assert shell.invoke(app, ["runs", "fetch"]).stdout.split() == [runs[1].run_id]
    assert RunStore(other).path(runs[0].run_id) == other.runs / runs[0].run_id
    repeated = shell.invoke(app, ["runs", "fetch", runs[0].run_id])
    assert (repeated.stdout, repeated.stderr) == ("", f"{runs[0].run_id}: already exists.\n")
    assert shell.invoke(app, ["runs", "fetch", "0" * 12]).exit_code == 1
    monkeypatch.delenv("HEADROOM_ARTIFACTS")
    none = shell.invoke(app, ["runs", "fetch"])
    assert "No artifact store is configured. Set HEADROOM_ARTIFACTS to its URL." in none.stderr
    assert json.loads(shell.invoke(app, ["runs", "--json"]).stdout)[0]["run_id"]


def test_doctor_reports_the_number_of_copies(
    kept: ArtifactStore, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.upload(make_run())
    monkeypatch.setenv("HEADROOM_ARTIFACTS", kept.url)
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert found["artifacts"] == {"url": kept.url, "runs": 1}


def test_common_store_protocols_are_available() -> None:
    assert {"file", "memory", "s3", "gs", "abfs", "sftp"} <= set(fsspec.available_protocols())
