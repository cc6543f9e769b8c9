"""Access to the files that a user adds: a folder, a ZIP or tar archive, or Parquet files."""

import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from core.datasets.trees.file_tree import open_tree
from core.datasets.trees.folder_tree import FolderTree
from core.datasets.trees.layout import Layout, choose_drawn, find_layout
from core.datasets.trees.metadata_tree import MetadataTree, find_metadata
from core.datasets.trees.parquet_tree import SUFFIX, ParquetTree, find_parquet, open_parquet
from core.datasets.trees.tar_tree import is_tar, open_tar
from core.datasets.trees.tree import Tree
from core.errors import DatasetError


@contextmanager
def open_source(path: Path) -> Iterator[Tree]:
    """Open the files at a path.

    Raises:
        DatasetError: when the files cannot be read, an archive is unsafe, or there are too many files.
    """
    with _choose(path) as tree:
        yield MetadataTree(tree) if find_metadata(tree) else tree


def find_source_layout(tree: Tree) -> Layout:
    """Return the classes and splits of the files: those in Parquet files, or those that `find_layout` finds.

    Raises:
        DatasetError: when there are no classes.
    """
    if not isinstance(tree, ParquetTree):
        layout = find_layout(tree)
        if layout.splits == "csv" and isinstance(tree, MetadataTree) and tree.split_by_folders:
            layout.splits = "given"
        return layout
    count = len({*tree.labels.values()})
    if count < 2:
        reason = f" The first row that was skipped: {tree.skipped[0][1]}" if tree.skipped else ""
        raise DatasetError(f"Expected at least 2 classes in the Parquet files; got {count}.{reason}")
    layout = Layout(labels=tree.labels, parts=tree.parts, splits="given")
    choose_drawn(layout)
    return layout


def is_source(path: Path) -> bool:
    """Return whether a file begins and ends like an archive that `open_source` can open."""
    return is_tar(path) or zipfile.is_zipfile(path)


def _choose(path: Path) -> AbstractContextManager[Tree]:
    if path.is_file():
        if path.suffix.lower() == SUFFIX:
            return open_parquet(path.parent, [path.name])
        return open_tar(path) if is_tar(path) else open_tree(path)
    try:
        tree = FolderTree(path)
    except OSError:
        return open_tree(path)
    found = find_parquet(tree.names)
    return open_parquet(path, found) if found else nullcontext(tree)
