"""Choice of the executor from the environment variable HEADROOM_EXECUTOR."""

import os
from typing import Literal, get_args

from core.entry_point import TRAINING
from core.errors import JobError
from core.home import Home
from core.installation import check_training
from core.jobs.executor import Executor
from core.jobs.local_executor import LocalExecutor, read_slots
from core.store.artifact import ArtifactStore

Placement = Literal["local", "ray"]


def read_placement() -> Placement:
    """Return the executor selected by HEADROOM_EXECUTOR, "local" by default.

    Raises:
        JobError: when HEADROOM_EXECUTOR has another value.
    """
    text = os.environ.get("HEADROOM_EXECUTOR", "").strip() or "local"
    for placement in get_args(Placement):
        if text == placement:
            return placement
    raise JobError(f"Expected HEADROOM_EXECUTOR to be one of 'local', 'ray'; got {text!r:.60}.")


def check_placement() -> None:
    """Check the environment before jobs are submitted, because the dispatcher can only write errors to its log.

    Raises:
        JobError: when HEADROOM_EXECUTOR or a variable it depends on is invalid. A cluster is not contacted.
        ArtifactError: when HEADROOM_ARTIFACTS is not a usable URL.
        ViewOnlyError: when TensorFlow is not installed and jobs run on this machine.
    """
    check_training()
    read_slots()
    ArtifactStore.read()
    if read_placement() == "ray":
        from core.jobs.ray_client import Cluster

        Cluster.read()


def build_executor(home: Home, *, module: str = TRAINING) -> Executor:
    """Create the executor selected by the environment.

    Args:
        module: the module that each process runs with `python -m`.

    Raises:
        JobError, ArtifactError: see `check_placement`.
        HomeError: when the home is not writable.
    """
    check_placement()
    if read_placement() == "local":
        return LocalExecutor(home, module=module)
    from core.jobs.ray_client import Cluster
    from core.jobs.ray_executor import RayJobsExecutor

    return RayJobsExecutor(home, Cluster.read(), module=module)
