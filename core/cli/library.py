"""Installed versions of the required libraries."""

import re
from importlib.metadata import requires
from pathlib import Path

from core.installation import find_installed


def read_libraries(requirements: Path) -> dict[str, str | None]:
    """Return the installed version of each package in a requirements file, None if it is not installed.

    A replacement such as tensorflow-cpu is accepted; its name follows the version. Without the file, as in an
    installation without a checkout, the metadata of the package names its requirements.
    """
    if requirements.is_file():
        text = requirements.read_text(encoding="utf-8")
    else:
        text = "\n".join(line for line in requires("headroom") or [] if "extra ==" not in line)
    return {name: _describe(name) for name in re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*", text, re.MULTILINE)}


def _describe(name: str) -> str | None:
    found = find_installed(name)
    return None if found is None else found[1] if found[0] == name else f"{found[1]} ({found[0]})"
