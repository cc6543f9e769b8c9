"""Addresses of reports: `r7k2m9qx` names a report, `r7k2m9qx-2` the second version that was published of it."""

import re

from core.errors import ReportError

ID = re.compile(r"r[a-z2-9]{7}")
_ADDRESS = re.compile(rf"({ID.pattern})(?:-([1-9]\d{{0,5}}))?")


def is_address(text: str) -> bool:
    """Whether a text can name a report; no id of a run does."""
    return _ADDRESS.fullmatch(text) is not None


def split_address(address: str) -> tuple[str, int | None]:
    """Id of the report and number of the version; None where the address names none.

    Raises:
        ReportError: when it is no address of a report.
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise ReportError(f"Expected a report such as 'r7k2m9qx' or 'r7k2m9qx-1'; got {address!r:.60}.")
    return found[1], int(found[2]) if found[2] else None
