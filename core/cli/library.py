"""Installed versions of the required libraries."""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from core.installation import REPLACEMENTS


def read_libraries(requirements: Path) -> dict[str, str | None]:
    """Return the installed version of each package in a requirements file, None if it is not installed.

    A replacement such as tensorflow-cpu is accepted; its name follows the version. Without the file, as in an
    installation without a checkout, the metadata of the package names its requirements.
    """
    if requirements.is_file():
        text = requirements.read_text(encoding="utf-8")
    else:
        text = "\n".join(line for line in requires("headroom") or [] if "extra ==" not in line)
    return {name: _find(name) for name in re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*", text, re.MULTILINE)}


def _find(name: str) -> str | None:
    for installed in (name, *REPLACEMENTS.get(name, ())):
        try:
            return version(installed) if installed == name else f"{version(installed)} ({installed})"
        except PackageNotFoundError:
            continue
    return None
