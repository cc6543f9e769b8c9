"""The machine whose latencies decide in a race: the one on which the jobs of a home run."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.jobs.executor_choice import read_placement
from core.store.machine import Machine, list_frame_machines, read_machine


def find_job_machine(read_frame: Callable[[], pd.DataFrame]) -> Machine | None:
    """Return the machine of the jobs: this one, or with a cluster that of the newest run of the home; None without one.

    Args:
        read_frame: returns the finished runs, as `RunStore.frame`; called only with a cluster.

    Raises:
        JobError: when HEADROOM_EXECUTOR is invalid.
    """
    if read_placement() == "local":
        return read_machine()
    own = _select_own(read_frame()).head(1)
    return list_frame_machines(own)[0] if len(own) else None


def select_measured(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of a home whose latency was measured on the machine of its jobs. The examples come from another
    one, whatever its processor is called."""
    own = _select_own(frame)
    own = own[own["latency_seconds"] > 0]
    machine = find_job_machine(lambda: frame)
    return own[[machine is not None and machine.fits(one) for one in list_frame_machines(own)]]


def is_own(*, in_home: bool, elsewhere: object) -> bool:
    """Return whether a job of the home measured a run: it is not an example, and was not imported from elsewhere."""
    return in_home and not elsewhere


def _select_own(frame: pd.DataFrame) -> pd.DataFrame:
    pairs = zip(frame["source"] == "home", frame["elsewhere"], strict=True)
    return frame[np.array([is_own(in_home=in_home, elsewhere=elsewhere) for in_home, elsewhere in pairs], np.bool_)]
