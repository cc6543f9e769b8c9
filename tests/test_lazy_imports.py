"""TensorFlow is imported only in processes that train."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from core.cli.app import app
from core.home import Home
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

pytestmark = pytest.mark.xdist_group("imports")  # one process for all of them
HEAVY = ("tensorflow", "keras", "extra_keras_datasets")
OPTIONAL = ("mlflow", "tensorboard")
LATE = ("prometheus_client", "vl_convert")  # imported where they are first needed

# Top-level packages that commands that read may import: a command starts in half a second only without the others, of
# which pandas takes most. Those that compute statistics import them only if the result is not kept in the home.
QUICK = {
    "annotated_doc", "annotated_types", "attr", "cloudpickle", "core",
    "cython_runtime", "markdown_it", "mdurl", "numpy",
    "pyarrow", "pydantic", "pydantic_core", "pygments", "rich", "shellingham", "typer", "typing_extensions",
    "typing_inspection",
}  # fmt: skip

# Modules of Headroom that they do not need: adding images, and architectures that no recipe has.
UNUSED = (
    "core.architecture.families.nasnet", "core.architecture.keras_model", "core.datasets.custom.image_files",
    "core.datasets.findings.image_scan", "core.datasets.trees.source_tree", "core.image_file",
)  # fmt: skip

# One process in stages: runs quick commands, reads the registries, imports the core, runs the other commands, then
# imports the modules of pages. Each stage adds its imports to those of the earlier stages.
STAGES = """
import contextlib, importlib, io, json, runpy, sys
found = {}

def finish(stage, code=0):
    names = {name if name.startswith("core.") else name.partition(".")[0] for name in sys.modules}
    found[stage] = [code, sorted(names)]

given = json.loads(sys.argv[1])

def run(commands):
    for words in commands:
        sys.argv[:] = ["core", *words]
        code = 0
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                runpy.run_module("core", run_name="__main__")
            except SystemExit as end:
                code = end.code
        finish(" ".join(words), code)

run(given["quick"])
from core.spec import BACKBONES, DATASETS, HEADS
assert all(map(list, (BACKBONES, DATASETS, HEADS)))
finish("registries")
for name in given["core"]:
    importlib.import_module(name)
finish("core")
run(given["commands"])
for name in given["pages"]:
    importlib.import_module(name)
finish("pages")
print(json.dumps(found))
"""
QUICK_COMMANDS = [
    ["--help"],
    ["params", "--recipe", "kmnist-heads"],
    ["datasets"],
    ["jobs"],
    ["models", "list"],
    ["report"],
    ["comparisons"],
    ["runs"],
    ["runs", "--json"],
    ["show", "RUN"],
    ["recipes"],
    ["compare", "RUN", "RUN2"],
    ["compare", "--recipe", "digits-heads", "--json"],
    ["analyse", "RUN", "RUN2"],
]
KEPT = QUICK_COMMANDS[-4:]
"""Commands whose results are kept in the home: the first time they import what they compute with."""
COMPUTING = [["compare", "RUN2", "RUN"], ["analyse", "RUN2", "RUN"]]


def modules(*, under: str, but: tuple[str, ...] = ()) -> list[str]:
    """Return every module below a package, except programs and some packages."""
    paths = sorted((ROOT / under.replace(".", "/")).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [name for name in names if not name.endswith("__main__") and not f"{name}.".startswith(but or "/")]


@dataclass(frozen=True)
class Stages:
    """Imports of a new process after each stage, and the results of the commands."""

    found: dict[str, tuple[int | None, list[str]]]
    quick: list[str]
    computing: list[str]

    def imported(self, stage: str) -> list[str]:
        return self.found[stage][1]


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    writer = RunWriter(Home(tmp_path_factory.mktemp("lazy") / "home"))
    runs = [writer(head=head) for head in ("gap", "dense")]
    ids = {"RUN": runs[0].run_id, "RUN2": runs[1].run_id}
    quick, commands, kept = (
        [[ids.get(word, word) for word in command] for command in listed]
        for listed in (QUICK_COMMANDS, COMPUTING, KEPT)
    )
    for words in kept:
        assert CliRunner().invoke(app, words, env={"HEADROOM_HOME": str(writer.home.path)}).exit_code == 0, words
    given = {
        "quick": quick,
        "core": modules(under="core", but=("core.training.", "core.ui.")),
        "commands": commands,
        "pages": modules(under="core.ui"),
    }
    environment = {**os.environ, "HEADROOM_HOME": str(writer.home.path), "NO_COLOR": "1"}
    command = [sys.executable, "-c", STAGES, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "core.store.run_store" in given["core"]
    return Stages(
        json.loads(done.stdout), [" ".join(words) for words in quick], [" ".join(words) for words in commands]
    )


def test_core_imports_no_tensorflow_and_no_streamlit(stages: Stages) -> None:
    libraries = stages.imported("core")
    assert [name for name in (*HEAVY, *OPTIONAL, *LATE, "streamlit") if name in libraries] == []


def test_large_parts_of_scipy_are_not_imported() -> None:
    """They take 20 and 60 MB in the dashboard; scipy.special has the distributions and core.root finds roots."""
    sources = {path: path.read_text(encoding="utf-8") for path in ROOT.glob("core/**/*.py")}
    pattern = re.compile(r"^\s*(from|import) scipy(\.| import )(optimize|stats)\b", re.MULTILINE)
    assert [str(path) for path, text in sources.items() if pattern.search(text)] == []
    assert pattern.search("from scipy.optimize import brentq")
    assert pattern.search("    from scipy import stats")


def test_ray_is_never_imported(stages: Stages) -> None:
    """The cluster is used over HTTP: Ray's library is only needed on the machines of the cluster."""
    libraries = stages.imported("pages")
    assert "core" in libraries
    assert "ray" not in libraries
    texts = [path.read_text(encoding="utf-8") for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("pages/*.py")]]
    assert not [text for text in texts if re.search(r"^\s*(import|from) ray\b", text, re.MULTILINE)]
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert not re.search(r"^ray\b", requirements, re.MULTILINE)


def test_shared_page_modules_import_no_tensorflow(stages: Stages) -> None:
    libraries = stages.imported("pages")
    assert "streamlit" in libraries
    assert [name for name in HEAVY if name in libraries] == []


def test_registries_are_read_without_tensorflow(stages: Stages) -> None:
    libraries = stages.imported("registries")
    assert "sklearn" not in libraries  # a source imports what it needs when it loads
    assert [name for name in (*HEAVY, "streamlit") if name in libraries] == []


def test_commands_that_read_import_no_tensorflow(stages: Stages) -> None:
    for command in [*stages.quick, *stages.computing]:
        code, libraries = stages.found[command]
        assert code in (0, None), command
        assert [name for name in (*HEAVY, "streamlit") if name in libraries] == [], command


def test_quick_commands_import_only_what_they_need(stages: Stages) -> None:
    for command in stages.quick:
        imported = stages.imported(command)
        libraries = {name for name in imported if name[0] not in "_$" and "." not in name} - {
            "coverage"
        }  # measures tests
        assert libraries - QUICK - {*sys.stdlib_module_names} == set(), command
        assert [name for name in UNUSED if name in imported] == [], command
    assert "core.architecture.layers" not in stages.imported("--help")  # the first command


def test_adding_images_imports_no_charts_and_no_jobs(tmp_path: Path) -> None:
    for number in range(8):
        file = tmp_path / "in" / f"class{number % 2}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 20 * number).save(file)
    code = "import atexit, runpy, sys; atexit.register(lambda: print('loaded', *sys.modules)); " + (
        "sys.argv[:] = ['core', 'datasets', 'add', 'mine', sys.argv[1]]; runpy.run_module('core', run_name='__main__')"
    )
    environment = {**os.environ, "HEADROOM_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", code, str(tmp_path / "in")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *_, loaded = done.stdout.partition("\nloaded ")
    unused = ("altair", "streamlit", "core.jobs", "core.store", *HEAVY)
    assert "core.datasets.custom.add" in loaded.split()
    assert [name for name in loaded.split() if f"{name}.".startswith(tuple(f"{one}." for one in unused))] == []
