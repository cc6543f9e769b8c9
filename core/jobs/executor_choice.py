"""Where jobs run, as the environment says: HEADROOM_EXECUTOR."""

import os
from typing import Literal, get_args

from core.entry_point import TRAINING
from core.errors import JobError
from core.home import Home
from core.jobs.executor import Executor
from core.jobs.local_executor import LocalExecutor, read_slots
from core.store.artifact import ArtifactStore

Placement = Literal["local", "ray"]


def read_placement() -> Placement:
    """
    Raises:
        JobError: when HEADROOM_EXECUTOR is neither.
    """
    text = os.environ.get("HEADROOM_EXECUTOR", "").strip() or "local"
    for placement in get_args(Placement):
        if text == placement:
            return placement
    raise JobError(f"Expected HEADROOM_EXECUTOR to be one of 'local', 'ray'; got {text!r:.60}.")


def check_placement() -> None:
    """To be asked at the door: a dispatcher would have nobody to tell.

    Raises:
        JobError: when HEADROOM_EXECUTOR or what belongs to it is not as it should be. Does not ask a cluster.
        ArtifactError: when HEADROOM_ARTIFACTS is no URL that can be used.
    """
    read_slots()
    ArtifactStore.read()
    if read_placement() == "ray":
        from core.jobs.ray_client import Cluster

        Cluster.read()


def build_executor(home: Home, *, module: str = TRAINING) -> Executor:
    """
    Args:
        module: what each process runs, as `python -m` would.

    Raises:
        JobError, ArtifactError: as `check_placement`.
        HomeError: when the home cannot be written.
    """
    check_placement()
    if read_placement() == "local":
        return LocalExecutor(home, module=module)
    from core.jobs.ray_client import Cluster
    from core.jobs.ray_executor import RayJobsExecutor

    return RayJobsExecutor(home, Cluster.read(), module=module)
