"""Names of users that could be read as markup, on every page: they are shown as text."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element, Node

from core.home import Home
from core.jobs.queue import JobQueue
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report import TextBlock
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from core.store.saved_comparison import save_runs
from tests.support.dataset_writer import write_dataset
from tests.support.markers import LONG
from tests.support.page import PAGES, Open, text_of
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

NAMES = (
    "8", "a, b", "W" * 76, "שלום עולם", "🙂 y", ":red[x]", "$x$ and $y$", ":material/home:", "![i](http://a.example/i)",
    "<img src=x onerror=alert(1)>",
)  # fmt: skip
MARKUP = NAMES[5:]
PLAIN = {
    # message and field in which Streamlit shows no Markdown
    "Html.body", "Selectbox.options", "MultiSelect.options", "MultiSelect.default", "TextInput.default",
    "Code.code_text", "TextArea.default", "Text.body", "ArrowVegaLiteChart.spec", "VegaLiteChart.spec",
    "Selectbox.raw_value", "Arrow.columns", "Arrow.styler", "BidiComponent.json", "BidiComponent.mixed",
    "ImageList.imgs", "Markdown.anchor", "Heading.anchor", "VegaLiteChart.alt", "TextInput.value", "TextArea.value",
    "TextArea.placeholder", "TextInput.placeholder", "DownloadButton.url", "PageLink.page", "PageLink.query_string",
}  # fmt: skip


@pytest.fixture
def hostile_home(home: Home, make_run: RunWriter, no_dispatcher: None) -> dict[str, str]:
    """A home whose classes, notes, saved comparisons, reports, files and jobs have such names; IDs by kind."""
    runs = [
        rewrite(make_run(head=head, seed=seed, accuracy=0.5), classes=NAMES)
        for head in ("gap", "dense")
        for seed in (0, 1)
    ]
    for run, name in zip(runs, MARKUP, strict=False):
        NoteBook(home).write(run.run_id, Note(name=name, tags=("<b>tag</b>", "$t$"), text=f"{name} **b**"))
    comparison = Comparison.of(runs)
    saved = [save_runs(home, name, tuple(run.run_id for run in runs), by=MARKUP[0]) for name in MARKUP]
    reports, store = ReportStore(home), RunStore(home)
    report = write_default(comparison).change(title=" ".join(MARKUP))
    draft = reports.create(report.insert(TextBlock(text="a text")), MARKUP[1])
    reports.publish(draft, build_document(draft.report, store), MARKUP[2])
    write_dataset(home, NAMES, name="mine", train=40, test=20, validation=10)
    queue = JobQueue(home)
    failing, _ = specs = [runs[0].spec.replace(seed=seed) for seed in (5, 6)]
    queue.submit(specs, MARKUP[0])
    queue.claim()
    queue.settle(next(job for job in queue.jobs() if job.run_id == failing.run_id), "failed", " ".join(MARKUP))
    return {"run": runs[0].run_id, "job": failing.run_id, "report": draft.id, "saved": saved[0].saved_id}


def list_nodes(node: Node) -> Iterator[Element | Block]:
    for child in getattr(node, "children", {}).values():
        yield child
        yield from list_nodes(child)


def list_texts(message: Any) -> Iterator[tuple[str, str]]:
    """Yield the message and the field of each text of an element, and the text."""
    for field, value in message.ListFields():
        values = list(value) if field.is_repeated else [value]
        for one in values:
            if hasattr(one, "ListFields"):
                yield from list_texts(one)
            elif isinstance(one, str):
                yield f"{message.DESCRIPTOR.name}.{field.name}", one


class Tags(HTMLParser):
    """The tags of an HTML text with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))


def find_faults(app: AppTest) -> Iterator[str]:
    if app.exception:
        yield f"exception: {app.exception[0].value}"
    for node in list_nodes(app._tree):
        proto = getattr(node, "proto", None)
        if not hasattr(proto, "ListFields"):
            continue
        for where, text in list_texts(proto):
            if where == "Html.body":
                tags = Tags(text).found
                yield from (
                    f"tag {tag} {attrs}" for tag, attrs in tags if tag in ("script", "iframe") or "onerror" in attrs
                )
            elif where not in PLAIN and not where.endswith((".id", ".form_id", ".key")):
                shown = re.sub(r"(`+).*?\1", "", text)  # code
                yield from (f"{where}: {name} in {text[:200]!r}" for name in MARKUP if name in shown)


def test_names_are_text_on_every_page(open_page: Open, hostile_home: dict[str, str]) -> None:
    report = hostile_home["report"]
    links: list[tuple[str, dict[str, str]]] = [
        *((page, {}) for page in PAGES if page not in ("evidence", "data", "run", "predictions", "compare")),
        ("compare", {"compare": f"saved:{hostile_home['saved']}"}),
        ("evidence", {"evidence": "agreement"}),
        ("data", {"dataset_shown": "folder-mine"}),
        ("run", {"run": hostile_home["run"]}),
        ("run", {"run": hostile_home["job"]}),
        ("predictions", {"image": "3"}),
        ("reports", {"report": report, "editing": "true"}),
        ("reports", {"report": f"{report}-1"}),
        ("compare", {"compare": NAMES[-1], NAMES[-2]: NAMES[-1]}),
        ("data", {"dataset_shown": MARKUP[0]}),
    ]
    faults, seen = [], ""
    for page, params in links if LONG else links[::2]:
        app = open_page(page, **params)
        faults += [f"{page} {params}: {fault}" for fault in find_faults(app)]
        seen += text_of(app) + "".join(html.unescape(element.proto.body) for element in app.get("html"))
    assert "\n".join(faults) == ""
    plain = seen.replace("\\", "").replace("\u2060", "")
    assert [name for name in NAMES if name not in plain] == []


def test_check_finds_a_name_that_is_markup() -> None:
    def show() -> None:
        import streamlit as st

        st.button("b", help="![i](http://a.example/i)")
        st.html("<p><img src=x onerror=alert(1)></p>")
        st.radio("r", [":red[x]"])
        st.selectbox("s", [":red[x]"])

    assert len([*find_faults(AppTest.from_function(show).run())]) == 3
