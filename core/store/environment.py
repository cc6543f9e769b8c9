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
    """Content of environment.json; None where it is unknown."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    python: _Known = None
    libraries: Annotated[dict[Line, Line], Field(max_length=100), or_default(dict)] = {}
    git_commit: Annotated[str | None, Field(pattern=r"^[0-9a-f]{7,64}$"), or_default(None)] = None
    platform: _Known = None


def read_environment(run: Run) -> Environment:
    """Return the environment of a run; without values if it is missing or damaged."""
    if _NAME not in run.record.checksums:
        return Environment()
    try:
        return Environment.model_validate_json(read_file(run.artifact(_NAME)))
    except (HeadroomError, OSError, ValidationError):
        return Environment()
