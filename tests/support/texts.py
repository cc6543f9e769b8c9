"""Texts of source files: strings, docstrings, comments, names and prose, of every kind of file that has texts."""

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from tests.support.paths import ROOT

PLACEHOLDER = "{…}"
_NAME = re.compile(r"[\w./:*\-]*")
_CODE = re.compile(
    r"export default|;\n|\{\n|^\s*(import|from) \w|\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|PRAGMA)\b"
)
_SCRIPT = re.compile(
    r"(?P<comment>/\*.*?\*/|(?<![:\w])//[^\n]*)"
    r"""|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""",
    re.DOTALL,
)
_SETTINGS = re.compile(
    r"""(?P<text>'''.*?'''|\"\"\".*?\"\"\"|"(?:\\.|[^"\\\n])*"|'[^'\n]*')|(?P<comment>#[^\n]*)""", re.DOTALL
)
_SHOWN = ("alt", "aria-label", "content", "label", "placeholder", "title")
_ATTRIBUTE = re.compile(rf"""<\w[^<>]*\s(?:{"|".join(_SHOWN)})=["']([^"'<>]+)["']""")


@dataclass(frozen=True)
class Text:
    """A text of one of the kinds text, heading, prose, docstring, comment, name and code, and where it starts."""

    path: str
    line: int
    kind: str
    text: str


def find_texts(paths: Iterable[Path]) -> Iterator[Text]:
    """Yield the texts of some files and folders."""
    for path in paths:
        if path.is_dir():
            yield from find_texts(list_files(path))
        elif read := find_reader(path):
            name = locate(path)
            yield Text(name, 1, "name", name.removesuffix(".py").removesuffix("/__init__"))
            yield from sorted(read(path.read_text("utf-8"), name), key=lambda text: text.line)


def list_files(folder: Path) -> list[Path]:
    """Return the files of a folder that have texts, without hidden and generated folders, and without stored homes."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name in SHOWN_FOLDERS or not name.startswith((".", "__"))]
        folders[:] = [name for name in folders if name != "former_home" and not name.endswith(".egg-info")]
        found += [path for name in names if find_reader(path := Path(parent, name))]
    return sorted(found)


def find_reader(path: Path) -> "Reader | None":
    """Return the reader of a kind of file; None for data."""
    if path.name in NO_TEXTS or (path.suffix == ".txt" and not path.name.startswith("requirements")):
        return None
    return READERS.get(path.name) or READERS.get(path.suffix)


def locate(path: Path) -> str:
    return path.resolve().relative_to(ROOT).as_posix() if path.resolve().is_relative_to(ROOT) else str(path)


def classify(text: str) -> str:
    if _CODE.search(text):
        return "code"
    capital = text[:1].isupper() and text[1:].islower()  # a label of one word, such as "Model"
    return "name" if _NAME.fullmatch(text) and not capital else "text"


# Python


def _read_python(source: str, name: str) -> Iterator[Text]:
    nodes = list(ast.walk(ast.parse(source)))
    yield from _read_docstrings(nodes, name)
    yield from _read_strings(nodes, name)
    yield from _read_python_comments(source, nodes, name)
    seen: set[str] = set()
    for line, identifier in sorted(_find_names(nodes)):
        if identifier not in seen:
            seen.add(identifier)
            yield Text(name, line, "name", identifier)


def _read_python_comments(source: str, nodes: list[ast.AST], name: str) -> Iterator[Text]:
    """Yield comments: from a number sign that is in no string. A tokenizer needs four times as long."""
    lines = source.split("\n")
    if not (signs := [number for number, line in enumerate(lines, 1) if "#" in line]):
        return
    strings = [node for node in nodes if _is_text(node) or isinstance(node, ast.JoinedStr)]
    spans = [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in strings]
    for number in signs:
        line = lines[number - 1].encode()
        near = [span for span in spans if span[0][0] <= number <= span[1][0]]
        for found in re.finditer(rb"#", line):
            if not any(start <= (number, found.start()) < end for start, end in near):
                comment = line[found.start() :].decode()
                if not re.match(r"#\s*(fmt|type|noqa|isort)\b", comment):
                    yield Text(name, number, "comment", _drop_code(comment.lstrip("# ")))
                break


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
        text = "".join(part.value if _is_text(part) else PLACEHOLDER for part in parts)
        if classify(text) == "code":
            yield from _read_code(text, name, node.lineno)
        else:
            yield from (Text(name, node.lineno, "text", found[1]) for found in _ATTRIBUTE.finditer(text))
            text = re.sub(r"<[^<>]+>", " ", text)
            yield Text(name, node.lineno, classify(text), text)


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


def _find_names(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


# Scripts, settings, templates and documents


def _read_code(source: str, name: str, first: int = 1) -> Iterator[Text]:
    """Yield code of another language as a whole, and the comments and strings in it."""
    yield Text(name, first, "code", source)
    yield from _read_quoted(_SCRIPT, source, name, first)


def _read_settings(source: str, name: str) -> Iterator[Text]:
    yield from _read_quoted(_SETTINGS, source, name)


def _read_quoted(pattern: re.Pattern[str], source: str, name: str, first: int = 1) -> Iterator[Text]:
    for found in pattern.finditer(source):
        line = first + source.count("\n", 0, found.start())
        if found["comment"]:
            yield Text(name, line, "comment", _drop_code(found["comment"].strip("/*# \n")))
        elif (kind := classify(text := re.sub(r"\$?\{[^{}]*\}|<[^<>]+>", PLACEHOLDER, found[0][1:-1]))) != "code":
            yield Text(name, line, kind, text)


class _Page(HTMLParser):
    """Texts between the tags of a page, and in the attributes that a reader sees or hears."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.found = name, list[Text]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            self.found.append(Text(self.name, self.getpos()[0], "text" if key in _SHOWN else "name", value or ""))

    def handle_data(self, data: str) -> None:
        line = self.getpos()[0]
        for number, text in enumerate(data.split("\n")):
            if text.strip():
                self.found.append(Text(self.name, line + number, classify(text.strip()), text.strip()))


def _read_page(source: str, name: str) -> Iterator[Text]:
    """Yield the texts of a Jinja template, and the strings in its expressions."""
    for found in re.finditer(r"\{[{%].*?[%}]\}", source, re.DOTALL):
        yield from _read_quoted(_SETTINGS, found[0], name, 1 + source.count("\n", 0, found.start()))
    for found in re.finditer(r"\{#(.*?)#\}", source, re.DOTALL):
        yield Text(name, 1 + source.count("\n", 0, found.start()), "comment", found[1].strip())
    page = _Page(name)
    lines = lambda text: lambda found: text + "\n" * found[0].count("\n")  # noqa: E731
    page.feed(re.sub(r"\{\{.*?\}\}", lines(PLACEHOLDER), re.sub(r"\{[%#].*?[%#]\}", lines(""), source, flags=re.S)))
    page.close()
    yield from page.found


def _read_shell(source: str, name: str) -> Iterator[Text]:
    """Yield the comments of a script or a Makefile, and the messages that it prints."""
    for number, line in enumerate(source.split("\n"), 1):
        if found := re.search(r"(?:echo|printf) (.*)", line):
            yield from (
                text for text in _read_quoted(_SETTINGS, found[1], name, number) if text.kind in ("text", "name")
            )
        elif found := re.search(r"(?:^|\s)#+ (.*)", line):
            yield Text(name, number, "comment", _drop_code(found[1]))


def _read_comments(source: str, name: str) -> Iterator[Text]:
    for number, line in enumerate(source.split("\n"), 1):
        if found := re.search(r"#\s*(.*)", line):
            yield Text(name, number, "comment", _drop_code(found[1]))


def _read_markdown(source: str, name: str) -> Iterator[Text]:
    """Yield headings, heads of tables, and all other lines as prose; code as names."""
    for found in re.finditer(r"(?<!`)`[^`\n]+`(?!`)", source):
        yield Text(name, 1 + source.count("\n", 0, found.start()), "name", found[0].strip("`"))
    source = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), source, flags=re.MULTILINE | re.DOTALL)
    lines = [*_drop_code(source).split("\n"), ""]
    for number, (line, following) in enumerate(pairwise(lines), 1):
        if line.startswith("#"):
            yield Text(name, number, "heading", line.lstrip("# "))
        elif re.match(r"\|(\s*:?-+:?\s*\|)+$", following):
            yield from (Text(name, number, "heading", cell.strip()) for cell in line.strip("|").split("|"))
        elif line.strip() and not line.startswith("    "):
            yield Text(name, number, "prose", line.strip())


def _drop_code(text: str) -> str:
    return re.sub(r"(?<!`)`[^`\n]+`(?!`)", lambda m: PLACEHOLDER, text)


Reader = Callable[[str, str], Iterator[Text]]

READERS: dict[str, Reader] = {
    ".py": _read_python,
    ".md": _read_markdown,
    ".j2": _read_page,
    ".html": _read_page,
    ".js": _read_code,
    ".css": _read_code,
    ".typ": _read_code,
    ".toml": _read_settings,
    ".yaml": _read_settings,
    ".yml": _read_settings,
    ".txt": _read_comments,
    ".sh": _read_shell,
    "run": _read_shell,
    "Makefile": _read_shell,
    ".editorconfig": _read_comments,
    ".gitignore": _read_comments,
    ".dockerignore": _read_comments,
    "Dockerfile": _read_comments,
    "Caddyfile": _read_comments,
    ".conf": _read_comments,
    ".service": _read_comments,
}
DATA = (
    ".json", ".jsonl", ".npz", ".npy", ".png", ".tflite", ".keras", ".sqlite", ".zip", ".feather", ".lock", ".typed",
    ".parquet", ".csv", ".onnx", ".h5",
)  # fmt: skip
NO_TEXTS = ("language.toml", "requirements.lock")
SHOWN_FOLDERS = (".ci", ".streamlit")
