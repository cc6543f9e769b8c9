"""Files of a folder or an archive, of which each is read, skipped with a reason, or ignored as a system file."""

from abc import ABC, abstractmethod
from typing import Any

from core.datasets.custom.image_files import MAX_FILES
from core.datasets.trees.litter import is_litter
from core.errors import DatasetError
from core.image_format import MAX_BYTES

_MAX_PATH = 4096  # as on Linux


class Tree(ABC):
    """Files by their path relative to the top, with `/` between the parts.

    Attributes:
        folders: Paths of folders: at least of those that contain no other file or folder.
        skipped: Files that are not read, each with a reason.
        ignored: Names of files and folders that systems create (`core.datasets.trees.litter`).
    """

    def __init__(self) -> None:
        self.folders: set[str] = set()
        self.skipped: list[tuple[str, str]] = []
        self.ignored: set[str] = set()
        self._sources: dict[str, Any] = {}
        self._count = 0

    @property
    def names(self) -> list[str]:
        """Sorted paths of the files that can be read."""
        return sorted(self._sources)

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises:
            DatasetError, OSError: when it is not a regular file, is damaged, or exceeds the limit for images.
        """

    def _add_file(self, path: str, source: Any) -> None:
        name = self._admit(path)
        if name:
            if name in self._sources:
                self.skipped.append((name, "A later file in the archive has the same name."))
            self._sources[name] = source

    def _add_folder(self, path: str) -> None:
        name = self._admit(path, folder=True)
        if name:
            self.folders.add(name)

    def _skip(self, path: str, reason: str) -> None:
        name = self._admit(path)
        if name:
            self.skipped.append((name + "/" * path.endswith("/"), reason))

    def _admit(self, path: str, *, folder: bool = False) -> str:
        """Count an entry, and return its normalized path, or "" if it is hidden or ignored."""
        self._count += 1
        parts = split_path(path)
        if self._count > MAX_FILES or not parts:
            return ""
        if len(path) > _MAX_PATH:
            self.skipped.append(("/".join(parts), f"The path has more than {_MAX_PATH:,} characters."))
            return ""
        unused = next((row for row, part in enumerate(parts) if part.startswith(".") or is_litter(part)), None)
        if unused is None:
            return "/".join(parts)
        self.folders.update({"/".join(parts[:unused])} - {""})
        if litter := next(filter(is_litter, parts), None):
            self.ignored.add(litter)
        elif not folder:
            where = "This file is hidden." if parts[-1].startswith(".") else "This file is in a hidden folder."
            self.skipped.append(("/".join(parts), where))
        return ""


def split_path(path: str) -> list[str]:
    r"""Split a path at `/` and `\`, which some archives contain, without empty parts.

    >>> split_path("./cat\\1.png")
    ['cat', '1.png']
    """
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]


def decode_name(path: bytes) -> str:
    """Decode a path. Each part is UTF-8, or in the original encoding of ZIP archives if it is not UTF-8.

    >>> decode_name("äpfel/ä.png".encode()), decode_name("äpfel".encode("cp437") + "/ä.png".encode())
    ('äpfel/ä.png', 'äpfel/ä.png')
    """
    return "/".join(map(_decode_part, path.replace(b"\\", b"/").split(b"/")))


def _decode_part(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        return part.decode("cp437")


def check_size(size: int) -> None:
    """
    Raises:
        DatasetError: when a file is too large for an image.
    """
    if size > MAX_BYTES:
        raise DatasetError(
            f"An image file may have at most {MAX_BYTES / 1e6:.0f} MB; this one has {size / 1e6:.1f} MB."
        )


def check_count(count: int, container: str) -> None:
    """
    Raises:
        DatasetError: when a folder or an archive has too many files.
    """
    if count > MAX_FILES:
        raise DatasetError(f"{container} may have at most {MAX_FILES:,} files; this one has {count:,}.")
