"""Bundles with reports and notes: what arrives in another home, and what is refused."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BundleError
from core.home import Home
from core.reports.build import build_document
from core.reports.comment_store import CommentStore
from core.reports.default_report import write_default
from core.reports.document import Document
from core.reports.own_image import store_image
from core.reports.report import TextBlock
from core.reports.report_bundle import list_report_files, prepare_reports
from core.reports.report_store import ReportStore
from core.store.bundle import export_bundle
from core.store.bundle_import import import_bundle
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from core.store.run_store import RunStore
from tests.support.image_writer import write_png


@pytest.fixture
def bundle(home: Home, runs: Comparison, store: RunStore, tmp_path: Path) -> tuple[str, Path]:
    """A bundle with two runs, a note and a report with an image, a version and a comment; the ID of the report."""
    reports = ReportStore(home)
    reference = store_image(home, write_png(np.zeros((4, 4, 1), np.uint8)), "An image")
    draft = reports.create(write_default(runs).change(blocks=(TextBlock(id="abcdef", text=reference),)), "ada")
    draft = reports.save(draft, draft.report.change(title="Second"), "ada")
    reports.publish(draft, build_document(draft.report, store), "ada")
    CommentStore(home).post(draft.id, "Why?", "bob", block="abcdef")
    ids = [run.run_id for run in runs.runs]
    NoteBook(home).write(ids[0], Note(name="first", tags=("paper",), text="why", star=True))
    path = tmp_path / "bundle.zip"
    export_bundle(store, ids, path, reports=list_report_files(home, [draft.id]))
    return draft.id, path


def test_reports_and_notes_arrive_in_another_home(home: Home, bundle: tuple[str, Path], tmp_path: Path) -> None:
    report_id, path = bundle
    other = Home(tmp_path / "other")
    found = import_bundle(other, path, prepare_reports=partial(prepare_reports, other))
    assert found.reports == [report_id]
    notes = [note for note in NoteBook(other).read_all().values() if note.name]
    assert [(note.name, note.tags, note.text, note.star) for note in notes] == [("first", ("paper",), "why", False)]
    for folder in (f"reports/{report_id}", "reports/images", f"reports/{report_id}/comments"):
        files = {one.name: one.read_bytes() for one in (home.path / folder).iterdir() if one.is_file()}
        assert files == {one.name: one.read_bytes() for one in (other.path / folder).iterdir() if one.is_file()}
    assert ReportStore(other).open(report_id).document.title == "Second"
    CommentStore(other).post(report_id, "Here", "eve")
    NoteBook(other).change(found.imported[:1], name="mine")
    second = import_bundle(other, path, prepare_reports=partial(prepare_reports, other))
    assert (second.imported, second.reports) == ([], [])
    assert len(CommentStore(other).read(report_id).comments) == 2
    third = Home(tmp_path / "third")
    assert import_bundle(third, path).reports == []
    assert not third.reports.exists()


def change(path: Path, name: str, edit: Callable[[bytes], bytes]) -> None:
    """Replace a file of a bundle and its checksum."""
    with zipfile.ZipFile(path) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    (full,) = [one for one in files if name in one]
    files[full] = edit(files[full])
    manifest = json.loads(files["bundle.json"])
    manifest["files"][full] = {"bytes": len(files[full]), "sha256": hashlib.sha256(files[full]).hexdigest()}
    files["bundle.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in files.items():
            archive.writestr(one, content)


def test_what_is_invalid_is_refused_and_nothing_is_imported(bundle: tuple[str, Path], tmp_path: Path) -> None:
    kept = bundle[1].read_bytes()

    def load_chart(content: bytes) -> bytes:
        version = json.loads(content)
        figure = {"kind": "figure", "id": "x", "display": "x", "title": "x", "chart": {"data": {"url": "http://e.x"}}}
        version["document"]["sections"].append(figure)
        version["checksum"] = Document.model_validate(version["document"]).checksum
        return json.dumps(version).encode()

    cases: list[tuple[str, Any, str | None]] = [
        ("draft-000001", lambda content: b"{}", "a revision cannot be read"),
        ("draft-000002", lambda content: content.replace(b'"revision": 2', b'"revision": 3'),
         "a revision cannot be read"),
        ("published-1", lambda content: content.replace(b"Second", b"Fourth"), "checksum mismatch"),
        ("published-1", load_chart, "a chart loads data from an address"),
        ("comments/000001", lambda content: b"[]", "a comment cannot be read"),
        (".img", lambda content: content + b"x", "damaged"),
        (".img", lambda content: b"<svg/>", "not a valid image"),
        ("notes.json", lambda content: b'{"0123456789ab": {"name": "x"}}', "it has a note of run '0123456789ab'"),
        ("notes.json", lambda content: b"[]", "notes.json is not a valid JSON object"),
        ("notes.json", lambda content: content.replace(b'"first"', b'3'), None),
    ]  # fmt: skip
    for number, (name, edit, sentence) in enumerate(cases):
        bundle[1].write_bytes(kept)
        change(bundle[1], name, edit)
        other = Home(tmp_path / f"other-{number}")
        if sentence is None:  # an invalid value has its default, as in the notes of this home
            assert import_bundle(other, bundle[1]).imported
            continue
        with pytest.raises(BundleError, match=sentence):
            import_bundle(other, bundle[1], prepare_reports=partial(prepare_reports, other))
        assert RunStore(other, examples=tmp_path / "none").frame().empty
        assert not [*other.reports.glob("*")]
        assert NoteBook(other).read_all() == {}
