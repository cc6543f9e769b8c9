"""Parts of Headroom that this installation has: training needs TensorFlow, viewing does not."""

import os
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from core.errors import ViewOnlyError

VIEW_ONLY = (
    "This installation only views runs and reports; to train, evaluate models or download datasets, run: "
    "pip install -r requirements.txt"
)
PACKAGES = ("tensorflow", "keras", "extra-keras-datasets")
"""Requirements that an installation for viewing lacks."""
REPLACEMENTS = {"tensorflow": ("tensorflow-cpu",)}
"""Distributions with the same modules as a requirement."""


def find_installed(name: str) -> tuple[str, str] | None:
    """Return the distribution that is installed for a requirement, and its version; None without one."""
    for installed in (name, *REPLACEMENTS.get(name, ())):
        with suppress(PackageNotFoundError):
            return installed, version(installed)
    return None


def find_tensorflow_problem() -> str | None:
    """Return why this installation cannot run TensorFlow, None if it can."""
    return None if find_spec("tensorflow") and find_spec("keras") else VIEW_ONLY


def find_training_problem() -> str | None:
    """Return why this installation cannot train, None if it can: on this machine, or on a cluster."""
    return None if os.environ.get("HEADROOM_EXECUTOR", "").strip() == "ray" else find_tensorflow_problem()


def check_tensorflow() -> None:
    """Check that this installation can run TensorFlow.

    Raises:
        ViewOnlyError: when TensorFlow is not installed.
    """
    if problem := find_tensorflow_problem():
        raise ViewOnlyError(problem)


def check_training() -> None:
    """Check that this installation can train, on this machine or on a cluster.

    Raises:
        ViewOnlyError: when TensorFlow is not installed.
    """
    if problem := find_training_problem():
        raise ViewOnlyError(problem)
