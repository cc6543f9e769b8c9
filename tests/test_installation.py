"""An installation without TensorFlow: what it refuses, with which message, and what doctor says."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

import core.actions
from core import installation
from core.access.action import ACTIONS
from core.access.role import OWNER
from core.cli import doctor
from core.cli.library import read_libraries
from core.datasets.download import quiet_keras
from core.errors import ViewOnlyError
from core.exporters.onnx import find_onnx_problem
from core.home import Home
from core.installation import PACKAGES, VIEW_ONLY
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.queue import JobQueue
from core.jobs.submit import submit
from core.models.evaluation import run_process
from core.spec import RunSpec
from core.store.run import Run
from tests.support.run_writer import RunWriter

NEEDS_TENSORFLOW = {"fetch_data", "evaluate_own_model"}  # also with a cluster


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    monkeypatch.delenv("HEADROOM_EXECUTOR", raising=False)


def import_keras() -> None:
    with quiet_keras():
        pass


def test_everything_that_starts_tensorflow_is_refused(
    viewer: None, home: Home, make_run: RunWriter, examples: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    assert submit(home, run.spec).status == "finished"  # a cached run is shown
    starts: list[Callable[[], object]] = [
        lambda: submit(home, RunSpec(epochs=7)), lambda: run_process(["false"], "The evaluation"), import_keras,
    ]  # fmt: skip
    for start in starts:
        with pytest.raises(ViewOnlyError, match=r"^This installation only views runs and reports; to train, "):
            start()
    assert find_onnx_problem(examples[0]) == VIEW_ONLY
    JobQueue(home).submit([RunSpec(epochs=8, data=run.spec.data)])
    assert not ensure_dispatcher(home)  # the jobs wait for the machine that trains
    for module in pkgutil.iter_modules(core.actions.__path__):
        importlib.import_module(f"core.actions.{module.name}")
    training = {name for name, action in ACTIONS.items() if action.verb == "start training"}
    refused = {name for name, action in ACTIONS.items() if action.problem(OWNER) == VIEW_ONLY}
    assert refused == training | NEEDS_TENSORFLOW
    assert len(training) > 5
    monkeypatch.setenv("HEADROOM_EXECUTOR", "ray")
    assert {name for name, action in ACTIONS.items() if action.problem(OWNER)} == NEEDS_TENSORFLOW


def test_doctor_accepts_a_viewer_and_tensorflow_cpu(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = read_libraries(doctor.REQUIREMENTS)
    monkeypatch.setattr(doctor, "read_libraries", lambda path: full | dict.fromkeys(PACKAGES))
    found = doctor.examine(home)
    assert (found["installation"], found["missing"]) == ("view", [])
    monkeypatch.setattr(doctor, "read_libraries", lambda path: full | {"keras": None})
    found = doctor.examine(home)
    assert found["installation"] == "full"
    assert found["missing"] == ["keras is not installed. Run: pip install -r requirements.txt"]
    path = tmp_path / "requirements.txt"
    path.write_text("absent-package==1\nnumpy==1\n")
    monkeypatch.setitem(installation.REPLACEMENTS, "absent-package", ("numpy",))
    replaced = read_libraries(path)
    assert replaced["absent-package"] == f"{replaced['numpy']} (numpy)"


def test_training_finds_replaced_libraries() -> None:
    """With tensorflow-cpu, no distribution has the name tensorflow: only `find_installed` knows the other names."""
    sources = {path: path.read_text() for path in Path(core.__path__[0], "training").rglob("*.py")}
    assert any("find_installed" in source for source in sources.values())
    assert [path for path, source in sources.items() if "importlib.metadata" in source] == []
