"""One name, one meaning: no two classes or public functions of core share a name."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Families: the modules of a registry define one entry each, and the attributes of all entries have the same names.
FAMILIES = (
    "core/analysis/checks/", "core/architecture/backbones/", "core/architecture/heads/", "core/augment/transforms/",
    "core/datasets/sources/", "core/displays/data/", "core/displays/views/", "core/reports/formats/",
)  # fmt: skip
# Commands: a function has the name of its command, and these repeat across groups (`runs fetch`, `datasets fetch`).
COMMANDS = "core/cli/"


def list_names(root: Path) -> dict[str, list[str]]:
    found = defaultdict(list)
    for path in sorted((root / "core").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name.startswith(FAMILIES):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                continue
            if not (name.startswith(COMMANDS) and _is_command(node)):
                found[node.name].append(name)
    return found


def _is_command(node: ast.stmt) -> bool:
    """Return whether a function is a command: its options are annotated with typer's, or it is the decorated function
    of a group.
    """
    return "typer." in ast.unparse(node) or "JsonFlag" in ast.unparse(node)


def test_no_two_classes_or_public_functions_share_a_name() -> None:
    names = list_names(ROOT)
    assert len(names) > 500
    assert {name: paths for name, paths in names.items() if len(paths) > 1} == {}
