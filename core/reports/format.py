"""What a file format of reports is, and the ones there are."""

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from core.home import Home
from core.registry import Registry
from core.reports.document import Document
from core.reports.report_store import PublishedVersion

Files = dict[str, bytes]
"""Contents by name; the first is the report, the others stand beside it and are named in it."""


@dataclass(frozen=True)
class Edition:
    """A document, and of a published one its address, its time and its checksum; empty for a draft. `name` is what its
    files are to be called, without an ending."""

    document: Document
    address: str = ""
    at: str = ""
    checksum: str = ""
    name: str = ""

    @classmethod
    def of(cls, published: PublishedVersion) -> "Edition":
        return cls(published.document, published.address, published.at, published.checksum)

    @property
    def stem(self) -> str:
        return self.name or f"headroom-{self.address or 'report'}"

    def describe(self) -> str:
        """«Version 2 of report r7k2m9qx, published on 21 November 2026 at 14:03 UTC by ada@example.org»."""
        by = f" by {self.document.author}" if self.document.author else ""
        if not self.address:
            return f"A draft of {write_time(self.document.made_at)}{by}: its figures may change."
        name, _, version = self.address.partition("-")
        return f"Version {version} of report {name}, published on {write_time(self.at)}{by}."


class Format(ABC):
    """One file a format, by the name of the format; `suffix` ends the name of what it writes."""

    name: ClassVar[str]
    label: ClassVar[str]
    suffix: ClassVar[str]
    mime: ClassVar[str]
    order: ClassVar[int]
    several: ClassVar[bool] = False  # files, which a download packs into one

    @staticmethod
    @abstractmethod
    def write(edition: Edition, home: Home) -> Files:
        """The files of an edition; the first is called as its `stem`, with the suffix."""


FORMATS: "Registry[type[Format]]" = Registry("core.reports.formats", "format")


def write_time(at: str) -> str:
    """
    >>> write_time("2026-11-21T14:03:59+00:00")
    '21 November 2026 at 14:03 UTC'
    """
    moment = datetime.fromisoformat(at)
    return f"{moment.day} {moment:%B %Y at %H:%M} UTC"


def pack(files: Mapping[str, bytes]) -> bytes:
    """One file as it is, several as a zip archive."""
    if len(files) == 1:
        return next(iter(files.values()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()
