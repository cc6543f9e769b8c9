"""Modules of the program and their imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT


@dataclass(frozen=True)
class Import:
    module: str
    imported: str
    line: int
    in_function: bool

    def __str__(self) -> str:
        return f"{self.module} imports {self.imported} in line {self.line}"


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def sources() -> list[Path]:
    folders = [path for folder in ("core", "pages") for path in (ROOT / folder).rglob("*.py")]
    return sorted([*folders, ROOT / "dashboard.py", ROOT / "asgi.py"])


def read_imports(module: str, tree: ast.AST, in_function: bool = False) -> Iterator[Import]:
    """Return every import except those only for the type checker, which are never executed."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno, in_function)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import in line {node.lineno}"
            for alias in node.names:
                yield Import(module, f"{node.module}.{alias.name}", node.lineno, in_function)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from read_imports(module, node, in_function or function)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)
