"""Submission of runs: cached runs are returned, queued and running jobs are reused, the rest is queued."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.architecture.model import Model, compute_model
from core.datasets.cache import DatasetInfo, pin
from core.datasets.dataset_view import read_info
from core.datasets.split import compute_split
from core.files import replacing
from core.home import Home
from core.jobs.dispatcher import RESTART, ensure_dispatcher
from core.jobs.executor_choice import check_placement
from core.jobs.health import list_silent
from core.jobs.notice import note_end
from core.jobs.queue import JobQueue, State
from core.jobs.refusal import build_refusal
from core.models.own_layers import pin_model
from core.spec import RunSpec
from core.store.run_store import RunStore
from core.store.withheld import release, withhold


@dataclass(frozen=True)
class Submission:
    """Result of a submission; `status` is finished, queued or running."""

    run_id: str
    status: State


def check_spec(home: Home, spec: RunSpec) -> tuple[RunSpec, Model]:
    """Return the spec with the fingerprint of its data, and its model; submits nothing.

    Raises:
        DatasetError: when the dataset is not available or its fingerprint does not match the spec.
        SpecError: when there are too few images to split, or the architecture does not fit their size.
    """
    checked = Checker(home).check(spec)
    return checked.spec, checked.model


@dataclass(frozen=True)
class Checked:
    """A spec with the fingerprint of its data, its model, and its number of training images per epoch."""

    spec: RunSpec
    model: Model
    images: int


class Checker:
    """Checks specs like `check_spec`, but reads each dataset only once."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[tuple[object, ...], tuple[str, DatasetInfo]] = {}

    def check(self, spec: RunSpec) -> Checked:
        key = spec.dataset, spec.folder, spec.data, spec.side, spec.attribute
        if key not in self._known:
            self._known[key] = pin(self._home, spec).data, read_info(self._home, spec)
        data, info = self._known[key]
        pinned = pin_model(self._home, spec.replace(data=data))
        images = len(compute_split(pinned, info.train_count, info.validation_count)[0])
        return Checked(pinned, compute_model(pinned, info.input_shape, len(info.classes)), images)


def submit(home: Home, spec: RunSpec, *, submitted_by: str = "") -> Submission:
    """Submit one run (see `submit_all`)."""
    return submit_all(home, [spec], submitted_by=submitted_by)[0]


def submit_all(
    home: Home, specs: Iterable[RunSpec], *, submitted_by: str = "", withheld: bool = False
) -> list[Submission]:
    """Queue the specs that have no finished run; if one of them is invalid, none is queued.

    For cached runs, neither the job table nor the dispatcher is used. A failed or cancelled job is queued again and
    resumes from its checkpoint.

    Args:
        submitted_by: the submitter, shown in the list of jobs.
        withheld: withhold the test results of runs that are not cached (see `core.store.withheld`); otherwise those of
            all runs are released.

    Raises:
        DatasetError, SpecError: see `check_spec`.
        JobError: when HEADROOM_SLOTS or HEADROOM_EXECUTOR is invalid.
        HomeError: when the home is not writable.
    """
    store = RunStore(home)
    checker = Checker(home)
    pinned = [checker.check(spec).spec for spec in specs]
    missing = [spec for spec in pinned if store.path(spec.run_id) is None]
    states: dict[str, State] = {}
    if withheld:
        withhold(home, [spec.run_id for spec in missing])
    else:
        release(home, [spec.run_id for spec in pinned])
    if missing:
        check_placement()  # the dispatcher could only write the error to its log
        states = JobQueue(home).submit(missing, submitted_by)
        ensure_dispatcher(home)
    return [Submission(spec.run_id, states.get(spec.run_id, "finished")) for spec in pinned]


def cancel_job(home: Home, run_id: str) -> None:
    """Cancel a queued job immediately, or a running one within seconds. Its checkpoint is kept, so it can be resumed.

    Raises:
        JobStateError: when no queued or running job has this ID.
        HomeError: when the home is not writable.
    """
    JobQueue(home).cancel(run_id)
    note_end(home, run_id)  # the last job of a batch may end in the queue
    ensure_dispatcher(home)


def requeue_job(home: Home, run_id: str, state: State, *, submitted_by: str = "") -> Submission:
    """Queue a job whose state is `state`, cancelled or failed, again; it resumes from its checkpoint.

    Raises:
        JobStateError: when the job does not exist or has another state.
        DatasetError, SpecError, HomeError: see `submit_all`.
    """
    job = JobQueue(home).job(run_id)
    if job is None or job.state != state:
        raise build_refusal(run_id, job, "resumed" if state == "cancelled" else "retried", state)
    return submit(home, job.spec, submitted_by=submitted_by)


def unpause_queue(home: Home) -> None:
    """Unpause the queue and start queued jobs.

    Raises:
        HomeError: when the home is not writable.
    """
    JobQueue(home).unpause()
    ensure_dispatcher(home)


def revive_jobs(home: Home) -> list[str]:
    """Start a dispatcher if jobs are left and none is running, and have it restart the running jobs without a sign of
    life; they resume from their checkpoints. Return the IDs of these jobs.

    Raises:
        HomeError: when the home is not writable.
    """
    silent = list_silent(home)
    for job in silent:
        with replacing(home.jobs / job.run_id / RESTART) as temporary:
            temporary.write_text(f"{job.attempt}\n", encoding="utf-8")
    ensure_dispatcher(home)
    return [job.run_id for job in silent]
