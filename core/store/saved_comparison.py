"""Saved comparisons: named selections of runs, one file each in the home."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.bounds import RunId, UtcTime, VariantKey, check_printable
from core.errors import ComparisonError
from core.files import read_file, write_json
from core.home import Home

MAX_NAME_CHARS, MAX_SAVED_RUNS = 100, 200


class SavedComparison(BaseModel):
    """Named selection of runs with its baseline ("" for the default); `by` is the name of the user who saved it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    saved_id: RunId
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS), AfterValidator(check_printable)]
    runs: tuple[RunId, ...] = Field(min_length=1, max_length=MAX_SAVED_RUNS)
    baseline: VariantKey = ""
    by: Annotated[str, Field(max_length=MAX_NAME_CHARS), AfterValidator(check_printable)] = ""
    at: UtcTime


def save_runs(home: Home, name: str, runs: tuple[str, ...], baseline: str = "", by: str = "") -> SavedComparison:
    """Save a selection of runs under a name, which another saved comparison may have too.

    Raises:
        ComparisonError: when the name or the number of runs is invalid.
        HomeError: when the home is not writable.
    """
    try:
        saved = SavedComparison(
            saved_id=uuid4().hex[:12], name=name.strip(), runs=runs, baseline=baseline, by=by[:MAX_NAME_CHARS],
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )  # fmt: skip
    except ValidationError as error:
        if error.errors()[0]["loc"][0] == "runs":
            message = f"Expected 1 to {MAX_SAVED_RUNS} runs to save; got {len(runs):,}."
        else:
            message = f"Expected a name of 1 to {MAX_NAME_CHARS} printable characters; got {name!r:.60}."
        raise ComparisonError(message) from None
    write_json(_path(home, saved.saved_id), saved.model_dump(mode="json"), new=True, durable=True)
    return saved


def open_saved(home: Home, saved_id: str) -> SavedComparison:
    """
    Raises:
        ComparisonError: when the comparison does not exist or cannot be read.
    """
    try:
        return SavedComparison.model_validate_json(read_file(_path(home, saved_id)))
    except FileNotFoundError:
        raise ComparisonError(f"Saved comparison {saved_id!r:.60} was not found; it may have been deleted.") from None
    except (OSError, ValidationError):
        raise ComparisonError(f"Saved comparison {saved_id!r:.60} is damaged. Delete it and save it again.") from None


def list_saved(home: Home) -> list[SavedComparison]:
    """Return all readable saved comparisons, newest first."""
    found = []
    for path in home.comparisons.glob("[!.]*.json"):
        try:
            found.append(open_saved(home, path.stem))
        except ComparisonError:
            continue
    return sorted(found, key=lambda saved: (saved.at, saved.saved_id), reverse=True)


def delete_saved(home: Home, saved_id: str) -> None:
    """Delete a saved comparison; its runs remain.

    Raises:
        ComparisonError: when it does not exist or cannot be deleted.
    """
    try:
        _path(home, saved_id).unlink()
    except FileNotFoundError:
        raise ComparisonError(f"Saved comparison {saved_id!r:.60} was not found; it may have been deleted.") from None
    except OSError as error:
        raise ComparisonError(f"Cannot delete saved comparison {saved_id!r:.60}: {error.strerror}.") from error


def _path(home: Home, saved_id: str) -> Path:
    """
    Raises:
        ComparisonError: when the ID could be a path to another file.
    """
    if not (saved_id.isascii() and saved_id.isalnum()):
        raise ComparisonError(f"Expected the ID of a saved comparison; got {saved_id!r:.60}.")
    return home.comparisons / f"{saved_id}.json"
