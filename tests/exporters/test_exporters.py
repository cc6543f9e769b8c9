"""Exported runs, read back with TensorBoard's event reader, and refusals of all exporters."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.exporters import export_record
from core.exporters.export_record import write_literally
from core.home import Home
from core.store.note import Note, NoteBook
from tests.support.export import HOSTILE, call
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter


@pytest.fixture(autouse=True)
def _without_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))


# TensorBoard's reader uses TensorFlow if it is installed, unless this module prevents it.
READ = """
import json, sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.util.tensor_util import make_ndarray

found = {}
for folder in sys.argv[1:]:
    events = EventAccumulator(folder, size_guidance={"tensors": 0})
    events.Reload()
    exported = found[folder] = {"from": events.FirstEventTimestamp(), "scalars": {}, "texts": {}, "hparams": {}}
    for tag in events.Tags()["tensors"]:
        plugin, points = events.SummaryMetadata(tag).plugin_data, events.Tensors(tag)
        if plugin.plugin_name == "scalars":
            exported["scalars"][tag] = [(p.step, p.wall_time, float(make_ndarray(p.tensor_proto))) for p in points]
        elif plugin.plugin_name == "text":
            exported["texts"][tag] = make_ndarray(points[0].tensor_proto).item().decode()
        else:
            for name, value in HParamsPluginData.FromString(plugin.content).session_start_info.hparams.items():
                exported["hparams"][name] = getattr(value, value.WhichOneof("kind"))
assert "tensorflow" not in sys.modules
print(json.dumps(found))
"""

LOADED = """
import json, runpy, sys
sys.argv[0] = "core"
try:
    runpy.run_module("core", run_name="__main__")
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def run_program(program: str, *words: object, home: Home) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, words)]
    environment = {**os.environ, "HEADROOM_HOME": str(home.path)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_tensorboard_reads_what_the_run_says(make_run: RunWriter, tmp_path: Path) -> None:
    runs = [make_run(), make_run(head="dense", seed=3, units=64)]
    NoteBook(make_run.home).write(runs[1].run_id, Note(name="<b>bold</b>", tags=("paper",), text=HOSTILE))
    result = call("tensorboard", *(run.run_id[:6] for run in runs), "-o", tmp_path / "board")
    assert result.exit_code == 0, result.output
    folders = [Path(line).parent for line in result.stdout.splitlines()]
    assert [folder.name for folder in folders] == [
        f"digits-gap-seed0-{runs[0].run_id}",
        f"digits-dense-seed3-{runs[1].run_id}",
    ]
    exported = json.loads(run_program(READ, *folders, home=make_run.home).stdout)
    for run, folder in zip(runs, folders, strict=True):
        found, ended = exported[str(folder)], 1767225660 + 60 * runs.index(run)
        assert found["from"] == ended - 6
        for column, tag in (("loss", "loss/train"), ("val_accuracy", "accuracy/validation")):
            steps, times, values = zip(*found["scalars"][tag], strict=True)
            assert (steps, times) == ((1, 2, 3), (ended - 4, ended - 2, ended))
            assert values == pytest.approx(run.history[column].tolist(), rel=1e-6)
        accuracy = pytest.approx(run.record.metrics.test_accuracy, rel=1e-6)
        assert found["scalars"]["accuracy/test"] == [[3, ended, accuracy]]
        assert found["scalars"]["cost/params"] == [[3, ended, run.record.cost.params]]
        assert found["hparams"]["recipe"] == "digits-heads"
        assert found["hparams"]["head"] == run.spec.head
        assert found["hparams"]["seed"] == run.spec.seed
        assert run.run_id in found["texts"]["run"]
        assert all(line.startswith("    ") for text in found["texts"].values() for line in text.splitlines())
    assert "note" not in exported[str(folders[0])]["texts"]
    assert exported[str(folders[1])]["texts"]["note"] == write_literally(HOSTILE)


def test_event_file_written_again_is_the_same(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    path = Path(call("tensorboard", run.run_id, "-o", tmp_path).stdout.strip())
    before = path.read_bytes()
    assert call("tensorboard", run.run_id, "-o", tmp_path).exit_code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*tfevents*")} == {path: before}


def test_event_file_is_written_without_tensorflow(make_run: RunWriter, tmp_path: Path) -> None:
    result = run_program(LOADED, "export", "tensorboard", make_run().run_id, "-o", tmp_path, home=make_run.home)
    assert result.returncode == 0, result.stderr
    libraries = json.loads(result.stdout.splitlines()[-1])
    assert "tensorboard" in libraries
    assert [name for name in ("tensorflow", "keras", "streamlit") if name in libraries] == []


def test_unwritable_folder_is_reported(make_run: RunWriter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = call("tensorboard", make_run().run_id, "-o", tmp_path / "file")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Cannot write {tmp_path / 'file'}")


def test_export_record_example() -> None:
    assert doctest.testmod(export_record) == (0, 1)


@pytest.mark.parametrize(
    ("exporter", "options"), [("mlflow", ["--tracking-uri", "http://127.0.0.1:9"]), ("tensorboard", ["-o", "board"])]
)
def test_missing_package_is_reported(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, exporter: str, options: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, exporter, None)  # makes the import fail
    result = call(exporter, make_run().run_id, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{exporter} is not installed. Run: pip install -r requirements-{exporter}.txt\n"
    assert f"\n{exporter}" in (ROOT / f"requirements-{exporter}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [["mlflow", "--tracking-uri", "http://127.0.0.1:9"], ["tensorboard", "-o", "board"]])
def test_damaged_run_goes_nowhere(
    make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    whole, damaged = make_run(), make_run(seed=1)
    (damaged.path / "history.jsonl").write_text("")
    result = call(words[0], whole.run_id, damaged.run_id, *words[1:])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"history.jsonl of run {damaged.run_id} is damaged (checksum mismatch).")
    assert not (tmp_path / "board").exists()
