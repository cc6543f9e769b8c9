"""Asking for runs: what is cached answers at once, what is under way is joined, the rest is queued."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.architecture.model import Model, compute_model
from core.datasets.cache import DatasetInfo, pin
from core.datasets.dataset_view import read_info
from core.datasets.split import compute_split
from core.errors import JobError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.executor_choice import check_placement
from core.jobs.queue import JobQueue, State
from core.spec import RunSpec
from core.store.run_store import RunStore


@dataclass(frozen=True)
class Submission:
    """The answer to a request: `status` is finished, queued or running."""

    run_id: str
    status: State


def check_spec(home: Home, spec: RunSpec) -> tuple[RunSpec, Model]:
    """The spec with its data named, and the model it would train; submits nothing.

    Raises:
        DatasetError: when the dataset is not here or is other data than the spec names.
        SpecError: when the images are too few to split or the architecture does not fit them.
    """
    checked = Checker(home).check(spec)
    return checked.spec, checked.model


@dataclass(frozen=True)
class Checked:
    """A spec with its data named, the model it would train, and the images it would train on in an epoch."""

    spec: RunSpec
    model: Model
    images: int


class Checker:
    """Checks specs as `check_spec` does, and looks up each dataset once for all of them."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[tuple[object, ...], tuple[str, DatasetInfo]] = {}

    def check(self, spec: RunSpec) -> Checked:
        key = spec.dataset, spec.folder, spec.data, spec.side, spec.attribute
        if key not in self._known:
            self._known[key] = pin(self._home, spec).data, read_info(self._home, spec)
        data, info = self._known[key]
        pinned = spec.replace(data=data)
        images = len(compute_split(pinned, info.train_count, info.validation_count)[0])
        return Checked(pinned, compute_model(pinned, info.input_shape, len(info.classes)), images)


def submit(home: Home, spec: RunSpec, *, submitted_by: str = "") -> Submission:
    """As `submit_all`, for one run."""
    return submit_all(home, [spec], submitted_by=submitted_by)[0]


def submit_all(home: Home, specs: Iterable[RunSpec], *, submitted_by: str = "") -> list[Submission]:
    """Sees to it that each spec is or becomes a finished run; queues all of them or, when one does not fit, none.

    A run that is cached touches neither the table nor the dispatcher. A failed or cancelled job is queued again and
    goes on from its checkpoint.

    Args:
        submitted_by: who asks, for the list of jobs.

    Raises:
        DatasetError, SpecError: as `check_spec`.
        JobError: when HEADROOM_SLOTS or HEADROOM_EXECUTOR says nothing that can be done.
        HomeError: when the home cannot be written.
    """
    store = RunStore(home)
    checker = Checker(home)
    pinned = [checker.check(spec).spec for spec in specs]
    absent = [spec for spec in pinned if store.path(spec.run_id) is None]
    states: dict[str, State] = {}
    if absent:
        check_placement()  # the dispatcher would have nobody to tell
        states = JobQueue(home).submit(absent, submitted_by)
        ensure_dispatcher(home)
    return [Submission(spec.run_id, states.get(spec.run_id, "finished")) for spec in pinned]


def cancel_job(home: Home, run_id: str) -> None:
    """Cancels a queued job at once and has a running one ended within seconds; what it has learned so far is kept for
    when somebody asks again.

    Raises:
        JobError: when no queued or running job has that id.
        HomeError: when the home cannot be written.
    """
    JobQueue(home).cancel(run_id)
    ensure_dispatcher(home)


def requeue_job(home: Home, run_id: str, state: State, *, submitted_by: str = "") -> Submission:
    """Queues a job that ended in `state`, cancelled or failed, once more; it goes on from its checkpoint.

    Raises:
        JobError: when no job with that id ended so.
        DatasetError, SpecError, HomeError: as `submit_all`.
    """
    job = JobQueue(home).job(run_id)
    if job is None or job.state != state:
        got = f"{run_id!r:.60}, which is {job.state}" if job else f"{run_id!r:.60}"
        raise JobError(f"Expected the id of a {state} job; got {got}.")
    return submit(home, job.spec, submitted_by=submitted_by)


def unpause_queue(home: Home) -> None:
    """Ends a pause of the queue: what waits is started.

    Raises:
        HomeError: when the home cannot be written.
    """
    JobQueue(home).unpause()
    ensure_dispatcher(home)
