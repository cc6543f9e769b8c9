"""Origin and checksum of report files, and the check of a file against its checksum."""

import hashlib
import json
import os
import re
import socket
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import ReportError
from core.files import read_file

_COMMENTS = {".html": (b"<!-- ", b" -->"), ".pdf": (b"% ", b"")}
_LABEL = b"SHA-256 of this file without this line: "
CHECKSUM_KEY = "file_sha256"
"""Key of the checksum in JSON files, and in the metadata of notebooks."""
_MAX_BYTES = 500_000_000


def describe_dashboard() -> str:
    """Return the version and the address or host of this dashboard, such as "Headroom 1.0 at https://a.example"."""
    try:
        release = f"Headroom {version('headroom')}"
    except PackageNotFoundError:
        release = "Headroom"
    address = os.environ.get("HEADROOM_URL", "").strip()
    return f"{release} at {address}" if address else f"{release} on {socket.gethostname()}"


def add_checksum_line(content: bytes, suffix: str) -> bytes:
    """Append a comment with the checksum of the content to an HTML or PDF file."""
    before, after = _COMMENTS[suffix]
    content = content if content.endswith(b"\n") else content + b"\n"
    return content + before + _LABEL + hashlib.sha256(content).hexdigest().encode() + after + b"\n"


def compute_value_checksum(value: Any) -> str:
    """Return the SHA-256 of a JSON value, which does not depend on its formatting."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify_file(path: Path) -> str:
    """Return the checksum of a report file that is unchanged since it was written.

    Raises:
        ReportError: when the file cannot be read, was changed, or has no checksum.
    """
    try:
        content = read_file(path, _MAX_BYTES)
    except OSError as error:
        raise ReportError(f"Cannot read {path.name!r:.60}: {error.strerror or error}.") from None
    suffix = path.suffix.lower()
    stated, found = _check_values(content) if suffix in (".json", ".ipynb") else _check_line(content)
    if not stated:
        raise ReportError(
            f"{path.name!r:.60} has no checksum. HTML, PDF, JSON and notebook files of reports have one since this "
            "version; export the report again."
        )
    if stated != found:
        raise ReportError(f"{path.name!r:.60} was changed after it was written: its SHA-256 is {found}, not {stated}.")
    return stated


def _check_line(content: bytes) -> tuple[str, str]:
    """Return the checksum in the last line and that of all lines before it."""
    for before, after in _COMMENTS.values():
        line = b"\n" + re.escape(before + _LABEL) + rb"([0-9a-f]{64})" + re.escape(after) + rb"\n\Z"
        if found := re.search(line, content):
            return found[1].decode(), hashlib.sha256(content[: found.start() + 1]).hexdigest()
    changed = re.search(re.escape(_LABEL) + rb"([0-9a-f]{64})", content)
    return changed[1].decode() if changed else "", hashlib.sha256(content).hexdigest()


def _check_values(content: bytes) -> tuple[str, str]:
    try:
        value = json.loads(content)
        stated = value.pop(CHECKSUM_KEY, None) or value["metadata"].pop(CHECKSUM_KEY, None)
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return "", ""
    return str(stated or ""), compute_value_checksum(value)
