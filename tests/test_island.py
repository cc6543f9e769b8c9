"""TensorFlow is an island: in a fresh process, what does not train does not import it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.home import Home
from tests.finished_run import RunWriter

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "extra_keras_datasets")

# Imports a module for every source file but those that are programs, then tells which libraries came along.
IMPORT_ALL = """
import importlib, json, pkgutil, sys
for package in sys.argv[1:]:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{package}."):
        if not found.name.startswith(("core.training", "core.ui")) and not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

# Runs the command line, then tells on the error stream which libraries came along.
RUN_COMMAND = """
import json, runpy, sys
sys.argv[0] = "core"
code = 0
try:
    runpy.run_module("core", run_name="__main__")
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]), file=sys.stderr)
"""


def fresh(program: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HEADROOM_HOME": str(home), "NO_COLOR": "1"}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=True)


def test_core_imports_no_tensorflow_and_no_streamlit(tmp_path: Path) -> None:
    libraries = json.loads(fresh(IMPORT_ALL, "core", home=tmp_path).stdout)
    assert {"core", "numpy", "pandas"} <= set(libraries)
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []


def test_what_pages_share_imports_no_tensorflow(tmp_path: Path) -> None:
    program = IMPORT_ALL.replace('("core.training", "core.ui")', '"core.training"')
    libraries = json.loads(fresh(program, "core.ui", home=tmp_path).stdout)
    assert "streamlit" in libraries
    assert [name for name in HEAVY if name in libraries] == []


def test_registries_are_read_without_tensorflow(tmp_path: Path) -> None:
    program = """
import json, sys
from core.spec import BACKBONES, DATASETS, HEADS
for registry in (BACKBONES, DATASETS, HEADS): assert list(registry)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    libraries = json.loads(fresh(program, home=tmp_path).stdout)
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []


@pytest.mark.parametrize("command", COMMANDS := [
    ["--help"], ["runs"], ["show", "RUN"], ["compare"], ["datasets"], ["recipes"],
], ids=" ".join)  # fmt: skip
def test_command_that_reads_imports_no_tensorflow(home: Home, make_run: RunWriter, command: list[str]) -> None:
    runs = [make_run(head=head) for head in ("gap", "dense")]
    words = [runs[0].run_id if word == "RUN" else word for word in command]
    result = fresh(RUN_COMMAND, *words, home=home.path)
    code, libraries = json.loads(result.stderr.splitlines()[-1])
    assert code in (0, None), result.stderr
    assert result.stdout
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []
