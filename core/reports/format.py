"""Registry of the file formats of reports."""

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from core.home import Home
from core.registry import Registry
from core.reports.document import Document
from core.reports.extras import Extras
from core.reports.revision import PublishedVersion

Files = dict[str, bytes]
"""File contents by name. The first file is the report; it refers to the other files."""


@dataclass(frozen=True)
class Edition:
    """Document to be written to files.

    Attributes:
        address, at, checksum: empty for a draft.
        name: file name without extension.
        extras: test images and models for an HTML file.
    """

    document: Document
    address: str = ""
    at: str = ""
    checksum: str = ""
    name: str = ""
    extras: Extras = field(default_factory=Extras)

    @classmethod
    def of(cls, published: PublishedVersion) -> "Edition":
        return cls(published.document, published.address, published.at, published.checksum)

    @property
    def stem(self) -> str:
        return self.name or f"headroom-{self.address or 'report'}"

    def describe(self) -> str:
        """Return a text such as "Version 2 of report r7k2m9qx, published on 21 November 2026 at 14:03 UTC by ada"."""
        by = f" by {self.document.author}" if self.document.author else ""
        if not self.address:
            return f"Draft of {write_time(self.document.made_at)}{by}. Its results may change."
        name, _, version = self.address.partition("-")
        return f"Version {version} of report {name}, published on {write_time(self.at)}{by}."


class Format(ABC):
    """File format, one per module of `core.reports.formats`. `suffix` is the file extension."""

    name: ClassVar[str]
    label: ClassVar[str]
    suffix: ClassVar[str]
    mime: ClassVar[str]
    order: ClassVar[int]
    several: ClassVar[bool] = False  # writes several files, which a download packs into a ZIP archive
    draws: ClassVar[bool] = False  # contains images of the charts
    interactive: ClassVar[bool] = False  # contains test images and models, see `Extras`

    @staticmethod
    @abstractmethod
    def write(edition: Edition, home: Home) -> Files:
        """Return the files of an edition. The name of the first is the `stem` of the edition with the suffix."""


FORMATS: "Registry[type[Format]]" = Registry("core.reports.formats", "format")


def write_time(at: str) -> str:
    """Format an ISO time for display.

    >>> write_time("2026-11-21T14:03:59+00:00")
    '21 November 2026 at 14:03 UTC'
    """
    moment = datetime.fromisoformat(at)
    return f"{moment.day} {moment:%B %Y at %H:%M} UTC"


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a single file unchanged, several files as a ZIP archive."""
    if len(files) == 1:
        return next(iter(files.values()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
