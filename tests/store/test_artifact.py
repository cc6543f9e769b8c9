"""Copies of runs in a store that fsspec knows: on a disk and in memory, whole or not there at all."""

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
from core.store.run import Run
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
    """A home that lacks the run."""
    return Home(tmp_path / "other")


def files_of(run: Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_run_arrives_in_another_home_as_it_was(kept: ArtifactStore, make_run: RunWriter, other: Home) -> None:
    run = make_run()
    assert kept.list_ids() == set()
    kept.upload(run)
    assert kept.list_ids() == {run.run_id}
    found = kept.fetch(run.run_id, other)
    assert found.path == other.runs / run.run_id
    assert files_of(found) == files_of(run)
    assert [path.name for path in other.runs.iterdir()] == [run.run_id]


def test_copy_that_broke_off_is_no_copy_and_is_made_again(
    kept: ArtifactStore, make_run: RunWriter, other: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last file to arrive is the record, so whatever breaks before it leaves nothing that counts."""
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


def test_first_copy_of_a_spec_stays_and_two_do_not_mix(kept: ArtifactStore, make_run: RunWriter, other: Home) -> None:
    """Two homes trained the same spec: each has its own record and its own files to go with it."""
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


def test_changed_file_is_not_taken_for_the_run(kept: ArtifactStore, make_run: RunWriter, other: Home) -> None:
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


def test_record_that_names_a_file_elsewhere_writes_nothing_there(
    kept: ArtifactStore, make_run: RunWriter, other: Home
) -> None:
    run = make_run()
    kept.upload(run)
    target = f"{kept.root}/{run.run_id}/record.json"
    text = json.loads(kept.files.cat_file(target))
    text["checksums"]["../../escaped"] = "0" * 64
    kept.files.pipe_file(target, json.dumps(text).encode())
    with pytest.raises(ArtifactError, match="contains an invalid file name"):
        kept.fetch(run.run_id, other)
    assert not list(other.runs.iterdir())


def test_damaged_run_is_not_copied(kept: ArtifactStore, make_run: RunWriter) -> None:
    run = make_run()
    (run.path / "predictions.npz").write_bytes(b"other bytes")
    with pytest.raises(RunDamagedError):
        kept.upload(run)
    assert kept.list_ids() == set()


@pytest.mark.parametrize("url", ["/a/path", "nosuch://bucket/folder", "s3:bucket"])
def test_store_that_nobody_knows_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(ArtifactError, match="Expected HEADROOM_ARTIFACTS to be a URL such as s3://bucket/folder; got "):
        ArtifactStore.open(url)


def test_dispatcher_copies_what_the_store_lacks(
    kept: ArtifactStore, home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was published before it began, and at its end what came last; a damaged run holds up no other."""
    monkeypatch.setenv("HEADROOM_ARTIFACTS", kept.url)
    runs = [make_run(seed=seed) for seed in range(3)]
    (runs[0].path / "predictions.npz").write_bytes(b"other bytes")
    with syncing(home):
        runs.append(make_run(seed=3))
    assert kept.list_ids() == {run.run_id for run in runs[1:]}


def test_store_that_cannot_be_written_is_told_and_holds_up_nothing(
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
    again = shell.invoke(app, ["runs", "fetch", runs[0].run_id])
    assert (again.stdout, again.stderr) == ("", f"{runs[0].run_id}: already exists.\n")
    assert shell.invoke(app, ["runs", "fetch", "0" * 12]).exit_code == 1
    monkeypatch.delenv("HEADROOM_ARTIFACTS")
    none = shell.invoke(app, ["runs", "fetch"])
    assert "No artifact store is configured. Set HEADROOM_ARTIFACTS to its URL." in none.stderr
    assert json.loads(shell.invoke(app, ["runs", "--json"]).stdout)[0]["run_id"]


def test_doctor_says_how_many_copies_there_are(
    kept: ArtifactStore, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.upload(make_run())
    monkeypatch.setenv("HEADROOM_ARTIFACTS", kept.url)
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert found["artifacts"] == {"url": kept.url, "runs": 1}


def test_kinds_of_stores_are_there() -> None:
    assert {"file", "memory", "s3", "gs", "abfs", "sftp"} <= set(fsspec.available_protocols())
