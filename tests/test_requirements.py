"""Requirements, lock file and package data contain what the code imports and reads."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.installation import PACKAGES

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OWN = {"core", "pages", "headroom", "tests", "benchmarks", "examples", "dashboard", "asgi"}
EXTRAS = ("login", "mlflow", "onnx", "ray", "tensorboard")
FILES = [
    "requirements.txt",
    "requirements-view.txt",
    "requirements-dev.txt",
    *(f"requirements-{extra}.txt" for extra in EXTRAS),
]
list_distributions = cache(packages_distributions)


def read_requirements(name: str) -> list[Requirement]:
    """Return the lines of a requirements file, without comments and without the files that it includes."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def read_names(*names: str) -> set[str]:
    return {canonicalize_name(requirement.name) for name in names for requirement in read_requirements(name)}


def read_imports(tree: ast.AST, later: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the top-level names of the imported modules, and whether the import runs later: in a function, or never."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], later) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], later
        waits = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
            isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        )
        yield from read_imports(node, later or waits)


def read_script_requirements(source: str) -> set[str]:
    """Return the distributions that a script requires in its metadata block (PEP 723)."""
    block = re.search(r"^# /// script\n((?:#.*\n)+?)# ///$", source, re.MULTILINE)
    metadata = tomllib.loads(re.sub(r"^# ?", "", block[1], flags=re.MULTILINE)) if block else {}
    return {canonicalize_name(Requirement(line).name) for line in metadata.get("dependencies", [])}


def list_missing(*sources: str, at_start: set[str], later: set[str]) -> set[str]:
    """Return imports of some files and folders that no requirement provides.

    Args:
        at_start: distributions that any import may use.
        later: distributions that imports inside functions may use as well.
    """
    paths = [
        path for source in sources for path in ((ROOT / source).rglob("*.py") if "." not in source else [ROOT / source])
    ]
    assert paths
    missing = set()
    for path in paths:
        for name, is_later in read_imports(ast.parse(path.read_text(encoding="utf-8"))):
            if name in OWN or name in sys.stdlib_module_names:
                continue
            providers = {canonicalize_name(found) for found in list_distributions().get(name, [name])}
            if providers.isdisjoint(at_start | later if is_later else at_start):
                missing.add(f"{path.relative_to(ROOT)} imports {name}")
    return missing


def test_imports_of_the_application_are_required() -> None:
    extras = read_names(*(f"requirements-{extra}.txt" for extra in EXTRAS))
    sources = [name for name in ("core", "pages", "dashboard.py", "asgi.py", "headroom") if (ROOT / name).exists()]
    assert list_missing(*sources, at_start=read_names("requirements.txt"), later=extras) == set()


def test_viewer_needs_everything_but_the_packages_that_train() -> None:
    pins = {
        name: {str(pin) for pin in read_requirements(name)} for name in ("requirements.txt", "requirements-view.txt")
    }
    missing = {Requirement(pin).name for pin in pins["requirements.txt"] - pins["requirements-view.txt"]}
    assert missing == {*PACKAGES}
    assert pins["requirements-view.txt"] < pins["requirements.txt"]
    cloud = (ROOT / "deploy" / "streamlit_cloud" / "requirements.txt").read_text(encoding="utf-8")
    assert cloud == "-r ../../requirements-view.txt\n"


def test_imports_of_tests_and_benchmarks_are_required() -> None:
    scripts = (ROOT / "benchmarks").glob("*.py")
    found = read_names(*FILES).union(*(read_script_requirements(path.read_text(encoding="utf-8")) for path in scripts))
    assert list_missing("tests", "benchmarks", "examples", at_start=found, later=found) == set()


def test_missing_requirement_is_found() -> None:
    assert "core/training/weights.py imports h5py" in list_missing("core", at_start=set(), later=set())


@pytest.mark.parametrize("name", FILES)
def test_lock_has_every_direct_pin(name: str) -> None:
    locked = {canonicalize_name(pin.name): str(pin.specifier) for pin in read_requirements("requirements.lock")}
    for requirement in read_requirements(name):
        assert re.fullmatch(r"==[^*]+", str(requirement.specifier)), f"Expected one version; got {requirement}."
        assert locked.get(canonicalize_name(requirement.name)) == str(requirement.specifier), "Run `make lock`."


def test_lock_has_the_requirements_of_the_requirements() -> None:
    locked = read_names("requirements.lock")
    queue = [requirement for name in FILES for requirement in read_requirements(name)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while queue:
        requirement = queue.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        assert key[0] in locked, f"{requirement.name} is missing in requirements.lock. Run: make lock"
        try:
            needed = [Requirement(line) for line in requires(requirement.name) or []]
        except PackageNotFoundError:  # Ray, for example, need not be installed
            continue
        extras = ("", *requirement.extras)
        queue.extend(
            one for one in needed if not one.marker or any(one.marker.evaluate({"extra": extra}) for extra in extras)
        )
    assert len(seen) > len(FILES)


def test_extras_read_their_requirements() -> None:
    dynamic = PROJECT["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"]["file"] == ["requirements.txt"]
    files = {extra: found["file"] for extra, found in dynamic["optional-dependencies"].items()}
    assert files == {extra: [f"requirements-{extra}.txt"] for extra in EXTRAS}
    for name in ["requirements.txt", *(f"requirements-{extra}.txt" for extra in EXTRAS)]:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"^-", text, re.MULTILINE), f"setuptools reads no options, but {name} has one"


def test_data_files_are_installed_with_the_modules() -> None:
    patterns = [
        f"{package}/{pattern}"
        for package, found in PROJECT["tool"]["setuptools"]["package-data"].items()
        for pattern in found
    ]
    beside = [path for path in (ROOT / "core").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert beside
    names = [str(path.relative_to(ROOT)) for path in beside]
    assert [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    folders = {path.parent for path in (ROOT / "core").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []
