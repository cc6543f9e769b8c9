"""The documents: links, paths, modules, commands and make targets exist; decisions are numbered and in the index."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from core.architecture.head import Head
from core.cli.app import app
from core.recipes import RECIPES
from core.spec import HEADS, RunSpec
from tests.support.paths import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences", "Verification"]
PACKAGES = ("core", "pages", "tests", "benchmarks", "docs", "examples")
FOLDERS = (*PACKAGES, ".ci", ".streamlit")
# Files that a user creates.
EXAMPLES = {"core/architecture/heads/bottleneck.py", ".streamlit/secrets.toml", "model-card.md", "labels.txt"}

documents = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def list_code(text: str) -> list[str]:
    """Return the code spans and the lines of code blocks."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    lines += re.findall(r"^ {4,}(.+)", prose, re.MULTILINE)
    return [*re.findall(r"`([^`\n]+)`", prose), *lines]


# Links, paths and modules


@documents
def test_relative_links_resolve(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(path))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


@cache
def list_names() -> frozenset[str]:
    inside = [file.name for folder in FOLDERS for file in (ROOT / folder).rglob("*")]
    return frozenset([*inside, *(file.name for file in ROOT.iterdir())])


def find_missing_paths(code: str) -> Iterator[str]:
    """Yield the parts of a code span that are written like a path of the repository but match no file."""
    for word in re.findall(r"[\w./*-]+", code):
        word = word.removeprefix("./").rstrip(".")
        first = word.partition("/")[0]
        if word in EXAMPLES:
            continue
        if "/" in word and first in FOLDERS:
            if not any(ROOT.glob(word.rstrip("/"))):
                yield word
        elif "/" not in word and re.fullmatch(r"[\w*-]+\.(py|md|txt|lock)|Makefile", word):
            if not any(fnmatch(name, word) for name in list_names()):
                yield word
        elif "/" not in word and first.partition(".")[0] in PACKAGES and "." in word and not names_module(word):
            yield word


def names_module(dotted: str) -> bool:
    """Return whether a dotted name is a module, or a name that the source of one contains."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        location = ROOT.joinpath(*parts[:count])
        source = location.with_suffix(".py") if location.with_suffix(".py").is_file() else location / "__init__.py"
        if location.is_dir() or source.is_file():
            rest = parts[count:]
            return not rest or (source.is_file() and all(re.search(rf"\b{name}\b", read(source)) for name in rest))
    return False


@documents
def test_paths_and_modules_exist(path: Path) -> None:
    assert [word for code in list_code(read(path)) for word in find_missing_paths(code)] == []


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("core/spec.py", []),
        ("core/nowhere/", ["core/nowhere/"]),
        ("requirements-*.txt", []),
        ("nowhere.py", ["nowhere.py"]),
        ("python -m benchmarks.listing", []),
        ("python -m benchmarks.nowhere", ["benchmarks.nowhere"]),
        ("core.datasets.cache.pin", []),
        ("core.datasets.cache.nowhere", ["core.datasets.cache.nowhere"]),
        ("jobs/queue.sqlite", []),
    ],
)
def test_missing_path_is_found(code: str, missing: list[str]) -> None:
    assert list(find_missing_paths(code)) == missing


# Commands


def find_problem(words: list[str]) -> str | None:
    """Return what is wrong with the words after `headroom`; None for a command with known options."""
    command: Any = get_command(app)
    path: list[str] = []
    rest = list(words)
    while isinstance(command, TyperGroup) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            return f"no command {' '.join([*path, name])}"
        command, path = command.commands[name], [*path, name]
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    options |= {"--help"}
    unknown = [word for word in rest if word.startswith("-") and word.partition("=")[0] not in options]
    if unknown:
        return f"no option {unknown[0]} of {' '.join(path)}"
    if "--recipe" in rest and (name := rest[rest.index("--recipe") + 1]) not in RECIPES and name.islower():
        return f"no recipe {name}"
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    if not arguments and (extra := list(takewhile(lambda word: not word.startswith("-"), rest))):
        return f"no argument {extra[0]} of {' '.join(path)}"
    return None


def list_commands(text: str) -> list[list[str]]:
    lines = [line.removeprefix(".venv/bin/") for line in list_code(text)]
    return [shlex.split(line, comments=True)[1:] for line in lines if re.match(r"headroom( |$)", line)]


@documents
def test_commands_exist_with_their_options(path: Path) -> None:
    found = [(words, find_problem(words)) for words in list_commands(read(path))]
    assert [(words, problem) for words, problem in found if problem] == []
    assert [words for words, _ in found if "--folder" in words] == []  # --dataset names added images too


def test_options_in_a_row_of_the_commands_belong_to_its_command() -> None:
    rows = [line for line in read(ROOT / "docs" / "commands.md").splitlines() if line.startswith("| `headroom")]
    assert len(rows) > 20
    for row in rows:
        first = shlex.split(re.findall(r"`([^`]+)`", row)[0])[1:]
        command = list(takewhile(lambda word: word.islower() and not word.startswith("-"), first))
        for option in re.findall(r"`(--[\w-]+)[^`]*`", row):
            assert any(find_problem([*command[:count], option]) is None for count in (2, 1) if command[:count]), row


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("train --recipe digits-heads --heads gap", None),
        ("jobs cancel RUN_ID", None),
        ("jobs stop RUN_ID", "no command jobs stop"),
        ("train --rounds 3", "no option --rounds of train"),
        ("train --recipe nothing-heads", "no recipe nothing-heads"),
        ("doctor now", "no argument now of doctor"),
    ],
)
def test_wrong_command_is_found(command: str, problem: str | None) -> None:
    assert find_problem(command.split()) == problem


@documents
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))
    shown = {target for code in list_code(read(path)) for target in re.findall(r"^make ([a-z-]+)", code)}
    assert shown - targets == set()


def test_contributing_lists_every_make_target() -> None:
    text = read(ROOT / "CONTRIBUTING.md") + read(ROOT / "README.md")
    targets = re.findall(r"^([a-z-]+):.*## ", read(ROOT / "Makefile"), re.MULTILINE)
    assert [target for target in targets if f"make {target}" not in text and target != "help"] == []


# README and CONTRIBUTING


def read_section(text: str, title: str) -> str:
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_readme_names_every_file_and_folder_at_the_top_and_every_package() -> None:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    tracked = [Path(line) for line in listed.splitlines()]
    expected = {f"{path.parts[0]}/" if len(path.parts) > 1 else path.parts[0] for path in tracked} - {"README.md"}
    expected |= {f"core/{path.parts[1]}/" for path in tracked if path.parts[0] == "core" and len(path.parts) > 2}
    named = re.findall(r"`([^`]+)`", read_section(read(ROOT / "README.md"), "Layout of the repository"))
    covered = [name if name.endswith("/") else name.partition("/")[0] + "/" for name in named if "/" in name]
    assert [path for path in sorted(expected) if not any(fnmatch(path, name) for name in [*named, *covered])] == []


def test_readme_begins_with_links_to_its_sections() -> None:
    start, *_ = (text := read(ROOT / "README.md")).partition("\n## ")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]
    assert re.findall(r"\]\(#([^)]+)\)", start) == anchors


def test_readme_starts_the_dashboard_with_the_api_that_view_only_links_need() -> None:
    code = list_code(read_section(read(ROOT / "README.md"), "Start"))
    assert [line for line in code if "streamlit run" in line] == []
    assert ".venv/bin/headroom serve --browser" in code
    makefile = read(ROOT / "Makefile")
    for target in ("dashboard", "view"):
        assert re.search(rf"^{target}: .*\n\t@\$\(PY\) -m core serve --browser$", makefile, re.MULTILINE), target


def test_head_of_the_readme_is_as_short_as_stated_and_works() -> None:
    [code] = re.findall(r"```python\n(.*?)```", read(ROOT / "README.md"), re.DOTALL)
    assert sum(1 for line in code.splitlines() if line) == 7
    assert "## Add a head in seven lines" in read(ROOT / "README.md")
    names: dict[str, Any] = {}
    exec(code, names)
    entry = names["bottleneck"]
    assert isinstance(entry, Head)
    assert entry.order not in {head.order for head in HEADS.values() if head.name != entry.name}  # it may be saved
    assert len(entry.layers(RunSpec(), 10)) == 4


def test_readme_activates_the_environment_before_it_uses_the_command(tmp_path: Path) -> None:
    start = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Start\n")[2]
    before, line, after = start.partition("    source .venv/bin/activate\n")
    assert line
    assert "    headroom " not in before
    command = next(text.strip() for text in after.splitlines() if text.startswith("    headroom "))
    if not (Path(sys.prefix) / "bin/activate").is_file():
        pytest.skip("needs a virtual environment")
    script = f"{line.strip().replace('.venv', shlex.quote(sys.prefix))} && {command}"
    bare = {"PATH": "/usr/bin:/bin", "HEADROOM_HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", script], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "digits-heads" in done.stdout


def test_layers_of_contributing_are_those_of_the_test() -> None:
    tree = ast.parse(read(ROOT / "tests" / "test_layering.py"))
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "LAYERS"
    ]
    assert isinstance(values[0], ast.expr)
    layers = [set(row) for row in ast.literal_eval(values[0])]
    [diagram] = re.findall(r"```text\n(.*?)```", read_section(read(ROOT / "CONTRIBUTING.md"), "Layers"), re.DOTALL)
    rows = [set(line.partition("◄")[0].split()) for line in diagram.splitlines()]
    drawn = [{name.removesuffix(".py") for name in row} for row in rows]
    assert drawn == layers[::-1]


# Decisions


def test_decisions_are_numbered_and_have_the_same_sections() -> None:
    for number, path in enumerate(DECISIONS, 1):
        assert path.name.startswith(f"{number:04}-"), path.name
        text = read(path)
        assert re.match(rf"# {number}\. [A-Z].*[^.]\n", text), path.name
        sections = re.findall(r"^## (.+)", text, re.MULTILINE)
        assert sections[:2] == SECTIONS[:2], path.name
        assert sections == [name for name in SECTIONS if name in sections], path.name


def test_index_lists_every_decision_with_its_title() -> None:
    index = read(ROOT / "docs" / "decisions" / "README.md")
    rows = re.findall(r"^\| (\d+) \| \[(.+?)\]\((.+?)\) \| .+ \| \d{4}-\d\d-\d\d \|$", index, re.MULTILINE)
    titles = [re.match(r"# (\d+)\. (.*)\n", read(path)) for path in DECISIONS]
    expected = [(*match.groups(), path.name) for match, path in zip(titles, DECISIONS, strict=True) if match]
    assert rows == expected
