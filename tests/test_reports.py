"""Reports: what an author makes, the shelf, what is frozen, the files, and how to get the figures again."""

import csv
import io
import json
import multiprocessing
import re
import shlex
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from core.cli.app import app
from core.cli.train import list_specs
from core.displays.display import DISPLAYS
from core.displays.table import disarm, is_formula
from core.errors import ReportConflictError, ReportError, RunNotFoundError
from core.home import Home
from core.recipes import write_commands
from core.reports.address import is_address, split_address
from core.reports.author_text import write_html
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.display_option import list_options, make_display
from core.reports.document import Document, Figure
from core.reports.format import FORMATS, Edition, pack
from core.reports.formats.csv import defuse
from core.reports.report import ChartBlock, Report, TextBlock
from core.reports.report_store import ReportStore
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.finished_run import RunWriter
from tests.rewritten_run import rewrite

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://a.example/x)",
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "\u202egnp.exe", "</script><svg onload=alert(1)>", "{{ 7 * 7 }}", "#[sys.time]",
)  # fmt: skip


@pytest.fixture
def runs(make_run: RunWriter) -> Comparison:
    return Comparison.of([make_run(head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")])


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Document]:
    """The report that two heads with two seeds give by themselves, made once for all tests of this file."""
    writer = RunWriter(Home(tmp_path_factory.mktemp("frozen")))
    comparison = Comparison.of([writer(head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")])
    return writer.home, build_document(write_default(comparison), writer.store)


@pytest.fixture
def shelf(home: Home) -> ReportStore:
    return ReportStore(home)


# What an author makes


def report_of(*ids: str) -> Report:
    return Report(title="T", runs=("0" * 12,), blocks=tuple(TextBlock(id=name) for name in ids))


names = st.lists(st.text("abcdefgh", min_size=6, max_size=6), min_size=1, max_size=8, unique=True)


@given(names, st.data())
def test_moving_inserting_and_removing_lose_nothing_else(ids: list[str], data: st.DataObject) -> None:
    report = report_of(*ids)
    chosen = data.draw(st.sampled_from(ids))
    steps = data.draw(st.integers(-10, 10))
    moved = [block.id for block in report.move(chosen, steps).blocks]
    assert sorted(moved) == sorted(ids)
    assert moved.index(chosen) == min(max(ids.index(chosen) + steps, 0), len(ids) - 1)
    assert [name for name in moved if name != chosen] == [name for name in ids if name != chosen]
    assert [block.id for block in report.remove(chosen).blocks] == [name for name in ids if name != chosen]
    after = data.draw(st.sampled_from([None, *ids]))
    inserted = [block.id for block in report.insert(TextBlock(id="zzzzzz"), after).blocks]
    assert [name for name in inserted if name != "zzzzzz"] == ids
    assert inserted.index("zzzzzz") == (0 if after is None else ids.index(after) + 1)
    assert report.replace(chosen, text="x").remove(chosen) == report.remove(chosen)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "Expected a title of 1 to 300 characters; got 0."),
        ({"title": "x" * 301}, "Expected a title of 1 to 300 characters; got 301."),
        ({"blocks": tuple(TextBlock() for _ in range(61))}, "Expected at most 60 parts in a report; got 61."),
        ({"blocks": (TextBlock.model_construct(id="abcdef", text="x" * 20_001),)}, "Expected words of at most 20,000 "),
        ({"runs": ()}, "Expected a report that can be read; got runs: "),
    ],
)
def test_what_no_report_may_be_is_refused_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReportError) as caught:
        report_of("abcdef").change(**changes)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("name", [*DISPLAYS])
def test_every_setting_makes_a_display_or_says_why_not(name: str, runs: Comparison, home: Home) -> None:
    kind = DISPLAYS[name]
    for setting in list_options(kind, runs):
        options = [setting.options[0], setting.options[-1]] if isinstance(setting.options, range) else setting.options
        for value in options:
            display = make_display(kind, runs, {setting.name: value}, home)
            assert getattr(display, setting.name) == value
            assert display.describe()
        with pytest.raises(ReportError, match=f"Expected {setting.name} of {name} to be "):
            make_display(kind, runs, {setting.name: "<nonsense>"}, home)
    with pytest.raises(ReportError, match="Expected a setting of "):
        make_display(kind, runs, {"home": "x"}, home)


def test_one_is_not_true(runs: Comparison, home: Home) -> None:
    with pytest.raises(ReportError, match="Expected log of curves to be one of False, True; got 1"):
        make_display(DISPLAYS["curves"], runs, {"log": 1}, home)


# The shelf


def test_draft_is_edited_undone_and_undone_again(shelf: ReportStore) -> None:
    first = shelf.create(report_of("abcdef"), "ada")
    assert first.report.owner == "ada"
    second = shelf.save(first, first.report.change(title="Second"), "ada")
    third = shelf.save(second, second.report.change(title="Third"), "bob")
    assert shelf.save(third, third.report, "bob") == third
    undone = shelf.undo(third, "ada")
    assert (undone.revision, undone.report.title, undone.by) == (4, "Second", "ada")
    undone = shelf.undo(undone, "ada")
    assert (undone.report, undone.before) == (first.report, None)
    with pytest.raises(ReportError, match="as it was at first"):
        shelf.undo(undone, "ada")
    again = shelf.save(undone, undone.report.change(title="Other"), "ada")
    assert shelf.undo(again, "ada").report == first.report
    assert shelf.read(first.id).revision == 7


def test_later_one_of_two_is_told_and_nothing_is_written_over(shelf: ReportStore) -> None:
    seen = shelf.create(report_of("abcdef"), "ada")
    shelf.save(seen, seen.report.change(title="Bob's"), "bob")
    with pytest.raises(ReportConflictError, match="got a newer one, saved by 'bob' at "):
        shelf.save(seen, seen.report.change(title="Ada's"), "ada")
    with pytest.raises(ReportConflictError):
        shelf.undo(seen.model_copy(update={"before": 1}), "ada")
    assert shelf.read(seen.id).report.title == "Bob's"


def save_at_once(path: str, report_id: str, number: int, start: Any, said: Any) -> None:
    shelf = ReportStore(Home(Path(path)))
    seen = shelf.read(report_id)
    start.wait()
    try:
        shelf.save(seen, seen.report.change(title=f"Of {number}"), str(number))
        said.put(number)
    except ReportConflictError:
        said.put(None)


def test_of_many_processes_that_save_at_once_one_wins_and_all_others_are_told(shelf: ReportStore, home: Home) -> None:
    seen = shelf.create(report_of("abcdef"), "ada")
    context = multiprocessing.get_context("fork")
    start, said = context.Barrier(6), context.Queue()
    processes = [
        context.Process(target=save_at_once, args=(str(home.path), seen.id, number, start, said)) for number in range(6)
    ]
    for process in processes:
        process.start()
    answers = [said.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    winners = [number for number in answers if number is not None]
    assert len(winners) == 1
    draft = shelf.read(seen.id)
    assert (draft.revision, draft.report.title) == (2, f"Of {winners[0]}")


def test_published_version_stays_when_draft_runs_and_notes_change(
    shelf: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = shelf.create(write_default(runs, "First").change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = shelf.publish(draft, build_document(draft.report, store), "ada")
    assert published.address == f"{draft.id}-1"
    assert published.checksum == published.document.checksum
    later = shelf.save(draft, draft.report.change(title="Second", blocks=()), "ada")
    second = shelf.publish(later, build_document(later.report, store), "ada")
    for run in runs.runs:
        store.remove(run.run_id)
    again = ReportStore(shelf.home)
    assert again.open(published.address) == published
    assert again.open(draft.id) == second
    assert (again.open(f"{draft.id}-1").document.title, second.version) == ("First", 2)
    with pytest.raises(RunNotFoundError, match="Expected some of the runs of this report; got none: "):
        build_document(later.report, store)


def test_draft_that_changed_meanwhile_is_not_published(shelf: ReportStore, store: RunStore, runs: Comparison) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    document = build_document(draft.report, store)
    shelf.save(draft, draft.report.change(title="Newer"), "bob")
    with pytest.raises(ReportConflictError):
        shelf.publish(draft, document, "ada")
    assert shelf.versions(draft.id) == ()


def test_report_is_removed_with_its_versions_and_comes_back(
    shelf: ReportStore, store: RunStore, runs: Comparison
) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "ada")
    published = shelf.publish(draft, build_document(draft.report, store), "ada")
    shelf.remove(draft.id)
    assert shelf.entries() == []
    for ask in (shelf.read, shelf.open, shelf.remove):
        with pytest.raises(ReportError, match=f"got {draft.id}, which was deleted. It can be brought back"):
            ask(draft.id)
    assert [*shelf.removed()] == [draft.id]
    shelf.restore(draft.id)
    assert shelf.open(draft.id) == published
    with pytest.raises(ReportError, match="Expected the id of a deleted report"):
        shelf.restore(draft.id)
    shelf.remove(draft.id)
    shelf.clear()
    assert [*shelf.removed()] == []


@pytest.mark.parametrize("name", ["../x", "r", "R7k2m9qx", "r7k2m9qx-0", "r7k2m9qx/..", "", "x" * 10_000])
def test_address_that_is_none_is_refused(shelf: ReportStore, name: str) -> None:
    for ask in (shelf.open, split_address):
        with pytest.raises(ReportError, match="Expected a report such as 'r7k2m9qx'"):
            ask(name)
    with pytest.raises(ReportError):
        shelf.read(name)


def test_version_that_is_not_there_is_named(shelf: ReportStore) -> None:
    draft = shelf.create(report_of("abcdef"), "")
    with pytest.raises(ReportError, match="got none yet"):
        shelf.open(draft.id)
    with pytest.raises(ReportError, match="got version 7"):
        shelf.open(f"{draft.id}-7")


@given(st.integers(0, 2**48 - 1))
def test_no_id_of_a_run_can_be_taken_for_a_report(number: int) -> None:
    run_id = f"{number:012x}"
    assert not any(is_address(run_id[:length]) for length in range(13))


@pytest.mark.parametrize("change", [lambda text: text[:-40], lambda text: text.replace("GAP", "GMP"), lambda _: "[]"])
def test_published_file_that_was_changed_is_noticed(
    shelf: ReportStore, store: RunStore, runs: Comparison, change: Callable[[str], str]
) -> None:
    draft = shelf.create(write_default(runs).change(blocks=(ChartBlock(display="heads"),)), "")
    shelf.publish(draft, build_document(draft.report, store), "")
    path = shelf.home.reports / draft.id / "published-1.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(ReportError, match=r"as it was published; got (a damaged file|another content)\."):
        shelf.open(draft.id)


def test_damaged_draft_is_said_and_the_others_are_listed(shelf: ReportStore) -> None:
    good, bad = shelf.create(report_of("abcdef"), ""), shelf.create(report_of("abcdef"), "")
    (shelf.home.reports / bad.id / "draft-000001.json").write_text("{")
    assert [entry.draft for entry in ReportStore(shelf.home).entries()] == [good]
    with pytest.raises(ReportError, match=r"got a damaged draft-000001.json"):
        shelf.read(bad.id)


# What is frozen


def test_default_report_has_every_view_without_a_problem(frozen: tuple[Home, Document]) -> None:
    document = frozen[1]
    assert [figure.display for figure in document.figures if figure.problem] == []
    assert "GAP" in document.headline
    assert len(document.runs) == 4
    assert Document.model_validate_json(document.model_dump_json()).checksum == document.checksum


def test_view_that_cannot_be_drawn_says_so_in_its_place(runs: Comparison, store: RunStore) -> None:
    blocks = (
        ChartBlock(display="nonsense"),
        ChartBlock(display="curves", settings={"metric": "speed"}),
        ChartBlock(display="tiles"),
    )
    document = build_document(write_default(runs).change(blocks=blocks), store)
    problems = [figure.problem for figure in document.figures]
    assert problems[0].startswith("Expected display to be one of ")
    assert problems[1] == "Expected metric of curves to be one of 'accuracy', 'loss'; got 'speed'."
    assert problems[2] == ""


def test_runs_that_are_gone_are_the_first_caution(runs: Comparison, store: RunStore) -> None:
    report = write_default(runs)
    store.remove(runs.runs[0].run_id)
    assert build_document(report, store).cautions[0].startswith(f"1 of its 4 runs are gone: {runs.runs[0].run_id}")


# Files


class Reader(HTMLParser):
    """Counts what could do something, and keeps the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        links = [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.handlers += [url for url in links if not url.startswith(("https://", "http://", "mailto:", "data:"))]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def hostile(make_run: RunWriter, store: RunStore) -> Document:
    """A report whose title, words, classes and run names are all out to do harm."""
    classes = (*HOSTILE[:9], "x" * 300)
    made = [rewrite(make_run(head=head), classes=classes) for head in ("gap", "dense")]
    for run, name in zip(made, HOSTILE, strict=False):
        NoteBook(store.home).write(run.run_id, Note(name=name))
    report = write_default(Comparison.of(made), " ".join(HOSTILE[:6]))
    words = tuple(TextBlock(text=text) for text in (*HOSTILE, "y" * 10_000))
    views = tuple(
        view
        for view in report.blocks
        if isinstance(view, ChartBlock) and view.display in ("heads", "first", "class_accuracy")
    )
    return build_document(report.change(blocks=(*words, *views), owner=HOSTILE[0]), store)


def test_html_does_nothing_that_its_texts_say(hostile: Document, home: Home) -> None:
    (content,) = FORMATS["html"].write(Edition(hostile), home).values()
    reader = Reader()
    reader.feed(content.decode())
    assert reader.tags.count("script") == 3
    assert not {"svg", "iframe", "object", "embed", "form", "base"} & {*reader.tags}
    assert reader.tags.count("img") == sum(len(figure.pictures) for figure in hostile.figures)
    assert reader.handlers == []
    text = "".join(reader.text)
    for said in (HOSTILE[0], HOSTILE[1], HOSTILE[8]):
        assert said in text


def test_csv_has_no_formula(hostile: Document, home: Home) -> None:
    (content,) = FORMATS["csv"].write(Edition(hostile), home).values()
    rows = [*csv.reader(io.StringIO(content.decode("utf-8-sig")))]
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    risky = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [cell for cell in risky if not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)] == []


@given(st.text() | st.sampled_from(["=1", " =1", "+1+1", "-2+3", "@SUM(1)", "\t=1", "-0.5", "+3 %"]))
def test_no_text_is_left_a_formula(text: str) -> None:
    assert not is_formula(str(defuse(text)))
    shown = disarm(pd.DataFrame({"a": [text]}))["a"].iloc[0]
    assert not is_formula(shown)
    assert shown.removeprefix("\u2060") == text.removeprefix("\u2060")


def test_markdown_says_hostile_texts_as_text(hostile: Document, home: Home) -> None:
    files = FORMATS["md"].write(Edition(hostile), home)
    tokens = MarkdownIt("commonmark").enable("table").parse(next(iter(files.values())).decode())
    inside = [child for token in tokens for child in token.children or []]
    assert not [token.content for token in (*tokens, *inside) if token.type.startswith("html")]
    assert {str(token.attrs["src"]) for token in inside if token.type == "image"} == {*files} - {next(iter(files))}
    assert {str(token.attrs["href"]) for token in inside if token.type == "link_open"} <= {"http://a.example/x"}


@pytest.mark.parametrize("text", HOSTILE)
def test_words_become_harmless_html(text: str) -> None:
    reader = Reader()
    reader.feed(write_html(text))
    assert {*reader.tags} <= {"p", "a"}
    assert reader.handlers == []


@given(st.text(max_size=300))
def test_no_words_make_a_script_or_a_handler(text: str) -> None:
    reader = Reader()
    reader.feed(write_html(text))
    assert not {"script", "img", "svg", "iframe", "style"} & {*reader.tags}
    assert reader.handlers == []


def test_html_is_small_and_allows_its_own_scripts_alone(frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    (content,) = FORMATS["html"].write(Edition(document), home).values()
    assert len(content) < 5_000_000
    assert b"default-src 'none'; script-src 'sha256-" in content.replace(b"&#39;", b"'")


@pytest.mark.parametrize("name", [*FORMATS])
def test_every_format_holds_the_headline_and_the_command(name: str, frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    edition = Edition(document, "r7k2m9qx-1", "2026-11-21T12:00:00+00:00", document.checksum, name="mine")
    files = FORMATS[name].write(edition, home)
    first, *others = files
    assert first == f"mine{FORMATS[name].suffix}"
    assert FORMATS[name].several == bool(others)
    if name != "pdf":  # its text is compressed
        text = files[first].decode()
        assert "17.5× fewer parameters than Flatten + Dense" in text
        assert document.reproduction.commands[0] in text
        assert document.checksum in text or name == "csv"
    if others:
        with zipfile.ZipFile(io.BytesIO(pack(files))) as archive:
            assert archive.namelist() == [*files]
            assert archive.testzip() is None


def test_json_and_csv_hold_every_figure(frozen: tuple[Home, Document]) -> None:
    home, document = frozen
    edition = Edition(document)
    (plain,) = (json.loads(content) for content in FORMATS["json"].write(edition, home).values())
    shown = {section["id"]: section for section in plain["sections"]}
    (content,) = FORMATS["csv"].write(edition, home).values()
    lines = {tuple(row) for row in csv.reader(io.StringIO(content.decode("utf-8-sig")))}
    for figure in document.figures:
        assert isinstance(figure, Figure)
        assert figure.frame is not None
        assert [[*row.values()] for row in shown[figure.id]["frame"]] == [[*row] for row in figure.frame.rows]
        for number, row in enumerate(figure.frame.rows, 1):
            for column, value in zip(figure.frame.columns, row, strict=True):
                cell = "" if value is None else str(defuse(value))
                assert (figure.display, figure.title, str(number), column, cell) in lines


# The command line, and the figures once more


def call(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_command_line_makes_publishes_lists_and_exports(runs: Comparison, tmp_path: Path) -> None:
    ids = [run.run_id for run in runs.runs]
    report_id = call("report", "create", *ids, "--title", "Ours").strip()
    address, checksum = call("report", "publish", report_id).split()
    assert address == f"{report_id}-1"
    (listed,) = json.loads(call("report", "--json"))
    assert (listed["id"], listed["title"], listed["versions"], listed["runs"]) == (report_id, "Ours", [1], ids)
    path = tmp_path / "report.json"
    call("report", "export", address, "-o", str(path))
    assert json.loads(path.read_text())["checksum"] == checksum
    call("report", "export", report_id, "--draft", "-o", str(path))
    assert json.loads(path.read_text())["checksum"] is None
    call("report", "export", *ids, "-o", str(tmp_path / "runs.csv"))
    assert (tmp_path / "runs.csv").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("r7k2m9qx", "r7k2m9qy", "-o", "x.html"),
            "Expected one report, or ids of runs; got both, or several reports.",
        ),
        (("r7k2m9qx", "-o", "x.html"), "Expected the id of a report; got 'r7k2m9qx', which is not in this home."),
        (("0123", "-o", "x.html"), "Expected the id of a finished run; got '0123'."),
        (("0123", "-o", "x.doc"), "Expected a file that ends in .html, "),
        (("0123", "-o", "x", "--format", "doc"), "Expected format to be one of "),
    ],
)
def test_export_that_cannot_be_is_refused_in_a_sentence(home: Home, words: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(app, ["report", "export", *words])
    assert result.exit_code == 1
    assert result.stderr.startswith(sentence)


specs = st.builds(
    lambda head, seed, **settings: RunSpec().replace(head=head, seed=seed, **settings),
    st.sampled_from([*HEADS]),
    st.integers(0, 4),
    epochs=st.sampled_from([1, 25]),
    filters=st.sampled_from([8, 32]),
    units=st.sampled_from([32, 128]),
    dropout=st.sampled_from([0.0, 0.25]),
    augmentation=st.sampled_from(["", "flip_horizontal=0.5"]),
)


@given(st.lists(specs, min_size=1, max_size=8))
def test_commands_name_these_runs_and_no_others(made: list[RunSpec]) -> None:
    train = cast(TyperGroup, get_command(app)).commands["train"]
    found: list[RunSpec] = []
    for command in write_commands(made):
        said = train.make_context("train", shlex.split(command)[4:]).params
        settings = {name: value for name, value in said.items() if name in SETTINGS}
        found += list_specs(said["recipe"], said["heads"], said["seeds"], settings)
    assert len(found) == len({spec.run_id for spec in made})
    assert {spec.run_id for spec in found} == {spec.run_id for spec in made}
