"""Saved comparisons: named selections of runs, one file each in the home. Deleted ones can be restored."""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.bounds import RunId, UtcTime, VariantKey, check_printable
from core.errors import ComparisonError, HomeError
from core.files import read_file, write_json
from core.home import Home
from core.store.trash import Trash
from core.suggestion import suggest

MAX_NAME_CHARS, MAX_SAVED_RUNS = 100, 200
_LISTED = 5  # comparisons in a message

_User = Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(check_printable)]


class SavedComparison(BaseModel):
    """Named selection of runs.

    Attributes:
        baseline: key of a variant; "" for the default.
        by: name of the user who saved it; "" on a dashboard without login and for commands.
        deleted_by: the same for the user who deleted it, while it is in the trash.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    saved_id: RunId
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(check_printable)]
    runs: tuple[RunId, ...] = Field(min_length=1, max_length=MAX_SAVED_RUNS)
    baseline: VariantKey = ""
    by: _User = ""
    at: UtcTime
    deleted_by: _User = ""


_SAVED_ID, _FILE = re.compile("[0-9A-Za-z]+"), re.compile(r"[0-9A-Za-z]+\.json")


def save_runs(home: Home, name: str, runs: tuple[str, ...], baseline: str = "", by: str = "") -> SavedComparison:
    """Save a selection of runs under a name, which another saved comparison may have too.

    Raises:
        ComparisonError: when the name or the number of runs is invalid.
        HomeError: when the home is not writable.
    """
    saved = _check(
        saved_id=uuid4().hex[:12], name=name.strip(), runs=runs, baseline=baseline, by=by[:MAX_NAME_CHARS],
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    write_json(_path(home, saved.saved_id), saved.model_dump(mode="json"), new=True, durable=True)
    return saved


def rename_saved(home: Home, saved_id: str, name: str) -> SavedComparison:
    """Rename a saved comparison; its ID, which links contain, stays.

    Raises:
        ComparisonError: when the name is invalid, or the comparison does not exist or cannot be read.
        HomeError: when the home is not writable.
    """
    renamed = _check(**open_saved(home, saved_id).model_dump() | {"name": name.strip()})
    write_json(_path(home, saved_id), renamed.model_dump(mode="json"), durable=True)
    return renamed


def _check(**values: Any) -> SavedComparison:
    """
    Raises:
        ComparisonError: when the name or the number of runs is invalid.
    """
    try:
        return SavedComparison(**values)
    except ValidationError as error:
        if error.errors()[0]["loc"][0] == "runs":
            message = f"Expected 1 to {MAX_SAVED_RUNS} runs to save; got {len(values['runs']):,}."
        else:
            message = f"Expected a name of 1 to {MAX_NAME_CHARS} printable characters; got {values['name']!r:.60}."
        raise ComparisonError(message) from None


def open_saved(home: Home, saved_id: str) -> SavedComparison:
    """
    Raises:
        ComparisonError: when the comparison does not exist or cannot be read.
    """
    return _read(_path(home, saved_id))


def find_saved_id(home: Home, text: str, *, deleted: bool = False) -> str:
    """Return the ID of a saved comparison by its ID, a unique prefix of it, or its name; with or without "saved:".

    Args:
        deleted: search the trash. A text that matches none there is returned, so that the caller reports it.

    Raises:
        ComparisonError: when it matches none or several.
    """
    wanted = text.removeprefix("saved:").strip()
    ids = list_saved_ids(home, deleted=deleted)
    if wanted in ids:
        return wanted
    names: dict[str, str] = {}
    for saved_id in ids:
        with suppress(ComparisonError):
            names[saved_id] = (open_deleted_saved if deleted else open_saved)(home, saved_id).name
    matches = [
        saved_id
        for saved_id in ids
        if wanted and (saved_id.startswith(wanted) or names.get(saved_id, "").casefold() == wanted.casefold())
    ]
    if len(matches) > 1:
        listed = ", ".join(f"saved:{saved_id} ({names.get(saved_id, 'damaged')})" for saved_id in matches[:_LISTED])
        more = f" and {len(matches) - _LISTED:,} more" if matches[_LISTED:] else ""
        raise ComparisonError(f"{wanted!r:.60} matches {len(matches):,} saved comparisons; give an ID: {listed}{more}.")
    if not matches and not deleted:
        raise ComparisonError(f"{_describe_missing(wanted)} {suggest(wanted, names.values())}".rstrip())
    return matches[0] if matches else wanted


def list_saved_ids(home: Home, *, deleted: bool = False) -> list[str]:
    """Return the IDs of the saved comparisons, also of damaged ones, or of those in the trash."""
    files = Trash(home.comparisons, _FILE) if not deleted else _trash(home)
    return [name.removesuffix(".json") for name in files.names()]


def _read(path: Path) -> SavedComparison:
    try:
        return SavedComparison.model_validate_json(read_file(path))
    except FileNotFoundError:
        raise ComparisonError(_describe_missing(path.stem)) from None
    except (OSError, ValidationError):
        raise ComparisonError(f"Saved comparison {path.stem!r:.60} is damaged. Delete it and save it again.") from None


def list_saved(home: Home) -> list[SavedComparison]:
    """Return all readable saved comparisons, newest first."""
    found = []
    for saved_id in list_saved_ids(home):
        with suppress(ComparisonError):
            found.append(open_saved(home, saved_id))
    return sorted(found, key=lambda saved: (saved.at, saved.saved_id), reverse=True)


def delete_saved(home: Home, saved_id: str, by: str = "") -> None:
    """Move a saved comparison to the trash; its runs remain (see `restore_saved`).

    Raises:
        ComparisonError: when it does not exist.
        HomeError: when the home is not writable.
    """
    _move(_path(home, saved_id), _trash(home).path / f"{saved_id}.json", by)


def restore_saved(home: Home, saved_id: str) -> None:
    """Restore a deleted comparison.

    Raises:
        ComparisonError: when the trash contains no comparison with this ID.
        HomeError: when the home is not writable.
    """
    if saved_id not in list_saved_ids(home, deleted=True):
        raise ComparisonError(
            f"Saved comparison {saved_id!r:.60} is not in the trash; it may have been deleted permanently."
        )
    _move(_trash(home).path / f"{saved_id}.json", _path(home, saved_id), "")


def open_deleted_saved(home: Home, saved_id: str) -> SavedComparison:
    """
    Raises:
        ComparisonError: when it is not in the trash or cannot be read.
    """
    return _read(_trash(home).path / _path(home, saved_id).name)


def clear_saved(home: Home) -> None:
    """Permanently delete the comparisons in the trash."""
    _trash(home).clear()


def _move(old: Path, new: Path, deleted_by: str) -> None:
    """Move a file with the name of who deleted it; a damaged file is moved unchanged."""
    try:
        with suppress(ComparisonError):
            if old.exists():
                marked = _read(old).model_copy(update={"deleted_by": deleted_by})
                write_json(old, marked.model_dump(mode="json"), durable=True)
        new.parent.mkdir(exist_ok=True)
        os.replace(old, new)
    except FileNotFoundError:
        raise ComparisonError(_describe_missing(old.stem)) from None
    except OSError as error:
        raise HomeError(f"Cannot move saved comparison {old.stem!r:.60}: {error.strerror}.") from error


def _describe_missing(saved_id: str) -> str:
    return f"Saved comparison {saved_id!r:.60} was not found; it may have been deleted."


def _trash(home: Home) -> Trash:
    return Trash(home.comparisons / ".removed", _FILE)


def _path(home: Home, saved_id: str) -> Path:
    """
    Raises:
        ComparisonError: when the ID could be a path to another file.
    """
    if not _SAVED_ID.fullmatch(saved_id):
        raise ComparisonError(f"Expected the ID of a saved comparison; got {saved_id!r:.60}.")
    return home.comparisons / f"{saved_id}.json"
