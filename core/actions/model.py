"""Actions on the models of users: add, evaluate, remove, restore and delete."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.installation import find_tensorflow_problem
from core.models.add import add_model, clear_removed_models, remove_model, restore_model
from core.models.background import begin_evaluation
from core.models.model_info import ModelInfo


@needs(Role.TRAINER, "add models")
def add_own_model(
    user: User, home: Home, name: str, file: IO[bytes], label: str, value_range: str | None = None
) -> ModelInfo:
    """Add an uploaded `.keras` file (see `add_model`)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "upload.keras")
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        return add_model(home, name, path, value_range=value_range, label=label)


@needs(Role.TRAINER, "evaluate models", find_tensorflow_problem)
def evaluate_own_model(
    user: User, home: Home, name: str, dataset: str, folder: str, classes: Sequence[str] = ()
) -> None:
    """Start the evaluation of a model in the background (see `begin_evaluation`)."""
    begin_evaluation(home, name, dataset, folder, classes)


@needs(Role.ADMIN, "remove models")
def remove_own_model(user: User, home: Home, name: str) -> None:
    """Move a model to the trash (see `remove_model`)."""
    remove_model(home, name)


@needs(Role.ADMIN, "restore models")
def restore_own_models(user: User, home: Home, names: Iterable[str]) -> None:
    """Restore removed models (see `restore_model`)."""
    for name in names:
        restore_model(home, name)


@needs(Role.ADMIN, "delete models permanently")
def clear_own_models(user: User, home: Home) -> None:
    """Delete all models in the trash permanently (see `clear_removed_models`)."""
    clear_removed_models(home)
