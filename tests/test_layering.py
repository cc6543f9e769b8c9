"""The table of layers as data, checked from the source: imports point one way, inside functions too."""

import ast
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.sources import Import, module_of, read_imports, sources, within

# From the bottom: a module may import from its own row and from those above it in this list.
LAYERS: list[tuple[str, ...]] = [
    ("core.errors",),
    ("core.registry", "core.files", "core.home", "core.pace", "core.picture"),
    ("core.access",),
    ("core.knob", "core.step"),
    ("core.spec",),
    ("core.recipes",),
    ("core.architecture", "core.datasets", "core.augment"),
    ("core.store", "core.jobs"),
    ("core.analysis", "core.lab"),
    ("core.displays",),
    ("core.reports", "core.tools"),
    ("core.actions",),
    ("core.ui", "core.cli", "core.door"),
    ("pages", "dashboard", "asgi", "core.__main__"),
]
RANKS = {package: rank for rank, packages in enumerate(LAYERS) for package in packages}
# The island uses what stands below it; nobody lands on it.
ISLAND = "core.training"
ISLAND_RANK = RANKS["core.store"]
# Where a library may be imported; "inside functions" is for what a dataset source needs only in a worker.
HOMES = {
    "tensorflow": (ISLAND,),
    "keras": (ISLAND,),
    "extra_keras_datasets": (ISLAND,),
    "streamlit": ("core.ui", "pages", "dashboard", "asgi"),
    "starlette": ("core.door",),
    "prometheus_client": ("core.door",),
    "mlflow": ("core.tools",),
    "tensorboard": ("core.tools",),
    "typer": ("core.cli", "core.__main__"),
    "rich": ("core.cli", "core.__main__"),
}
IN_FUNCTIONS = dict.fromkeys(("tensorflow", "keras", "extra_keras_datasets"), ("core.datasets",))
PAGE_LIBRARIES = ("streamlit", "collections", "typing", "functools")
PAGE_LAYERS = ("core.ui", "core.displays", "core.reports", "core.recipes", "core.spec", "core.errors")
PAGE_LINES = 80


def rank(module: str) -> int | None:
    return next((RANKS[package] for package in RANKS if within(module, (package,))), None)


def problem(found: Import) -> str | None:
    """What is wrong with an import, None when nothing is."""
    library = found.imported.partition(".")[0]
    if library in HOMES:
        homes = HOMES[library] + (IN_FUNCTIONS.get(library, ()) if found.in_function else ())
        return None if within(found.module, homes) else f"{found}; only {' and '.join(homes)} may"
    if found.module in ("core",) or library not in ("core", "pages", "dashboard", "asgi", "tests", "benchmarks"):
        return None
    if library in ("tests", "benchmarks"):
        return f"{found}, which users do not have"
    if within(found.module, (ISLAND,)):
        low = within(found.imported, (ISLAND,)) or (rank(found.imported) or 0) <= ISLAND_RANK
        return None if low else f"{found}, which stands above the store"
    if within(found.imported, (ISLAND,)):
        return f"{found}; nobody imports the island"
    mine, other = rank(found.module), rank(found.imported)
    if mine is None or other is None:
        return f"{found}; one of them has no layer"
    return None if other <= mine else f"{found}, which stands above it"


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_imports_point_one_way(path: Path) -> None:
    found = read_imports(module_of(path), ast.parse(path.read_text(encoding="utf-8")))
    assert [sentence for one in found if (sentence := problem(one))] == []


@pytest.mark.parametrize(
    ("module", "source", "right"),
    [
        ("core.displays.chart", "from core.analysis.curve import x", True),
        ("core.analysis.curve", "from core.displays import chart", False),
        ("core.analysis.curve", "def f():\n    from core.displays import chart", False),
        ("core.spec", "if TYPE_CHECKING:\n    from core.architecture.head import Head", True),
        ("core.spec", "from core.architecture.head import Head", False),
        ("core.jobs.queue", "import core.training.fit", False),
        ("core.jobs.queue", "def f():\n    import core.training.fit", False),
        ("core.training.fit", "import keras", True),
        ("core.training.fit", "from core.displays import chart", False),
        ("core.store.run", "import tensorflow as tf", False),
        ("core.datasets.sources.kmnist", "from extra_keras_datasets import kmnist", False),
        ("core.datasets.sources.kmnist", "def f():\n    from extra_keras_datasets import kmnist", True),
        ("core.displays.chart", "import streamlit", False),
        ("core.uikit", "import streamlit", False),
        ("core.surprise", "import core.errors", False),
        ("core.door.run", "import streamlit", False),
        ("core.store.run", "from core.door import run", False),
        ("pages.compare", "from core.ui import show", True),
        ("core.store.run", "from tests import conftest", False),
    ],
)
def test_rule_tells_right_from_wrong(module: str, source: str, right: bool) -> None:
    assert all((problem(one) is None) == right for one in read_imports(module, ast.parse(source)))


pages = pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=module_of)


@pages
def test_page_shows_and_does_not_compute(path: Path) -> None:
    """A page knows Streamlit, what it shows and what pages share; arrays and files are for the layers below."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strange = [
        str(one)
        for one in read_imports(module_of(path), tree)
        if not within(one.imported, PAGE_LAYERS) and one.imported.partition(".")[0] not in PAGE_LIBRARIES
    ]
    assert strange == []
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "open"]


@pages
def test_page_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < PAGE_LINES


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring
    assert path.read_text(encoding="utf-8").startswith('"""')


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_module_is_no_drawer_for_everything(path: Path) -> None:
    assert not {"util", "utils", "helper", "helpers", "misc", "common", "manager"} & {*path.parts, path.stem}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
