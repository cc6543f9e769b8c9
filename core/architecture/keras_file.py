"""The config of a Keras model, read from a .keras file or a config.json without Keras. Nothing else is read."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import ModelFileError
from core.files import DAMAGED_ZIP, count_zip_entries, parse_json

_ENTRY = "config.json"
_MAX_BYTES = 32_000_000  # the config of NASNet Large has 1.3 MB
_MAX_ENTRIES = 64


def read_config(source: Path | bytes, label: str = "The file") -> dict[str, Any]:
    """Return the config of a model.

    Args:
        source: a .keras file (a ZIP archive, of which only config.json is read) or a config.json.
        label: what error messages call it.

    Raises:
        ModelFileError: if it is neither, or is damaged or too large.
    """
    try:
        with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            text = _read_text(file, label)
    except OSError as error:
        raise ModelFileError(f"{label} cannot be read: {error.strerror or 'input/output error'}.") from None
    try:
        found = parse_json(text)
    except (ValueError, RecursionError):
        raise ModelFileError(
            f"{label} is not a Keras model: its config is not valid JSON. Save the model as a .keras file."
        ) from None
    if not isinstance(found, dict) or not isinstance(found.get("class_name"), str):
        raise ModelFileError(f"{label} is not a Keras model: its config names no class.")
    return found


def _read_text(file: BinaryIO, label: str) -> bytes:
    start = file.read(8)
    file.seek(0)
    if not start:
        raise ModelFileError(f"{label} is empty.")
    if start.startswith(b"\x89HDF"):
        raise ModelFileError(
            f"{label} has the older HDF5 format. Add weights of a Keras application with headroom models add NAME FILE "
            "--application APPLICATION, and save other models as a .keras file."
        )
    if not start.startswith(b"PK"):
        return _limit(file.read(_MAX_BYTES + 1), label)
    try:
        if count_zip_entries(file, _MAX_ENTRIES) > _MAX_ENTRIES:
            raise ModelFileError(f"{label} has more than {_MAX_ENTRIES} entries, which no .keras file has.")
        with zipfile.ZipFile(file) as archive:
            _check_names(archive.namelist(), label)
            with archive.open(_ENTRY) as entry:
                return _limit(entry.read(_MAX_BYTES + 1), label)
    except KeyError:
        raise ModelFileError(f"{label} is not a .keras file: it has no {_ENTRY}.") from None
    except (*DAMAGED_ZIP, RuntimeError, ValueError):
        raise ModelFileError(f"{label} is a damaged ZIP archive. Save the model again.") from None


def _check_names(names: list[str], label: str) -> None:
    """Refuse what Keras never writes: two entries of one name, and paths outside the archive."""
    if len(set(names)) < len(names):
        raise ModelFileError(f"{label} has two entries of one name. Save the model again.")
    unsafe = next((name for name in names if name.startswith("/") or ".." in re.split(r"[/\\]", name)), None)
    if unsafe is not None:
        raise ModelFileError(f"{label} has an entry with an unsafe path, {unsafe!r:.60}.")


def _limit(text: bytes, label: str) -> bytes:
    if len(text) > _MAX_BYTES:
        raise ModelFileError(f"{label} has a config of more than {_MAX_BYTES // 10**6} MB.")
    return text
