"""Access to the files that a user adds: a folder, a ZIP or tar archive, or Parquet files."""

import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from core.datasets.file_tree import open_tree
from core.datasets.tar_tree import is_tar, open_tar
from core.datasets.tree import Tree


@contextmanager
def open_source(path: Path) -> Iterator[Tree]:
    """Open the files at a path.

    Raises:
        DatasetError: when the files cannot be read, an archive is unsafe, or there are too many files.
    """
    opened: AbstractContextManager[Tree] = open_tar(path) if path.is_file() and is_tar(path) else open_tree(path)
    with opened as tree:
        yield tree


def is_source(path: Path) -> bool:
    """Return whether a file begins and ends like an archive that `open_source` can open."""
    return is_tar(path) or zipfile.is_zipfile(path)
