"""Base of the importers: formats of other tools, each in its own file of `core.importers.formats`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.registry import Registry


@dataclass
class Source:
    """Values of a file for `headroom.run_log.build_results`; `name` is a proposal for the name of the run."""

    values: dict[str, Any]
    name: str = ""
    finished_at: str = ""

    @property
    def has_predictions(self) -> bool:
        return "labels" in self.values


@dataclass(frozen=True)
class Importer:
    """A format. `matches` inspects the beginning of a file, `read` returns the values that it contains."""

    name: str
    label: str
    order: int
    matches: Callable[[Path], bool]
    read: Callable[[Path, Mapping[str, str]], Source]
    options: tuple[str, ...] = field(default=())


IMPORTERS: Registry[Importer] = Registry("core.importers.formats", "import format")

MAX_TEXT_BYTES = 500_000_000
"""Maximum size of a file that is read as text."""


def read_first_bytes(path: Path, count: int = 4096) -> bytes:
    """Return the first bytes of a file; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""
