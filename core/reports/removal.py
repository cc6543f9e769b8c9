"""File that records the user who deleted a report, in its folder; it decides which users may restore it."""

from pathlib import Path

from core.files import parse_json, read_file, write_json

_FILE = "removed.json"


def write_removal(folder: Path, by: str) -> None:
    """Record in the folder of a report who deletes it."""
    write_json(folder / _FILE, {"by": by})


def list_removers(folder: Path) -> set[str]:
    """Return the owner of a deleted report and the user who deleted it; {""} if they cannot be read."""
    try:
        newest = max(folder.glob("draft-*.json"))
        owner = parse_json(read_file(newest))["report"]["owner"]
        mark = folder / _FILE
        return {str(owner), str(parse_json(read_file(mark))["by"]) if mark.exists() else str(owner)}
    except (OSError, ValueError, LookupError, TypeError):
        return {""}
