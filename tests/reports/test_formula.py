"""Formulas of authors: marked, converted to MathML that does nothing, drawn in all formats, or refused."""

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from core.errors import ReportError
from core.home import Home
from core.reports.author_text import parse_markdown, write_html, write_markdown
from core.reports.document import Document, Passage, Reproduction
from core.reports.format import FORMATS, Edition
from core.reports.formula import MAX_TEX_CHARS, mark_formulas, read_formula, write_mathml
from core.reports.own_image import complete_text

SOFTMAX = r"\mathrm{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}"
PIECES = (
    "x", "1", "<b>", "&", "#1", "^", "_", "{", "}", "$", "`", "\\\\", "%", '"', "'", "\x00", "א", "🎉", "\\frac",
    "\\sqrt", "\\left(", "\\right)", "\\text{<i>}", "\\href{javascript:a}{b}", "\\begin{pmatrix}", "\\end{pmatrix}", 
    "\\color{red}", "\\def\\a{\\a}", "\\a", "\\overline{x}", "\\hat", "\\sum", "\\hspace{9999em}", "\\boxed{x}",
    "\\tag{1}", "\\label{a}",
)  # fmt: skip


class _Elements(HTMLParser):
    """Reader that keeps the elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("$5 and $10-$20 or $ 4 $", "$5 and $10-$20 or $ 4 $"),
        (r"\$x\$ and `$y$` and $`z`$", r"\$x\$ and `$y$` and $`z`$"),
        ("$x_1$, $x_2$.", "$`x_1`$, $`x_2`$."),
        ("$$\na % note\n= b\n$$", "$$`a = b`$$"),
        ("```\n$x$\n```\n\n    $y$\n\n- [x] $z$", "```\n$x$\n```\n\n    $y$\n\n- ☑ $`z`$"),
    ],
)
def test_dollar_signs_mark_formulas_outside_of_code(home: Home, text: str, marked: str) -> None:
    assert complete_text(home, text) == marked
    assert complete_text(home, marked) == marked


def test_dollar_signs_of_published_documents_stay_text() -> None:
    assert write_html("$x$ and $$y$$") == '<p dir="auto">$x$ and $$y$$</p>\n'


def test_formula_is_in_every_format(home: Home) -> None:
    text = complete_text(home, f"Inline $a<b$, refused $\\foo$.\n\n$${SOFTMAX}$$\n\n> - $\\sqrt[3]{{x}}$")
    document = Document(
        title="T", summary=text, author="", made_at="2026-11-27T12:00:00+00:00", headline="H", facts=("F",),
        cautions=(), sections=(Passage(id="aaaaaa", text=text),), runs=(),
        reproduction=Reproduction(commands=("true",), environment={"Code": "unknown"}),
    )  # fmt: skip
    edition = Edition(document, name="report")
    files = {name: FORMATS[name].write(edition, home)[f"report.{name}"] for name in ("md", "ipynb", "pdf")}
    html = write_html(text)
    assert html.count('<math display="block">') == 1
    assert "<mo>&lt;</mo>" in html
    assert "<code>\\foo</code> (This formula cannot be shown: Unknown command &quot;\\foo&quot;.)" in html
    for name in ("md", "ipynb"):
        assert SOFTMAX in files[name].decode().replace("\\\\", "\\")
        assert "$a< b$" in files[name].decode()
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages)
    assert words.count("softmax") == 2
    assert "mathrm" not in words
    assert "No font" not in words


@pytest.mark.parametrize(
    ("tex", "sentence"),
    [
        ("x" * (MAX_TEX_CHARS + 1), "Expected a formula of 1 to 1,000 characters; got 1,001."),
        ("{" * 500 + "\\sqrt{" * 70 + "}" * 70 + "}" * 500, "Expected a formula of 1 to 1,000"),
        ("\\sqrt{" * 30 + "x" + "}" * 30, "This formula cannot be shown: it has more than 20 nested elements."),
        (r"\def\a{\a\a}\a", "This formula cannot be shown: it may not contain backticks or define commands."),
        (r"\href{javascript:alert(1)}{x}", "This formula cannot be shown: Unknown command"),
        (r"\boxed{x}", "This formula cannot be shown: it contains a command that not all browsers draw."),
    ],
)
def test_formula_is_refused_in_one_sentence(tex: str, sentence: str) -> None:
    with pytest.raises(ReportError, match=f"^{re.escape(sentence)}"):
        read_formula(tex, display=True)
    assert write_mathml(tex, display=True).startswith("<code>")


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_tex_becomes_harmless_elements(tex: str) -> None:
    marked = mark_formulas(f"a ${tex}$ b")
    for html in (write_mathml(tex, display=False), write_mathml(tex, display=True), write_html(marked)):
        for name, attributes in _Elements(html).found:
            assert name in ("p", "code", "br", "em", "strong", "s", "a", "math") or re.fullmatch("m[a-z]+", name)
            assert not [each for each in attributes if each in ("id", "class", "src") or each.startswith("on")]
            assert str(attributes.get("href", "http://")).startswith("http://")
            assert "url" not in str(attributes.get("style"))
    inline = [part for token in MarkdownIt().parse(write_markdown(marked)) for part in token.children or ()]
    assert not [part.content for part in inline if part.type in ("html_inline", "image", "link_open")]
    assert parse_markdown(marked)
