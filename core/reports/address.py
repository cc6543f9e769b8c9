"""Report addresses: `r7k2m9qx` is a report, `r7k2m9qx-2` its second published version."""

import re

from core.errors import ReportError

ID = re.compile(r"r[a-z2-9]{7}")
_LISTS = "`headroom report` lists all."
_ADDRESS = re.compile(rf"({ID.pattern})(?:-([1-9]\d{{0,5}}))?")


def is_address(text: str) -> bool:
    """Return whether a text is a report address. Run IDs never are."""
    return _ADDRESS.fullmatch(text) is not None


def check_report_id(text: str) -> None:
    """
    Raises:
        ReportError: when the text is not a report ID; it could be a path.
    """
    if not ID.fullmatch(text):
        raise ReportError(f"Expected a report ID such as 'r7k2m9qx'; got {text!r:.60}. {_LISTS}")


def split_address(address: str) -> tuple[str, int | None]:
    """Split an address into the report ID and the version number, None if it has no version.

    Raises:
        ReportError: when the text is not a report address.
    """
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise ReportError(f"Expected a report ID such as 'r7k2m9qx' or 'r7k2m9qx-1'; got {address!r:.60}. {_LISTS}")
    return found[1], int(found[2]) if found[2] else None
