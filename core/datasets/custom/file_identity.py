"""Identity of the files that a dataset is made of, to recognize them when they are added again."""

import hashlib
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from core.datasets.cache import DatasetInfo, list_folders
from core.datasets.custom.image_files import MAX_FILES, Collection
from core.datasets.dataset_key import FOLDER, key_of, remove_command
from core.errors import DatasetError
from core.files import DAMAGED_ZIP, read_file
from core.home import Home

_END_BYTES = 1_000_000


def compute_identity(path: Path, collection: Collection, source: str = "") -> str:
    """Return the SHA-256 of the names, sizes and times or checksums of all files, and of the settings.

    Args:
        path: A folder, or an archive that was checked.
        source: Address of an archive that was downloaded; the same files from another address are not the same.

    Raises:
        DatasetError: when they cannot be read.
    """
    try:
        return _compute(path, collection, source)
    except (*DAMAGED_ZIP, OSError, ValueError) as error:
        raise DatasetError(f"Cannot read {path}: {error}.") from error


def _compute(path: Path, collection: Collection, source: str) -> str:
    digest = hashlib.sha256(repr((source, collection.input_shape, collection.fit, collection.classes)).encode())
    for text in _describe_archive(path) if path.is_file() else _describe_files(path):
        digest.update(text.encode("utf-8", "surrogateescape") + b"\n")
    digest.update("\n".join(collection.names).encode("utf-8", "surrogateescape"))
    digest.update(collection.labels.tobytes())
    return digest.hexdigest()


def check_new(home: Home, identity: str) -> None:
    """Check that no custom dataset was made of the same files with the same settings.

    Raises:
        DatasetError: when there is one; the message contains its name.
    """
    for name, info in _read_infos(home):
        if info.identity == identity:
            raise DatasetError(
                f"These files are already added as {name}, with the same settings. "
                f"Use {name}, or remove it first: {remove_command(key_of(FOLDER, name))}"
            )


def list_equal(home: Home, info: DatasetInfo) -> list[str]:
    """List the other custom datasets with the same images, labels and classes, such as those of a copied folder."""
    same = (info.fingerprint, info.classes)
    found = ((name, other) for name, other in _read_infos(home) if name != info.folder)
    return [name for name, other in found if (other.fingerprint, other.classes) == same]


def _read_infos(home: Home) -> Iterator[tuple[str, DatasetInfo]]:
    for name in list_folders(home):
        with suppress(OSError, ValueError):
            path = home.datasets / key_of(FOLDER, name) / "dataset.json"
            yield name, DatasetInfo.model_validate_json(read_file(path))


def _describe_archive(path: Path) -> Iterator[str]:
    """Yield the checksums of the files in a ZIP archive; of other files, the size and a hash of both ends."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                yield f"{member.filename!r} {member.file_size} {member.CRC}"
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(_END_BYTES)
        file.seek(max(0, size - _END_BYTES))
        yield f"{size} {hashlib.sha256(first + file.read(_END_BYTES)).hexdigest()}"


def _describe_files(path: Path) -> Iterator[str]:
    top = os.fspath(path)
    for folder, names, files in islice(os.walk(top), MAX_FILES):
        names.sort()
        prefix = "" if folder == top else f"{os.path.relpath(folder, top)}/"
        for name in sorted(files):
            try:
                found = os.stat(os.path.join(folder, name))
            except OSError:
                continue
            yield f"{prefix + name!r} {found.st_size} {found.st_mtime_ns}"
