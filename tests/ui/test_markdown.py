"""No untrusted text reaches Streamlit as Markdown."""

import ast
import inspect
import re
from pathlib import Path

import pytest
import streamlit as st_module
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.displays.markdown import escape_markdown, escape_signs, write_code
from tests.support.markdown_flow import LABELS, NO_MARKDOWN, OPTIONS, TEXT, Flow
from tests.support.paths import ROOT

MARKUP = (
    ":red[x]", "$a$", "**b**", "[x](http://a.example)", "![x](http://a.example)", "# x", "- x", "+ x", "1. x", "2) x",
    "---", "`x`", "~~x~~", "<b>x</b>", "&lt;", "<http://a.example>", "_x_", "> x", "| a | b |", "=", "a\n===", "    x",
)  # fmt: skip


def render(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def test_sources_escape_all_text() -> None:
    paths = [*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "dashboard.py"]
    assert Flow.read(sorted(paths)).find() == []


def test_every_function_of_streamlit_in_the_sources_is_known_to_the_check() -> None:
    """A function that the check does not know, and that shows a text, would escape it."""
    known = {*TEXT, *LABELS, *OPTIONS, *NO_MARKDOWN, "write"}
    for path in [*(ROOT / "core" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "dashboard.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st":
                assert node.attr in known, f"{path.name}: st.{node.attr}"
    texts = {"label", "body", "title", "help", "caption", "text", "options", "tabs", "delta"}
    for name in NO_MARKDOWN:
        shown = getattr(st_module, name, None)
        if inspect.isroutine(shown):
            assert not texts & {*inspect.signature(shown).parameters} - (
                {"body"} if name in ("html", "json") else set()
            )


@pytest.mark.parametrize(
    "line",
    [
        "st.error(str(error))", "st.caption(f'{name}: 3')", "column.markdown(name)", "st.button('x', help=name)",
        "st.metric('x', name)", "st.button(name)", "st.write(name or 'x')", "st.title('a' + name)", "show(name)",
        "show(label=name)", "st.expander(f'{name!r}')", "st.progress(0.5, name)", "x = name\n    st.info(x)",
        "x = []\n    x += [name]\n    st.info(' '.join(x))", "st.info(' '.join(str(one) for one in names))",
        "st.toast(describe(name))", "st.tabs([name])",
        "st.badge(name)", "st.dialog(name)", "st.Page(show, title=name)", "st.text('x', help=name)",
        "st.metric('x', 1, name)",
        "st.image(thing, caption=name)", "st.pills('x', [name])", "st.radio('x', names)", "st.popover(name)",
        "st.segmented_control('x', [1], format_func=lambda one: name)", "widget.pills('x', [name])",
        "st.select_slider('x', names)", "st.column_config.TextColumn('x', help=name)",
    ],
)  # fmt: skip
def test_check_finds_text_without_escaping(tmp_path: Path, line: str) -> None:
    shown = (
        "import streamlit as st\ndef show(label: str):\n    st.info(label)\ndef describe(x: str):\n    return f'{x}'\n"
    )
    source = tmp_path / "page.py"
    source.write_text(f"{shown}def page(thing):\n    name = thing.name\n    names = [name]\n    {line}\n")
    assert Flow.read([source]).find()
    source.write_text(
        source.read_text().replace("thing.name", "escape_markdown(thing.name)").replace("str(error)", "''")
    )
    assert Flow.read([source]).find() == []


@given(st.lists(st.sampled_from([*MARKUP, "a", " ", "8", "\\", "é", "x" * 76, "😀"])).map("".join) | st.text())
@example("\u0590")  # from right to left
def test_escaped_text_is_shown_unchanged(text: str) -> None:
    line = " ".join(text.split())
    for escaped, expected in ((escape_signs(text), line), (re.sub("[\u2060\u200e]", "", escape_markdown(text)), line)):
        shown = render(escaped)
        assert set(re.findall(r"<(\w+)", shown)) <= {"p"}
        plain = re.sub(r"</?p>|\n", "", shown)
        for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            plain = plain.replace(entity, sign)
        assert plain.replace("\u200e", "") == re.sub("[\u2060\u200e]", "", expected.replace("\x00", "\ufffd"))


@given(st.text(alphabet="`a ", min_size=1).filter(str.strip))
def test_code_keeps_its_text(text: str) -> None:
    shown = render(f"x {write_code(text)}")
    assert shown == f"<p>x <code>{' '.join(text.split())}</code></p>\n"


def test_what_streamlit_replaces_later_is_interrupted() -> None:
    for text in (":smile:", ":material/home:", "http://a.example", "HTTPS://a.example", "www.a.example"):
        assert "\u2060" in escape_markdown(f"x {text} y")
    for text in ("plain text", "12:30", "a: b", "GAP, 3 epochs", "headroom train --epochs 3"):
        assert "\u2060" not in escape_markdown(text)
