"""Export of a report or of runs to files."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from core.displays.views.difference import HeadDifference, Margin
from core.errors import ReportError
from core.files import replacing
from core.home import Home
from core.reports.address import is_address, split_address
from core.reports.build import build_document, open_report_comparison
from core.reports.chart_image import load_vega, starting_engines
from core.reports.comment import add_comments
from core.reports.comment_store import CommentStore
from core.reports.default_report import write_default
from core.reports.extras import collect_extras
from core.reports.format import FORMATS, Edition, Files, pack
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from core.store.run_store import RunStore


def open_comparison_edition(comparison: Comparison, store: RunStore, margin: Margin = HeadDifference.margin) -> Edition:
    """Build the default report of a comparison.

    Args:
        margin: non-inferiority margin in percentage points.

    Raises:
        HeadroomError: when the report cannot be built.
    """
    return Edition(build_document(write_default(comparison, margin=margin), store))


def open_edition(names: Sequence[str], store: RunStore, *, draft: bool = False) -> Edition:
    """Open a report by its address, or build the default report of runs by their IDs.

    Args:
        names: one report address, or run IDs or unique prefixes of them.
        draft: open the draft even if the report has published versions.

    Raises:
        HeadroomError: when the report or a run does not exist, or the report cannot be built.
    """
    report_store = ReportStore(store.home)
    if len(names) == 1 and is_address(names[0]):
        report_id, version = split_address(names[0])
        if version is None and (draft or not report_store.versions(report_id)):
            return Edition(build_document(report_store.read(report_id).report, store))
        return Edition.of(report_store.open(names[0]))
    if any(is_address(name) for name in names):
        raise ReportError("Give either one report, or run IDs.")
    comparison, _ = open_report_comparison(store, [store.find(name).run_id for name in names])
    return open_comparison_edition(comparison, store)


def include_comments(edition: Edition, home: Home, address: str) -> Edition:
    """Return an edition with the comments of its report as text after their blocks."""
    comments = CommentStore(home).read(split_address(address)[0]).comments
    return replace(edition, document=add_comments(edition.document, comments))


def find_format(path: Path, name: str | None) -> str:
    """Return the name of the format, by default from the extension of the file.

    Raises:
        ReportError: when no format has this extension.
        UnknownNameError: when no format has this name.
    """
    if name is not None:
        return FORMATS[name].name
    found = next((form.name for form in FORMATS.values() if form.suffix == path.suffix.lower()), None)
    if found is None:
        extensions = ", ".join(form.suffix for form in FORMATS.values())
        raise ReportError(f"Expected a file with the extension {extensions}, or --format; got {path.name!r:.60}.")
    return found


@contextmanager
def preparing(form: str, home: Home) -> Iterator[None]:
    """While the block builds the document, bundle the chart script of an HTML report if it is not in the home yet. This
    takes seconds in a separate process."""
    with ThreadPoolExecutor(1) as background:
        if form == "html":
            background.submit(load_vega, home)
        yield


def drawing(form: str) -> AbstractContextManager[None]:
    """Return a context for building and exporting a report, in which the drawing of its charts is prepared."""
    return starting_engines() if FORMATS[form].draws else nullcontext()


def add_extras(edition: Edition, form: str, store: RunStore, *, models: bool = False) -> Edition:
    """Return an edition with test images and, if requested, models, for formats that contain them.

    Raises:
        ReportError: when models are requested for another format.
    """
    if FORMATS[form].interactive:
        return replace(edition, extras=collect_extras(edition.document, store, models=models))
    if models:
        raise ReportError(f"A report as {form} cannot contain models. Export it as HTML, or without --models.")
    return edition


def export_report(edition: Edition, form: str, path: Path, store: RunStore) -> Files:
    """Write a report to `path` and its images next to it, or everything to one ZIP archive if `path` ends in .zip.

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
