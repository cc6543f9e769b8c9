"""Reports as PDF and notebooks: complete content, escaped user texts, and code that reproduces the charts."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from typing import Any

import nbformat
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader, mult
from pypdf.generic import DictionaryObject, IndirectObject

from core.errors import ReportError
from core.home import Home
from core.reports.author_text import parse_markdown, write_html, write_markdown
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.document import Document, write_cell
from core.reports.format import FORMATS, Edition
from core.reports.markdown import write_opening
from core.reports.report import Block, ChartBlock, TextBlock
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from tests.support.hostile import HOSTILE
from tests.support.paths import ROOT
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

VIEWS = (
    ChartBlock(display="tiles"),
    ChartBlock(display="heads", table=True),
    ChartBlock(display="curves", settings={"metric": "loss"}),
    ChartBlock(display="gallery", settings={"page_size": 6}),
    ChartBlock(display="class_accuracy"),
    ChartBlock(display="confusion"),
    ChartBlock(display="checks"),
)
MORE = (
    "#(1+1)", "#sys.inputs", "#let x = 1", "$x^2$ @ref <label>", "*a* _b_ `c` = d", '"; #panic() //',
    "\\u{41} \\ /* a */", "\x07bell\x1b[31m\ufffe", "日本語 العربية נוסח",
    "[x]: javascript:alert(1)\n\n[x]", "<javascript:alert(1)>", "[x](file:///a)",
)  # fmt: skip
LONG = "y" * 10_000
A4 = (595.3, 841.9)  # points


def build(writer: RunWriter, *blocks: Block, title: str = "", author: str = "", **changes: Any) -> Document:
    runs = [rewrite(writer(head=head), **changes) for head in ("gap", "dense")]
    report = write_default(Comparison.of(runs), title).change(blocks=blocks, owner=author)
    return build_document(report, writer.store)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> RunWriter:
    return RunWriter(Home(tmp_path_factory.mktemp("files")))


@pytest.fixture(scope="module")
def edition(writer: RunWriter) -> Edition:
    words = TextBlock(
        text="## Why\n\nGAP is **small**; see [the paper](https://arxiv.org/abs/1312.4400).\n\n- `a`\n- ~~b~~"
    )
    document = build(writer, words, *VIEWS, title="Ours", author="ada@example.org")
    return Edition(document, "r7k2m9qx-2", "2026-11-21T14:03:59+00:00", document.checksum)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """Report whose user texts are hostile or too long for the page."""
    writer = RunWriter(Home(tmp_path_factory.mktemp("hostile")))
    for head, name in zip(("gap", "dense"), HOSTILE, strict=False):
        NoteBook(writer.home).write(writer(head=head).run_id, Note(name=name))
    words = (
        TextBlock(text=text)
        for text in (*HOSTILE, *MORE, LONG, f"`{LONG[:500]}`", f"[a {LONG[:500]}](https://example.org)")
    )
    title = " ".join((*HOSTILE[:5], *MORE[:5]))[:300]
    views = (
        VIEWS[0],
        ChartBlock(display="gallery", settings={"page_size": 6}),
        ChartBlock(display="class_accuracy", table=True),
    )
    classes = (*HOSTILE[:6], *MORE[5:7], HOSTILE[8], "x" * 200)
    return Edition(build(writer, *words, *views, title=title, author=HOSTILE[9], classes=classes))


def write(form: str, edition: Edition) -> bytes:
    (content,) = FORMATS[form].write(edition, Home.default()).values()
    return content


@dataclass(frozen=True)
class Paper:
    """PDF with its text without spaces, since lines break anywhere, and the positions of its letters in points."""

    reader: PdfReader
    pages: list[str]
    positions: list[tuple[float, float]]

    @property
    def text(self) -> str:
        return "".join(self.pages)

    @classmethod
    def read(cls, content: bytes) -> "Paper":
        reader = PdfReader(BytesIO(content))
        positions: list[tuple[float, float]] = []

        def visit(text: str, page: list[float], at: list[float], *_: Any) -> None:
            if text.strip():
                placed = mult(at, page)
                positions.append((placed[4], placed[5]))

        pages = [squeeze(page.extract_text(visitor_text=visit)) for page in reader.pages]
        return cls(reader, pages, positions)


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def paper(edition: Edition) -> Paper:
    return Paper.read(write("pdf", edition))


@pytest.fixture(scope="module")
def hostile_paper(hostile: Edition) -> Paper:
    return Paper.read(write("pdf", hostile))


# On paper


def test_paper_holds_every_sentence_and_the_figures(paper: Paper, edition: Edition) -> None:
    text = paper.text
    document = edition.document
    assert len(paper.pages) > 1
    environment = document.reproduction.environment
    expected = [
        document.title,
        document.headline,
        *document.facts,
        *document.cautions,
        edition.describe(),
        edition.checksum,
    ]
    expected += [*document.reproduction.commands, *environment, *environment.values(), "GAP is small; see the paper."]
    expected += [figure.sentence for figure in document.figures if figure.display != "tiles"]
    assert [sentence for sentence in expected if squeeze(sentence) not in text] == []
    heads = next(figure for figure in document.figures if figure.display == "heads")
    for table in (heads.table, document.run_table):
        assert table is not None
        assert [cell for row in table.rows for cell in row if squeeze(write_cell(cell)) not in text] == []
    assert f"{len(paper.pages)}/{len(paper.pages)}" in paper.pages[-1]
    assert paper.pages[0].startswith(squeeze(f"Headroom report{document.title}{document.headline}"))


def test_paper_tells_who_made_it_and_when(paper: Paper, edition: Edition) -> None:
    metadata = paper.reader.metadata
    assert metadata is not None
    assert (metadata.title, metadata.author) == ("Ours", "ada@example.org")
    assert metadata.creation_date is not None
    assert metadata.creation_date.isoformat() == edition.at


def test_same_edition_is_the_same_file(edition: Edition) -> None:
    small = Edition(edition.document.model_copy(update={"sections": edition.document.sections[:2]}), at=edition.at)
    for form in ("pdf", "ipynb"):
        assert write(form, small) == write(form, small)


def test_charts_on_paper_are_lines_and_letters(paper: Paper, edition: Edition) -> None:
    """The only pixels are those of the test images, as many as they have."""
    assert "Testaccuracy" in paper.text
    assert "Trueclass" in paper.text
    images = [image for page in paper.reader.pages for image in page.images]
    shown = sum(len(figure.pictures) for figure in edition.document.figures)
    assert 0 < len(images) <= shown
    assert max(max(image.image.size) for image in images if image.image) <= 64


def list_actions(reader: PdfReader) -> list[dict[str, Any]]:
    """Everything in the file that could be done with it."""
    found = [reader.trailer["/Root"].get_object()]
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        thing = IndirectObject(number, 0, reader).get_object()
        if isinstance(thing, DictionaryObject):
            found += [thing, *(part for part in thing.values() if isinstance(part, DictionaryObject))]
    return [{str(name): part for name, part in thing.items()} for thing in found]


def test_pdf_runs_no_code_in_texts(hostile_paper: Paper, hostile: Edition) -> None:
    things = list_actions(hostile_paper.reader)
    forbidden = {"/JS", "/JavaScript", "/OpenAction", "/AA", "/EmbeddedFiles", "/Launch", "/SubmitForm"}
    assert not [thing for thing in things if forbidden & {*thing}]
    kinds = {str(thing["/S"]) for thing in things if "/S" in thing and ("/URI" in thing or "/D" in thing)}
    assert kinds <= {"/URI", "/GoTo"}
    links = {str(thing["/URI"]) for thing in things if "/URI" in thing}
    assert links == {"http://a.example/x", "https://example.org"}
    for text in (
        "<script>alert(1)</script>",
        "#[sys.time]",
        "#(1+1)",
        "[x](javascript:alert(1))",
        "#letx=1",
        "$x^2$@ref<label>",
    ):
        assert text in hostile_paper.text
    assert hostile_paper.reader.metadata is not None
    assert hostile_paper.reader.metadata.title == hostile.document.title


def test_nothing_leaves_the_page(hostile: Edition) -> None:
    """Excludes charts, whose letters have positions relative to the chart."""
    sections = [
        section.model_copy(update={"chart": None, "open": True}) if section.kind == "figure" else section
        for section in hostile.document.sections
    ]
    paper = Paper.read(write("pdf", Edition(hostile.document.model_copy(update={"sections": tuple(sections)}))))
    assert paper.text.count("y" * 50) >= len(LONG) // 50 - 3 * len(paper.pages)
    across, up = zip(*paper.positions, strict=True)
    assert 0 < min(across) < max(across) < A4[0]
    assert 0 < min(up) < max(up) < A4[1]


@pytest.mark.parametrize(
    "text",
    [
        ">" * 300 + " a",
        "- " * 200 + "a",
        "*a **b " * 300 + "c" + "d** e*" * 300,
        *("".join(f"{'> ' * depth}{row}\n" for row in ("|a|b|", "|-|-|", "|c|`d`|")) for depth in (17, 18, 19, 20)),
        "> - " * 9 + "# *a*\n" + "> - " * 10 + "1. b",
        "![" * 3000,
        "|a|\n|-|\n" + "|`|`|\n" * 99,
        "\x00",
        "",
    ],
)
def test_words_of_any_depth_are_set(text: str, edition: Edition) -> None:
    document = build_words(edition.document, text)
    assert find_danger(write_markdown(text)) == []
    assert Paper.read(write("pdf", Edition(document))).pages


def build_words(document: Document, *texts: str) -> Document:
    passages = [{"kind": "words", "id": f"w{n}", "text": text} for n, text in enumerate(texts)]
    return Document.model_validate({**document.model_dump(), "sections": passages})


def test_pdf_error_is_reported(edition: Edition) -> None:
    sections = [section.model_dump() for section in edition.document.sections if section.kind == "figure"]
    damaged = next(section for section in sections if section["pictures"])
    damaged["pictures"][0]["url"] = "data:image/png;base64,AAAA"
    document = Document.model_validate({**edition.document.model_dump(), "sections": [damaged]})
    with pytest.raises(ReportError, match=r"^The PDF cannot be created: [^\n]+\.$"):
        write("pdf", Edition(document))


# As a notebook


@pytest.mark.parametrize("count", [0, 1, 3])
def test_several_caveats_are_a_list(edition: Edition, count: int) -> None:
    """Also in notebooks, which contain the same Markdown."""
    cautions = ("2. One seed <b>does</b> not suffice.", "- Two. More text.", "Three.")[:count]
    document = edition.document.model_copy(update={"cautions": cautions, "sections": ()})
    shown = replace(edition, document=document)
    texts = [MarkdownIt().render("\n\n".join(write_opening(shown)))]
    texts += re.findall(r"<aside>.*?</aside>", write("html", shown).decode(), re.DOTALL)
    for text in texts:
        assert text.count("<li>") == (count if count > 1 else 0)
        assert [one for one in cautions if escape(one) not in text] == []
    assert len(texts) == (2 if count else 1)
    lines = PdfReader(BytesIO(write("pdf", shown))).pages[0].extract_text().splitlines()
    assert sum(line.strip().startswith("•") for line in lines) == (count if count > 1 else 0)


@pytest.fixture(scope="module")
def notebook(edition: Edition) -> Any:
    return nbformat.reads(write("ipynb", edition).decode(), as_version=4)


def test_notebook_shows_what_was_seen(notebook: Any, edition: Edition) -> None:
    nbformat.validate(notebook)
    outputs = [cell.outputs[0].data for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    charts = [figure for figure in edition.document.figures if figure.chart]
    drawn = [output for output in outputs if "application/vnd.vegalite.v6+json" in output]
    assert [output["text/plain"] for output in drawn] == [figure.sentence for figure in charts]
    assert all(output["image/png"].startswith("iVBOR") for output in drawn)
    tables = [output["text/html"] for output in outputs if "text/html" in output]
    assert len(tables) == sum(1 for figure in edition.document.figures if figure.open)
    assert len(nbformat.writes(notebook)) < 5_000_000


RUN = """
import json, sys
frames, names = [], {"__name__": "__main__"}
for code in json.load(sys.stdin):
    exec(compile(code, "cell", "exec"), names)
    if "make_display" in code.splitlines()[0]:
        frames.append(names["view"].frame().to_csv(index=False))
print(json.dumps(frames))
"""


def test_code_of_the_notebook_makes_the_same_figures(notebook: Any, edition: Edition, writer: RunWriter) -> None:
    """Run the notebook in a new process in the repository, with the home of these runs."""
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    environment = {
        **os.environ,
        "HEADROOM_HOME": str(writer.home.path),
        "HEADROOM_EXAMPLES": str(writer.home.path / "none"),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(codes), cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120, check=True,
    )  # fmt: skip
    made = json.loads(done.stdout)
    figures = edition.document.figures
    assert len(made) == len(figures)
    for text, figure in zip(made, figures, strict=True):
        assert figure.frame is not None
        assert text == to_csv(figure.frame.columns, figure.frame.rows)


def to_csv(columns: Any, rows: Any) -> str:
    return pd.DataFrame([*rows], columns=[*columns], dtype=object).to_csv(index=False)


def test_notebook_says_hostile_texts_as_text(hostile: Edition) -> None:
    notebook = nbformat.reads(write("ipynb", hostile).decode(), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert not [text for text in (*HOSTILE, *MORE) if text in code]
    compile(code, "cells", "exec")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert find_danger(cell.source) == []
    tables = "".join(output.data.get("text/html", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "<script" not in tables
    assert "<img" not in tables


def find_danger(markdown: str) -> list[str]:
    """Render with HTML, images and all links enabled."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    tokens = [child for token in parser.parse(markdown) for child in [token, *(token.children or [])]]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    dangers = [token.content for token in tokens if token.type in ("html_inline", "html_block", "image")]
    return dangers + [url for url in links if not url.lower().startswith(("http://", "https://", "mailto:"))]


@pytest.mark.parametrize("text", [*HOSTILE, *MORE])
def test_words_become_harmless_markdown(text: str) -> None:
    assert find_danger(write_markdown(text)) == []


markup = st.lists(
    st.sampled_from([*"*_`~[]()<>!#-+=|:&;\\\n 1.ab", "](", "![", "javascript:a", "<b>", "&lt;", "https://a.b", "```"])
)


@given(markup.map("".join))
@example("![]()")
@example('[a](<> "b")')
def test_no_words_become_harmful_markdown(text: str) -> None:
    assert find_danger(write_markdown(text)) == []


@pytest.mark.parametrize(
    "text",
    ["# a *b*", "a  \nb", "- a\n- b\n\n  c", "3. a\n4. b", "> a\n>\n> - b", "```\n```` a\n```\n",
     "|a|b|\n|-|-:|\n|`c`|d|", "1\\. no list", "\\- no list", "a ``b`c``", "[a](https://b.c 'd')", "***",
     "~~a~~ **b**", "a\n\\+ b", "&amp;lt; \\* @a"],
)  # fmt: skip
def test_markdown_keeps_its_meaning_when_written_again(text: str) -> None:
    plain = re.sub(r' title="d"', "", write_html(text))
    assert re.sub(r"\s|</?p[^>]*>", "", write_html(write_markdown(text))) == re.sub(r"\s|</?p[^>]*>", "", plain)
    assert parse_markdown(write_markdown(text)) is not None
