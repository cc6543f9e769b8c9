"""The layers as data, checked with the sources: imports point in one direction, also inside functions."""

import ast
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.sources import Import, module_of, read_imports, sources, within

# From the bottom: a module may import from its own row and from those above it in this list.
LAYERS: list[tuple[str, ...]] = [
    ("core.errors",),
    (
        "core.array_file",
        "core.bounds",
        "core.entry_point",
        "core.files",
        "core.home",
        "core.image_file",
        "core.image_format",
        "core.image_values",
        "core.installation",
        "core.interval",
        "core.memory_limit",
        "core.page_timing",
        "core.plural",
        "core.registry",
        "core.root",
        "core.stderr",
        "core.suggestion",
    ),
    ("core.access",),
    ("core.setting", "core.transform_step"),
    ("core.spec",),
    ("core.recipe", "core.publications", "core.recipes"),
    ("core.architecture", "core.datasets", "core.augment", "core.models"),
    ("core.store", "core.jobs"),
    ("core.analysis", "core.lab"),
    ("core.advice",),
    ("core.displays",),
    ("core.reports", "core.exporters", "core.importers"),
    ("core.actions",),
    ("core.ui", "core.cli", "core.api"),
    ("pages", "dashboard", "asgi", "core.__main__"),
]
RANKS = {package: rank for rank, packages in enumerate(LAYERS) for package in packages}
# The training package uses the layers up to the store; no other package imports it.
TRAINING = "core.training"
TRAINING_RANK = RANKS["core.store"]
# Packages that may import a library; "inside functions" is for libraries that a dataset source needs only in a worker.
HOMES = {
    "tensorflow": (TRAINING,),
    "keras": (TRAINING,),
    "onnx": (TRAINING,),
    "extra_keras_datasets": (TRAINING,),
    "streamlit": ("core.ui", "pages", "dashboard", "asgi"),
    "starlette": ("core.api", "core.ui.request_guard"),
    "prometheus_client": ("core.api",),
    "mlflow": ("core.exporters", "core.importers"),
    "tensorboard": ("core.exporters", "core.importers"),
    "typer": ("core.cli", "core.__main__"),
    "rich": ("core.cli", "core.__main__"),
}
IN_FUNCTIONS = dict.fromkeys(("tensorflow", "keras", "extra_keras_datasets"), ("core.datasets",))
PAGE_LIBRARIES = ("streamlit", "collections", "typing", "functools")
PAGE_LAYERS = ("core.ui", "core.displays", "core.reports", "core.recipes", "core.spec", "core.errors")
PAGE_LINES = 80
MODULE_LINES = 300
VAGUE = {"util", "utils", "helper", "helpers", "misc", "common", "manager"}


def rank(module: str) -> int | None:
    return next((RANKS[package] for package in RANKS if within(module, (package,))), None)


def problem(found: Import) -> str | None:
    """Return the problem of an import, or None."""
    library = found.imported.partition(".")[0]
    if library in HOMES:
        homes = HOMES[library] + (IN_FUNCTIONS.get(library, ()) if found.in_function else ())
        return None if within(found.module, homes) else f"{found}; only {' and '.join(homes)} may"
    if found.module in ("core",) or library not in ("core", "pages", "dashboard", "asgi", "tests", "benchmarks"):
        return None
    if library in ("tests", "benchmarks"):
        return f"{found}, which users do not have"
    if within(found.module, (TRAINING,)):
        low = within(found.imported, (TRAINING,)) or (rank(found.imported) or 0) <= TRAINING_RANK
        return None if low else f"{found}, a layer above the store"
    if within(found.imported, (TRAINING,)):
        return f"{found}; which only workers import"
    mine, other = rank(found.module), rank(found.imported)
    if mine is None or other is None:
        return f"{found}; one of them has no layer"
    return None if other <= mine else f"{found}, a layer above it"


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_imports_point_in_one_direction() -> None:
    found = [one for path in sources() for one in read_imports(module_of(path), parse(path))]
    assert len(found) > 1000
    assert [sentence for one in found if (sentence := problem(one))] == []


def names_of_modules(tree: ast.Module) -> list[str]:
    """Return the strings that name a module of core, as a program to start or to import would."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("core.")
        if find_module(node.value)
    ]


def find_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


# Registries import the modules of the folder that they are given; the URL names of widgets are those of core.ui.
NAMING = {
    "core.analysis.check", "core.displays.display", "core.displays.data_display", "core.array_file",
    "core.displays.advice_display",
        "core.bounds",
        "core.entry_point", "core.importers.importer", "core.reports.format", "core.spec",
    "core.ui.url",
}  # fmt: skip


def test_module_names_as_text_are_in_one_module() -> None:
    """A lower layer may start a higher one as a process, by the list of programs in `core.entry_point`."""
    named = {module_of(path): names for path in sources() if (names := names_of_modules(parse(path)))}
    assert set(named["core.entry_point"]) == {
        "core.jobs",
        "core.jobs.process",
        "core.jobs.send_notices",
        "core.training",
        "core.training.application",
        "core.training.evaluate_model",
        "core.training.onnx",
        "core.advice.advance",
    }
    assert {module: names for module, names in named.items() if module not in NAMING} == {}


# A module, its source, and whether its import is allowed; None where no import may be found at all.
EXAMPLES: list[tuple[str, str, bool | None]] = [
    ("core.displays.chart", "from core.analysis.curve import x", True),
    ("core.analysis.curve", "from core.displays import chart", False),
    ("core.analysis.curve", "def f():\n    from core.displays import chart", False),
    ("core.spec", "if TYPE_CHECKING:\n    from core.architecture.head import Head", None),
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
    ("core.api.run", "import streamlit", False),
    ("core.store.run", "from core.api import run", False),
    ("pages.compare", "from core.ui import show", True),
    ("core.store.run", "from tests import conftest", False),
]


def test_rule_distinguishes_allowed_imports() -> None:
    wrong = []
    for module, source, right in EXAMPLES:
        found = [problem(one) is None for one in read_imports(module, ast.parse(source))]
        if found != ([] if right is None else [right]):
            wrong.append((module, source, found))
    assert wrong == []


def test_pages_are_short_and_do_not_compute() -> None:
    """A page imports Streamlit, displays and shared page code; arrays and files belong to the layers below."""
    pages = sorted((ROOT / "pages").glob("*.py"))
    wrong = []
    for path in pages:
        tree = parse(path)
        wrong += [
            str(one)
            for one in read_imports(module_of(path), tree)
            if not within(one.imported, PAGE_LAYERS) and one.imported.partition(".")[0] not in PAGE_LIBRARIES
        ]
        opened = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "open"]
        wrong += [f"{module_of(path)} opens a file in line {line}" for line in opened]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) >= PAGE_LINES:
            wrong.append(f"{module_of(path)} has {lines} lines; a page has fewer than {PAGE_LINES}")
    assert len(pages) > 10
    assert wrong == []


def test_modules_are_short_and_have_a_docstring() -> None:
    wrong = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if not ast.get_docstring(ast.parse(text)) or not text.startswith('"""'):
            wrong.append(f"{module_of(path)} does not begin with a docstring")
        if (lines := len(text.splitlines())) > MODULE_LINES:
            wrong.append(f"{module_of(path)} has {lines} lines; a module has at most {MODULE_LINES}")
        wrong += [
            f"{module_of(path)} has a name for anything: {name}" for name in VAGUE & {*module_of(path).split(".")}
        ]
    assert wrong == []


def find_strange_imports(module: str, source: str) -> list[str]:
    """Yield imports by which a test depends on another test, or a benchmark on one."""
    return [
        str(one)
        for one in read_imports(module, ast.parse(source))
        if within(one.imported, ("tests",)) and not within(one.imported, ("tests.support",))
    ]


def test_tests_and_benchmarks_share_only_support() -> None:
    paths = sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
    assert {"tests.test_layering", "benchmarks.pages"} <= {module_of(path) for path in paths}
    wrong = [find_strange_imports(module_of(path), path.read_text(encoding="utf-8")) for path in paths]
    assert [sentence for sentences in wrong for sentence in sentences] == []


def test_import_of_another_test_is_found() -> None:
    for source in (
        "from tests.jobs.test_queue import seeds",
        "from tests.jobs import conftest",
        "import tests.conftest",
        "def f():\n    from tests import test_spec",
    ):
        assert len(find_strange_imports("tests.ui.test_pages", source)) == 1, source
    assert find_strange_imports("benchmarks.pages", "from tests.support.page import open_page") == []
