"""environment.json of a run: the machine and the code that trained it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bounds import Line, or_default
from core.errors import HeadroomError
from core.files import read_file
from core.store.run import Run

_NAME = "environment.json"
_Known = Annotated[Line | None, or_default(None)]


class Environment(BaseModel):
    """Content of environment.json; None where it is unknown.

    `gpu` is the name of the GPU, empty without one. `git_modified` is whether the checkout had changes
    that were not committed. Older runs have neither.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    python: _Known = None
    libraries: Annotated[dict[Line, Line], Field(max_length=100), or_default(dict)] = {}
    git_commit: Annotated[str | None, Field(pattern=r"^[0-9a-f]{7,64}$"), or_default(None)] = None
    git_modified: Annotated[bool | None, or_default(None)] = None
    gpu: _Known = None
    platform: _Known = None

    @property
    def code(self) -> str:
        """The commit, marked if the checkout was modified."""
        return f"{self.git_commit or 'unknown'}{' (modified)' if self.git_modified else ''}"


def read_environment(run: Run) -> Environment:
    """Return the environment of a run; without values if it is missing or damaged."""
    if _NAME not in run.record.checksums:
        return Environment()
    try:
        return Environment.model_validate_json(read_file(run.artifact(_NAME)))
    except (HeadroomError, OSError, ValidationError):
        return Environment()
