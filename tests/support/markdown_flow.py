"""Finds expressions that Streamlit renders as Markdown without escaping.

An expression is safe if it consists of literals, constants, formatted numbers, texts of registries, and calls of
`escape_markdown`. A parameter that reaches Streamlit unescaped makes its function a sink: then the arguments of its
calls are checked.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TEXT = ("error", "info", "warning", "success", "markdown", "caption", "toast", "title", "header", "subheader", "metric")
LABELS = (
    "button", "download_button", "link_button", "page_link", "form_submit_button", "expander", "popover", "checkbox",
    "toggle", "radio", "selectbox", "multiselect", "pills", "segmented_control", "slider", "select_slider", "tabs",
    "number_input", "text_input", "text_area", "file_uploader", "spinner", "status", "progress", "camera_input",
    "feedback", "badge", "dialog", "menu_button", "Page", "latex", "text", "image", "code",
)  # fmt: skip
OPTIONS = ("radio", "pills", "segmented_control", "segmented", "select_slider")
"""Widgets whose options are rendered as well, by `format_func`."""
PLAIN = ("text", "image", "code", "latex", "Page")
"""Functions whose first argument is not Markdown, or is checked as a decorator: only their keywords are checked."""
NO_MARKDOWN = {
    "html", "json", "dataframe", "data_editor", "chat_input", "set_option", "altair_chart", "vega_lite_chart", "form",
    "container", "columns", "fragment", "rerun", "stop", "switch_page", "navigation", "set_page_config", "logo",
    "empty", "App", "cache_data", "cache_resource", "login", "logout", "space", "divider", "query_params",
    "session_state", "secrets", "user", "context", "get_option", "sidebar", "delta_generator", "components",
    "column_config",
}  # fmt: skip
"""Other names of Streamlit: they show no text as Markdown. HTML is escaped where it is built."""
ONLY_OF_ST = (
    "write", "title", "header", "status", "info", "error", "warning", "text", "image", "code", "Page",
    "dialog", "badge",
)  # fmt: skip
KEYWORDS = ("help", "label", "body", "captions", "caption", "title", "delta")
SAFE_CALLS = {
    "get_args",
    "escape_markdown",
    "write_code",
    "len",
    "int",
    "float",
    "round",
    "sum",
    "abs",
    "min",
    "max",
    "any",
}
# methods whose result is as safe as the object
KEEPING = {
    "lower",
    "upper",
    "capitalize",
    "strip",
    "rstrip",
    "lstrip",
    "removesuffix",
    "removeprefix",
    "title",
    "items",
}
# Texts in the source code: entries of registries, settings, recipes and roles.
TRUSTED = {
    "title",
    "summary",
    "help",
    "explanation",
    "question",
    "bounds",
    "form",
    "unit",
    "code",
    "order",
    "details",
    "noun",
}
REGISTRY_ENTRIES = {
    "HEADS",
    "setting",
    "head",
    "entry",
    "corruption",
    "form",
    "role",
    "SETTINGS",
}  # whose labels are as well
NUMBERS = {"size", "shape", "nbytes", "dtype", "seed", "side", "ratio", "severity", "run_id", "checksum"}  # or hex
NUMERIC_CALLS = {"write_step", "write_sum", "write_agreement", "write_flip", "describe_age"}  # write numbers only


@dataclass(frozen=True)
class Finding:
    source: str
    text: str
    parameter: tuple[str, str] | None  # function and parameter that the text comes from

    def __str__(self) -> str:
        return f"{self.source}: {self.text}"


@dataclass
class Flow:
    """Sources with their functions, and the sinks that are known."""

    trees: dict[Path, ast.Module]
    sinks: set[tuple[str, str]] = field(default_factory=set)  # function and parameter
    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=dict)

    @classmethod
    def read(cls, paths: list[Path]) -> "Flow":
        flow = cls({path: ast.parse(path.read_text(encoding="utf-8")) for path in paths})
        for tree in flow.trees.values():
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    flow.functions.setdefault(node.name, []).append(node)
        return flow

    def find(self) -> list[str]:
        """Return what is rendered unescaped, after sinks have been followed to the callers."""
        while True:
            found = [one for path, tree in self.trees.items() for one in self._check(path.name, tree, None)]
            added = {one.parameter for one in found if one.parameter} - self.sinks
            if not added:
                return sorted({str(one) for one in found if one.parameter is None})
            self.sinks |= added

    def _check(self, name: str, node: ast.AST, function: ast.FunctionDef | None) -> Iterator[Finding]:
        for child in ast.iter_child_nodes(node):
            inside = child if isinstance(child, ast.FunctionDef) else function
            if isinstance(child, ast.Call):
                for value in self._list_texts(child, function):
                    scope = Scope(self, function)
                    if not scope.is_safe(value):
                        given = scope.blamed if function and scope.blamed in _names(function) else None
                        parameter = (function.name, given) if function and given else None
                        yield Finding(f"{name}:{value.lineno}", ast.unparse(value), parameter)
            yield from self._check(name, child, inside)

    def _list_texts(self, call: ast.Call, function: ast.FunctionDef | None) -> Iterator[ast.expr]:
        """Return the arguments of a call that Streamlit renders."""
        name, of_st = _callee(call)
        sinks = {parameter for function, parameter in self.sinks if function == name and not of_st}
        if sinks:
            for callee in self.functions[name]:
                names = [argument.arg for argument in (*callee.args.posonlyargs, *callee.args.args)]
                names = names[1:] if names[:1] == ["self"] else names
                yield from (value for name, value in zip(names, call.args, strict=False) if name in sinks)
            yield from (keyword.value for keyword in call.keywords if keyword.arg in sinks)
        if name in OPTIONS and not (function and function.name in OPTIONS):
            yield from _list_option_texts(call)
        column = name.endswith("Column")  # of a table: only its help is Markdown
        rendered = name in TEXT or name in LABELS or (name == "write" and of_st) or column
        if not rendered or not isinstance(call.func, ast.Attribute) or (name in ONLY_OF_ST and not of_st):
            return
        if name not in PLAIN and not column:
            yield from call.args[1:2] if name == "progress" else call.args[: 3 if name == "metric" else 1]
        yield from (keyword.value for keyword in call.keywords if keyword.arg in KEYWORDS)


def _list_option_texts(call: ast.Call) -> Iterator[ast.expr]:
    """Return expressions for what the options of a widget show."""
    shown = next((keyword.value for keyword in call.keywords if keyword.arg == "format_func"), None)
    match shown:
        case None:
            yield from call.args[1:2]
        case ast.Lambda():
            yield shown.body
        case ast.Attribute(owner, "__getitem__"):
            yield owner
        case _:
            yield ast.Call(shown, [ast.Name("option", lineno=call.lineno)], [], lineno=call.lineno)


class Scope:
    """Decides which expressions of one function are safe."""

    def __init__(self, flow: Flow, function: ast.FunctionDef | None, trusted: bool = False, depth: int = 0) -> None:
        self.flow, self.function, self.trusted, self.depth = flow, function, trusted, depth
        self.blamed: str | None = None
        self.busy: set[str] = set()
        self.safe_names: set[str] = set()

    def is_safe(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values):
                return all(map(self.is_safe, values))
            case ast.FormattedValue(value, _, spec):
                return _is_numeric(spec) or self.is_safe(value)
            case ast.BinOp(left, ast.Add() | ast.Mult(), right):
                return self.is_safe(left) and self.is_safe(right)
            case ast.BinOp(_, ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Pow(), _):
                return True
            case ast.IfExp(_, body, other):
                return self.is_safe(body) and self.is_safe(other)
            case ast.BoolOp(_, values) | ast.List(values) | ast.Tuple(values):
                return all(map(self.is_safe, values))
            case ast.Starred(value) | ast.NamedExpr(_, value):
                return self.is_safe(value)
            case ast.ListComp(elt, generators) | ast.GeneratorExp(elt, generators):
                for generator in generators:
                    if self.is_safe(generator.iter):
                        self.safe_names |= {one.id for one in ast.walk(generator.target) if isinstance(one, ast.Name)}
                return self.is_safe(elt)
            case ast.Lambda() | ast.Compare():
                return True
            case ast.Dict(_, values):
                return all(map(self.is_safe, values))
            case ast.Subscript(value, _):
                return self.is_safe(value)
            case ast.Attribute(owner, attr):
                entry = attr == "label" and ast.unparse(owner).partition("[")[0] in REGISTRY_ENTRIES
                return attr in TRUSTED or attr in NUMBERS or attr.isupper() or entry
            case ast.Call():
                return self._is_safe_call(node)
            case ast.Name(name):
                return self._is_safe_name(name)
        return False

    def _is_safe_call(self, call: ast.Call) -> bool:
        name, _ = _callee(call)
        if name in SAFE_CALLS or name in NUMERIC_CALLS:
            return True
        if name.startswith("format_"):
            return all(self.is_safe(value) for value in call.args[1:])
        if name == "map":
            return isinstance(call.args[0], ast.Name) and call.args[0].id in SAFE_CALLS
        if isinstance(call.func, ast.Attribute):
            if name == "join":
                return self.is_safe(call.args[0])
            if name in KEEPING:
                return self.is_safe(call.func.value)
            return False
        if name in ("str", "list", "sorted", "enumerate", "zip"):
            return all(map(self.is_safe, call.args))
        found = self.flow.functions.get(name, [])
        if not found or self.depth > 5:
            return False
        given = all(map(self.is_safe, [*call.args, *(keyword.value for keyword in call.keywords)]))
        return all(self._returns_safe(function, given) for function in found)

    def _returns_safe(self, function: ast.FunctionDef, given: bool) -> bool:
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        return all(Scope(self.flow, function, given, self.depth + 1).is_safe(value) for value in returned)

    def _is_safe_name(self, name: str) -> bool:
        if name in self.safe_names or name.isupper():
            return True
        if self.function is None or name in self.busy:
            return name in self.busy
        values = list(_list_values(self.function, name))
        if not values and _annotation(self.function, name) in ("int", "float"):
            return True
        self.busy.add(name)
        safe = all(map(self.is_safe, values)) and (bool(values) or (name in _names(self.function) and self.trusted))
        self.busy.discard(name)
        if not safe and not values and _annotation(self.function, name).startswith("str"):
            self.blamed = self.blamed or name
        return safe


def _list_values(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """Return all expressions that are assigned to a name in a function."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    yield from _unpack(target, value, name)
            case ast.AnnAssign(target, _, ast.expr() as value) | ast.AugAssign(target, _, value):
                yield from _unpack(target, value, name)
            case ast.NamedExpr(target, value):
                yield from _unpack(target, value, name)
            case ast.For(target, iterator):
                if isinstance(iterator, ast.Tuple | ast.List):
                    for value in iterator.elts:
                        yield from _unpack(target, value, name)
                elif name in {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}:
                    yield iterator
            case ast.ExceptHandler(_, caught) if caught == name:
                yield ast.Name("error text")


def _unpack(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    if isinstance(target, ast.Name):
        if target.id == name:
            yield value
    elif isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            for one, part in zip(target.elts, value.elts, strict=True):
                yield from _unpack(one, part, name)
        elif name in {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}:
            yield value


def _names(function: ast.FunctionDef) -> set[str]:
    given = function.args
    return {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def _annotation(function: ast.FunctionDef, name: str) -> str:
    given = function.args
    found = [one for one in (*given.posonlyargs, *given.args, *given.kwonlyargs) if one.arg == name]
    return ast.unparse(found[0].annotation) if found and found[0].annotation else ""


def _callee(call: ast.Call) -> tuple[str, bool]:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr, isinstance(call.func.value, ast.Name) and call.func.value.id == "st"
    return (call.func.id, False) if isinstance(call.func, ast.Name) else ("", False)


def _is_numeric(spec: ast.expr | None) -> bool:
    if not isinstance(spec, ast.JoinedStr):
        return False
    text = "".join(str(one.value) for one in spec.values if isinstance(one, ast.Constant))
    return any(sign in text for sign in (",", "%")) or text[-1:] in ("d", "f", "g", "e")
