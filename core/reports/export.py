"""From a name that a person gives, of a report or of runs, to an edition and its files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import ReportError
from core.files import replacing
from core.reports.address import is_address, split_address
from core.reports.build import build_document, open_report_comparison
from core.reports.default_report import write_default
from core.reports.format import FORMATS, Edition, Files, pack
from core.reports.report_store import ReportStore
from core.store.run_store import RunStore


def open_edition(names: Sequence[str], store: RunStore, *, draft: bool = False) -> Edition:
    """Of the address of a report, its published version, or its draft where there is none; of ids of runs, or how they
    begin, the report that they give by themselves.

    Args:
        draft: the draft, whatever was published.

    Raises:
        HeadroomError: when it is not there, or cannot be put together.
    """
    report_store = ReportStore(store.home)
    if len(names) == 1 and is_address(names[0]):
        report_id, version = split_address(names[0])
        if version is None and (draft or not report_store.versions(report_id)):
            return Edition(build_document(report_store.read(report_id).report, store))
        return Edition.of(report_store.open(names[0]))
    if any(is_address(name) for name in names):
        raise ReportError("Expected one report, or ids of runs; got both, or several reports.")
    comparison, _ = open_report_comparison(store, [store.find(name).run_id for name in names])
    return Edition(build_document(write_default(comparison), store))


def find_format(path: Path, name: str | None) -> str:
    """The format that is asked for; without a name, the one that the ending of the file tells.

    Raises:
        ReportError: when the ending tells none.
        UnknownNameError: when there is no format of that name.
    """
    if name is not None:
        return FORMATS[name].name
    found = next((form.name for form in FORMATS.values() if form.suffix == path.suffix.lower()), None)
    if found is None:
        endings = ", ".join(form.suffix for form in FORMATS.values())
        raise ReportError(f"Expected a file that ends in {endings}, or --format; got {path.name!r:.60}.")
    return found


def export_report(edition: Edition, form: str, path: Path, store: RunStore) -> Files:
    """Writes a report to `path`, and what else belongs to it beside it; into a .zip all together.

    Raises:
        HomeError: when a file cannot be written.
    """
    files = FORMATS[form].write(replace(edition, name=path.stem), store.home)
    if path.suffix == ".zip":
        files = {path.name: pack(files)}
    first = next(iter(files))
    for name, content in files.items():
        with replacing(path if name == first else path.parent / name) as temporary:
            temporary.write_bytes(content)
    return files
