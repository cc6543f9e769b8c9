"""Dates in the time zone of the reader, with its name."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def find_zone(name: str | None) -> tzinfo:
    """Return the time zone with this name, such as "Europe/Berlin"; UTC if it is unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def name_zone(zone: tzinfo) -> str:
    """Return the name of a time zone, such as "Europe/Berlin" or "UTC"."""
    return str(zone)


def format_local(at: str, zone: tzinfo) -> str:
    """Format an ISO time for a table, without the name of the zone, which belongs into its header.

    >>> format_local("2026-11-21T23:30:59+00:00", ZoneInfo("Europe/Berlin"))
    '2026-11-22 00:30'
    """
    return f"{datetime.fromisoformat(at).astimezone(zone):%Y-%m-%d %H:%M}"
