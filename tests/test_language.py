"""The language of all texts: strings, docstrings, comments, names and documents use plain technical terms.

`tests/language.toml` lists the words to avoid, each with its replacement. `python -m tests.test_language [PATH…]`
prints the findings in files or folders; with `--list` their user-visible strings, with `--docstrings` the first lines
of their docstrings, with `--count` the number of findings per package, with `--rules` the table.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("language")

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_name("language.toml")
CODE = ("core", "pages", "dashboard.py", "asgi.py", "benchmarks", "examples", "tests")
DOCUMENTS = ("*.md", "docs/**/*.md", "core/reports/templates/*", "Makefile", "*.toml", ".streamlit/*.toml", "*.txt")

# The kinds of text, and the sections of the table that each is checked with.
SECTIONS = {
    "text": ("everywhere", "prose", "text"),
    "code in a string": ("everywhere",),
    "docstring": ("everywhere", "prose", "docstring"),
    "comment": ("everywhere", "prose"),
    "name": ("everywhere", "names"),
    "prose": ("everywhere", "prose"),
}
_NAME = re.compile(r"[\w./:*\-]*")
_CODE = re.compile(
    r"export default|;\n|\{\n|^\s*(import|from) \w|\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|PRAGMA)\b"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PLACEHOLDER = "{…}"


@dataclass(frozen=True)
class Text:
    """A text of one of the kinds in SECTIONS, and where it starts."""

    path: str
    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Rule:
    section: str
    pattern: re.Pattern[str]
    replacement: str
    example: str


@cache
def load_table() -> tuple[tuple[Rule, ...], frozenset[tuple[str, str]]]:
    """Return the rules, and the pairs of a path and a found text that are allowed."""
    table = tomllib.loads(TABLE.read_text("utf-8"))
    allowed = frozenset((path, found) for path, found, _reason in table.pop("allowed"))
    rules = [
        Rule(section, re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), replacement, example)
        for section, rows in table.items()
        for pattern, replacement, example in rows
    ]
    return tuple(rules), allowed


def find_texts(paths: Iterable[Path]) -> Iterator[Text]:
    """Yield the texts of some files and folders."""
    for path in paths:
        if path.is_dir():
            inside = [file for suffix in ("py", "md") for file in path.rglob(f"*.{suffix}")]
            yield from find_texts(sorted({*inside, *path.rglob("templates/*")}))
        elif path.suffix == ".py":
            yield from sorted(_read_code(path), key=lambda text: text.line)
        elif path.name != TABLE.name:
            yield from _read_document(path)


def find_offenders(texts: Iterable[Text]) -> Iterator[str]:
    """Yield one line per finding: "path:line: found 'x' — write 'y'"."""
    rules, allowed = load_table()
    for text in texts:
        words = " ".join(_WORDS.findall(text.text)) if text.kind == "name" else text.text
        for rule in rules:
            if rule.section in SECTIONS[text.kind] and rule.pattern.search(words):
                for found in (m for m in rule.pattern.finditer(words) if (text.path, m[0]) not in allowed):
                    line = text.line + words.count("\n", 0, found.start())
                    named = f" in {text.text}" if text.kind == "name" and words != text.text else ""
                    yield f"{text.path}:{line}: found {_shorten(found[0])!r}{named} — write {rule.replacement!r}"
        if text.kind == "text" and not text.path.startswith("tests/") and _lacks_value(text.text):
            yield f"{text.path}:{text.line}: found {_shorten(text.text)!r} — write 'Expected …; got …' with the value"


def is_visible(text: Text) -> bool:
    """Return whether users may see a text."""
    return text.kind == "text" and re.search(r"[^\W\d_]{2}", text.text.replace(_PLACEHOLDER, "")) is not None


def _lacks_value(text: str) -> bool:
    """Return whether an error message lacks the value; a message that is composed elsewhere has only a placeholder."""
    return re.match(r"Expected (?!\{…\}\.?$|calibration error)", text) is not None and "; got" not in text


def _shorten(text: str) -> str:
    return " ".join(text.split())[:60]


def _locate(path: Path) -> str:
    return path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else str(path)


def _read_code(path: Path) -> Iterator[Text]:
    source, name = path.read_text("utf-8"), _locate(path)
    nodes = list(ast.walk(ast.parse(source)))
    yield Text(name, 1, "name", name.removesuffix(".py").removesuffix("/__init__"))
    yield from _read_docstrings(nodes, name)
    yield from _read_strings(nodes, name)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not re.match(r"#\s*(fmt|type|noqa|isort)\b", token.string):
            yield Text(name, token.start[0], "comment", _drop_code(token.string.lstrip("# ")))
    seen: set[str] = set()
    for line, identifier in sorted(_find_names(nodes)):
        if identifier not in seen:
            seen.add(identifier)
            yield Text(name, line, "name", identifier)


def _find_docstrings(nodes: list[ast.AST]) -> Iterator[ast.Constant]:
    for node in nodes:
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():  # also the strings below constants and fields
            if isinstance(statement, ast.Expr) and _is_text(statement.value):
                yield statement.value


def _read_docstrings(nodes: list[ast.AST], name: str) -> Iterator[Text]:
    for node in _find_docstrings(nodes):
        yield Text(name, node.lineno, "docstring", _drop_code(re.sub(r"(?m)^ *(>>>|\.\.\.) .*$", "", node.value)))


def _read_strings(nodes: list[ast.AST], name: str) -> Iterator[Text]:
    skipped = {id(node) for node in _find_docstrings(nodes)}
    for node in nodes:
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            skipped.update(map(id, ast.walk(annotation)) if isinstance(annotation, ast.AST) else ())
        if isinstance(node, ast.FormattedValue) and node.format_spec:
            skipped.update(map(id, ast.walk(node.format_spec)))
    for node in nodes:  # outer nodes come before inner ones
        if id(node) in skipped or not isinstance(node, ast.BinOp | ast.JoinedStr | ast.Constant):
            continue
        parts = list(_join(node))
        if not any(map(_is_text, parts)):
            continue
        skipped.update(id(part) for part in (*parts, *_find_joined(node)) if not isinstance(part, ast.FormattedValue))
        text = "".join(part.value if _is_text(part) else _PLACEHOLDER for part in parts)
        yield Text(name, node.lineno, _classify(text), text if _CODE.search(text) else re.sub(r"<[^<>]+>", " ", text))


def _join(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a concatenation or an f-string."""
    if _is_sum(node):
        yield from _join(node.left)
        yield from _join(node.right)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _join(value)
    else:
        yield node


def _find_joined(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the sums and f-strings that `_join` splits; the strings in their expressions are separate texts."""
    if _is_sum(node):
        yield node
        yield from _find_joined(node.left)
        yield from _find_joined(node.right)
    elif isinstance(node, ast.JoinedStr):
        yield node


def _is_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _classify(text: str) -> str:
    if _CODE.search(text):
        return "code in a string"
    capital = text[:1].isupper() and text[1:].islower()  # a label of one word, such as "Model"
    return "name" if _NAME.fullmatch(text) and not capital else "text"


def _find_names(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def _read_document(path: Path) -> Iterator[Text]:
    name, source = _locate(path), path.read_text("utf-8")
    yield Text(name, 1, "name", name)
    if path.suffix in (".toml", ".txt") or path.name == "Makefile":  # comments, and the messages of the Makefile
        source = "\n".join(m[0] if (m := re.search(r"#.*|echo .*", line)) else "" for line in source.split("\n"))
    elif path.suffix == ".md":
        for found in re.finditer(r"(?<!`)`[^`\n]+`(?!`)", source):
            yield Text(name, 1 + source.count("\n", 0, found.start()), "name", found[0].strip("`"))
        source = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), source, flags=re.MULTILINE | re.DOTALL)
    else:
        source = re.sub(r"\{%.*?%\}", "", source)
    for number, line in enumerate(_drop_code(source).split("\n"), 1):
        if line.strip() and not (path.suffix == ".md" and line.startswith("    ")):
            yield Text(name, number, "prose", line.strip())


def _drop_code(text: str) -> str:
    return re.sub(r"(?<!`)`[^`\n]+`(?!`)", lambda m: _PLACEHOLDER, text)


def _list_sources() -> list[Path]:
    documents = {path for pattern in DOCUMENTS for path in ROOT.glob(pattern)}
    return [*(ROOT / path for path in CODE), *sorted(documents)]


def _package(offender: str) -> str:
    parts = offender.partition(":")[0].split("/")
    return "/".join(parts[:2]) if parts[0] == "core" else parts[0]


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return list(find_texts(_list_sources()))


@pytest.mark.parametrize("kind", SECTIONS)
def test_language_is_plain(kind: str, texts: list[Text]) -> None:
    offenders = sorted(find_offenders(text for text in texts if text.kind == kind))
    assert not offenders, f"{len(offenders)} findings\n" + "\n".join(offenders)


def test_sources_have_texts_of_each_kind(texts: list[Text]) -> None:
    assert {text.kind for text in texts} == set(SECTIONS)


@pytest.mark.parametrize("rule", load_table()[0], ids=lambda rule: rule.example)
def test_rule_finds_its_example(rule: Rule) -> None:
    example = " ".join(_WORDS.findall(rule.example)) if rule.section == "names" else rule.example
    assert rule.pattern.search(example) or rule.pattern.search(" ".join(_WORDS.findall(example)))


def test_allowed_texts_exist(texts: list[Text]) -> None:
    seen = [(text.path, f"{text.text}\n{' '.join(_WORDS.findall(text.text))}") for text in texts]
    for path, found in load_table()[1]:
        assert any(where == path and found in content for where, content in seen), (path, found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.test_language", description="Check the language of files.")
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders; without any, the whole repository")
    parser.add_argument("--list", action="store_true", help="print every user-visible string instead")
    parser.add_argument("--docstrings", action="store_true", help="print the first line of every docstring instead")
    parser.add_argument("--count", action="store_true", help="print the number of findings per package instead")
    parser.add_argument("--rules", action="store_true", help="print the table of rules instead")
    options = parser.parse_args()
    found = list(find_texts(options.paths or _list_sources()))
    if options.rules:
        lines = [f"{rule.section:10}  {rule.example:32}  write {rule.replacement}" for rule in load_table()[0]]
    elif options.list:
        lines = [f"{text.path}:{text.line}: {' '.join(text.text.split())}" for text in found if is_visible(text)]
    elif options.docstrings:
        docstrings = (text for text in found if text.kind == "docstring" and text.text.strip())
        lines = [f"{text.path}:{text.line}: {text.text.strip().splitlines()[0]}" for text in docstrings]
    elif options.count:
        lines = [
            f"{count:6}  {package}" for package, count in Counter(map(_package, find_offenders(found))).most_common()
        ]
    else:
        lines = list(find_offenders(found))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
