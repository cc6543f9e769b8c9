"""Items of one kind in a home, such as sweeps or races: one JSON file each, opened by its ID or the beginning of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import HeadroomError
from core.files import read_file
from core.suggestion import suggest

Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True)
class SavedItems(Generic[Item]):
    """Files of one kind in a folder.

    Attributes:
        pattern: path of a file in the folder, with {} for the ID.
        is_valid: whether an item is complete and has the ID of its file; it can raise HeadroomError.
        error: class of the errors that all methods raise.
        noun: an item in messages, such as "sweep"; its plural ends with "s".
        solution: what to do instead of opening a damaged one, as a sentence.
        lists: sentence that names where all items are listed; empty without one.
    """

    model: type[Item]
    pattern: str
    is_valid: Callable[[Item, str], bool]
    error: type[HeadroomError]
    noun: str
    solution: str
    lists: str = ""

    def list_all(self, folder: Path) -> tuple[list[Item], dict[Path, str]]:
        """Return the readable items, and the message for each file that cannot be read."""
        items, damaged = [], {}
        for path in sorted(folder.glob(self.pattern.format("[!.]*"))):
            try:
                items.append(self._read(path))
            except self.error as error:
                damaged[path] = str(error)
        return items, damaged

    def open(self, folder: Path, item_id: str) -> Item:
        """Open an item by its ID, or the beginning of it if only one item matches.

        Raises:
            HeadroomError: when no item or several items match, or the file cannot be read.
        """
        matches = sorted(folder.glob(self.pattern.format(f"{item_id}*"))) if item_id.isalnum() else []
        if not matches:
            paths = (path.relative_to(folder) for path in folder.glob(self.pattern.format("[!.]*")))
            hint = suggest(item_id, (path.parts[0].removesuffix(".json") for path in paths), ids=True)
            raise self.error(f"{self.noun.capitalize()} {item_id!r:.60} was not found. {hint}{self.lists}".strip())
        if len(matches) > 1:
            raise self.error(f"{item_id!r:.60} matches {len(matches)} {self.noun}s; enter more characters.")
        return self._read(matches[0])

    def _read(self, path: Path) -> Item:
        item_id = (path.parent.name if "/" in self.pattern else path.stem)[:60]
        try:
            item = self.model.model_validate_json(read_file(path))
            if self.is_valid(item, item_id):
                return item
        except (OSError, ValidationError, HeadroomError):
            pass
        raise self.error(
            f"{self.noun.capitalize()} {item_id} is damaged or was saved by an incompatible version. {self.solution} "
            "To move the file aside, run: headroom doctor --repair"
        )
