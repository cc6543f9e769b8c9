"""Writing the same files as a folder, as a ZIP archive and as a tar archive."""

import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class RawInfo(zipfile.ZipInfo):
    """Entry with the bytes of a file name on disk, without the flag for UTF-8, as in archives of Info-ZIP."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (overrides the method of ZipInfo)
        return os.fsencode(self.filename), self.flag_bits


def write_folder(path: Path, files: Mapping[str, bytes | None]) -> Path:
    """Write files, and folders for names without content; names can contain bytes that are not UTF-8."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        target = os.path.join(path, name)
        os.makedirs(target if content is None else os.path.dirname(target), exist_ok=True)
        if content is not None:
            Path(target).write_bytes(content)
    return path


def write_archive(path: Path, files: Mapping[str, bytes | None], *, info: Any = RawInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(info(f"{name}/" if content is None else name), content or b"")
    return path


def write_tar(path: Path, files: Mapping[str, bytes | None]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.type, info.size = (tarfile.DIRTYPE if content is None else tarfile.REGTYPE), len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return path
