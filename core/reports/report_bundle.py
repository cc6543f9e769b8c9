"""Reports in bundles: the files to export, and the validation before an import."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import BundleError, DatasetError, HeadroomError
from core.files import read_file
from core.home import Home
from core.image_file import read_picture
from core.reports.comment_store import CommentStore
from core.reports.own_image import list_image_ids
from core.reports.report import Report, TextBlock
from core.reports.report_store import ReportStore

_PATTERNS = ("draft-*.json", "published-*.json", "comments/*.json")
_MAX_IMAGE_BYTES = 600_000
_LINKS = ("url", "href", "baseurl")  # keys in chart specifications
_ADDRESS = re.compile(r"\s*(?!data:image/)[a-z+.-]*:|\s*//", re.IGNORECASE)


def list_report_files(home: Home, report_ids: Sequence[str]) -> dict[str, Path]:
    """Return the files of reports, their comments and their images by their names in a bundle.

    Raises:
        ReportError: when a report does not exist.
    """
    files: dict[str, Path] = {}
    for report_id in report_ids:
        reports = ReportStore(home)
        reports.read(report_id)
        folder = home.reports / report_id
        paths = [path for pattern in _PATTERNS for path in sorted(folder.glob(pattern))]
        for draft in reports.revisions(report_id):
            paths += [home.reports / "images" / f"{name}.img" for name in _list_used_images(draft.report)]
        files |= {path.relative_to(home.reports.parent).as_posix(): path for path in paths if path.is_file()}
    return files


def _list_used_images(report: Report) -> Iterator[str]:
    for text in (report.summary, *(block.text for block in report.blocks if isinstance(block, TextBlock))):
        yield from list_image_ids(text)


def prepare_reports(home: Home, folder: Path) -> Callable[[], list[str]]:
    """Validate the reports in a folder, named as `home.reports` is. Return the function that moves those that do not
    exist yet into the home, and returns their IDs.

    Raises:
        BundleError: when a file is invalid.
    """
    for image in sorted((folder / "images").glob("*.img")):
        _check_image(image)
    found = sorted(path.name for path in folder.glob("r*") if path.is_dir())
    for report_id in found:
        try:
            _check_report(Home(folder.parent), report_id)
        except HeadroomError as error:
            raise BundleError(f"Report {report_id} in the bundle is invalid: {error}") from None

    def publish() -> list[str]:
        known = {path.name for path in home.reports.glob("r*")} | {*ReportStore(home).removed()}
        added = [report_id for report_id in found if report_id not in known]
        for name in [*added, *(f"images/{path.name}" for path in (folder / "images").glob("*.img"))]:
            target = home.reports / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(folder / name, target)
        return added

    return publish


def _check_image(path: Path) -> None:
    content = read_file(path, _MAX_IMAGE_BYTES)
    try:
        read_picture(content)
    except DatasetError as error:
        raise BundleError(f"Image {path.stem} in the bundle is invalid: {error}") from None
    if hashlib.sha256(content).hexdigest()[:16] != path.stem:
        raise BundleError(f"Image {path.stem} in the bundle is damaged (checksum mismatch).")


def _check_report(scratch: Home, report_id: str) -> None:
    reports = ReportStore(scratch)
    reports.read(report_id)
    if len(reports.revisions(report_id)) < len([*(scratch.reports / report_id).glob("draft-*.json")]):
        raise BundleError("a revision cannot be read.")
    if CommentStore(scratch).read(report_id).damaged:
        raise BundleError("a comment cannot be read.")
    for version in reports.versions(report_id):
        document = reports.open(f"{report_id}-{version}").document
        if any(_has_address(figure.chart) for figure in document.figures):
            raise BundleError("a chart loads data from an address.")


def _has_address(value: Any, key: str = "") -> bool:
    """Return whether a chart specification contains an address that a browser would open or load."""
    if isinstance(value, dict):
        return any(_has_address(part, str(name).lower()) for name, part in value.items())
    if isinstance(value, list):
        return any(_has_address(part, key) for part in value)
    return isinstance(value, str) and key in _LINKS and _ADDRESS.match(value) is not None
