"""TensorFlow is imported only in processes that train."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.home import Home
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

HEAVY = ("tensorflow", "keras", "extra_keras_datasets")
OPTIONAL = ("mlflow", "tensorboard")
LATE = ("prometheus_client", "vl_convert")  # imported where they are first needed

# Imports modules, then prints which libraries were imported with them.
IMPORT = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

# Runs the command line, then prints on standard error which libraries were imported.
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


def modules(*, under: str, but: tuple[str, ...] = ()) -> list[str]:
    """Return every module below a package, except programs and some packages."""
    paths = sorted((ROOT / under.replace(".", "/")).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not name.endswith("__main__") and not f"{name}.".startswith(but or "/")]


def test_core_imports_no_tensorflow_and_no_streamlit(tmp_path: Path) -> None:
    names = modules(under="core", but=("core.training.", "core.ui."))
    assert "core.store.run_store" in names
    libraries = json.loads(fresh(IMPORT, *names, home=tmp_path).stdout)
    assert [name for name in (*HEAVY, *OPTIONAL, *LATE, "streamlit") if name in libraries] == []


def test_ray_is_never_imported(tmp_path: Path) -> None:
    """The cluster is used over HTTP: Ray's library is only needed on the machines of the cluster."""
    names = [*modules(under="core", but=("core.training.",)), "core.training.device", "core.training.job"]
    libraries = json.loads(fresh(IMPORT, *names, home=tmp_path).stdout)
    assert "core" in libraries
    assert "ray" not in libraries
    texts = [path.read_text(encoding="utf-8") for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("pages/*.py")]]
    assert not [text for text in texts if re.search(r"^\s*(import|from) ray\b", text, re.MULTILINE)]
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"^ray\b", requirements, re.MULTILINE)


def test_shared_page_modules_import_no_tensorflow(tmp_path: Path) -> None:
    libraries = json.loads(fresh(IMPORT, *modules(under="core.ui"), home=tmp_path).stdout)
    assert "streamlit" in libraries
    assert [name for name in HEAVY if name in libraries] == []


def test_registries_are_read_without_tensorflow(tmp_path: Path) -> None:
    code = "from core.spec import BACKBONES, DATASETS, HEADS\nassert all(map(list, (BACKBONES, DATASETS, HEADS)))\n"
    libraries = json.loads(fresh(code + IMPORT, home=tmp_path).stdout)
    assert "sklearn" not in libraries  # a source imports what it needs when it loads
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []


READING = [
    ["--help"], ["recipes"], ["params", "--recipe", "kmnist-heads"], ["datasets"], ["runs"], ["jobs"], ["show", "RUN"],
    ["compare", "RUN", "RUN2"],
]  # fmt: skip


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_reading_command_imports_no_tensorflow(home: Home, make_run: RunWriter, command: list[str]) -> None:
    runs = [make_run(head=head) for head in ("gap", "dense")]
    ids = {"RUN": runs[0].run_id, "RUN2": runs[1].run_id}
    words = [ids.get(word, word) for word in command]
    result = fresh(RUN_COMMAND, *words, home=home.path)
    code, libraries = json.loads(result.stderr.splitlines()[-1])
    assert code in (0, None), result.stderr
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []
