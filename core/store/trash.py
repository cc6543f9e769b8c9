"""Trash: a hidden folder with deleted items that can be restored."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trash:
    """A trash folder. Only names that match `pattern` are listed."""

    path: Path
    pattern: re.Pattern[str]

    def names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.path.iterdir() if self.pattern.fullmatch(path.name))
        except OSError:  # missing, or not a readable folder
            return []

    def clear(self) -> None:
        """Permanently delete all items."""
        shutil.rmtree(self.path, ignore_errors=True)
