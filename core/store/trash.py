"""What was removed and can be brought back: a hidden folder beside what is there."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trash:
    """`pattern` is what the names of things are like; whatever else lies in the folder is left alone."""

    path: Path
    pattern: re.Pattern[str]

    def names(self) -> list[str]:
        try:
            return sorted(path.name for path in self.path.iterdir() if self.pattern.fullmatch(path.name))
        except FileNotFoundError:
            return []

    def clear(self) -> None:
        """Deletes for good what was removed."""
        shutil.rmtree(self.path, ignore_errors=True)
