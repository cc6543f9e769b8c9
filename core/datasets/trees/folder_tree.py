"""Access to the files in a folder. Links are followed once, so that no folder is read twice."""

import heapq
import os
import stat
from functools import partial
from pathlib import Path

from core.datasets.trees.litter import is_litter
from core.datasets.trees.tree import Tree, check_count, check_size, decode_name
from core.errors import DatasetError

_IRREGULAR = "This is not a regular file."


class FolderTree(Tree):
    """Files of a folder.

    Raises:
        OSError: when the folder cannot be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._seen: set[tuple[int, int]] = set()
        self._links: list[tuple[str, str]] = []
        self._walk(os.fspath(path), "")
        while self._links:  # after all folders, so that folders keep their own paths
            prefix, link = heapq.heappop(self._links)
            self._walk(link, prefix)
        check_count(self._count, "A folder")

    def read(self, name: str) -> bytes:
        path = self._sources[name]
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would block
            raise DatasetError(_IRREGULAR)
        check_size(found.st_size)
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    def _walk(self, path: str, prefix: str) -> None:
        """Add the files and folders below a folder; links to folders are kept for later."""
        waiting = [(path, prefix)]
        while waiting:
            path, prefix = waiting.pop()
            try:
                found = os.stat(path)
                if (found.st_dev, found.st_ino) in self._seen:
                    self._skip(prefix, "This link leads to a folder that is included already.")
                    continue
                self._seen.add((found.st_dev, found.st_ino))
                with os.scandir(path) as entries:
                    if prefix:
                        self._add_folder(prefix)
                    waiting += [(path, name) for path, name in map(partial(self._visit, prefix), entries) if path]
            except OSError as error:
                if not prefix:
                    raise
                self._skip(prefix, f"Cannot read the folder: {error.strerror}.")

    def _visit(self, prefix: str, entry: "os.DirEntry[str]") -> tuple[str, str]:
        """Add an entry of a folder; return the path and the prefix of a folder that is to be read."""
        name = prefix + decode_name(os.fsencode(entry.name))
        linked = entry.is_symlink()
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
            if linked:
                entry.stat()  # raises for broken and circular links
        except OSError as error:
            self._skip(name, f"This link is broken: {error.strerror}.")
            return "", ""
        if is_litter(entry.name) or not is_folder:
            if is_file:
                self._add_file(name, entry.path)
            else:
                self._skip(name, _IRREGULAR)
        elif linked:
            heapq.heappush(self._links, (f"{name}/", entry.path))
        else:
            return entry.path, f"{name}/"
        return "", ""
