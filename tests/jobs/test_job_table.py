"""The table of jobs: claimed, cancelled, submitted again."""

import pytest

from core.errors import JobStateError
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.dispatcher import (
    state,
)


@pytest.fixture
def home(digits_home: Home) -> Home:
    return digits_home


def test_queued_job_is_cancelled_at_once_and_can_be_resubmitted(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    assert queue.submit([spec], "a test") == {spec.run_id: "queued"}
    queue.cancel(spec.run_id)
    assert state(home, spec) == "cancelled"
    with pytest.raises(JobStateError, match="is cancelled; only queued and running jobs can be cancelled"):
        queue.cancel(spec.run_id)
    assert queue.claim() is None
    assert queue.submit([spec]) == {spec.run_id: "queued"}


def test_jobs_are_claimed_in_order_of_submission_and_listed_newest_first(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    specs = [spec.replace(seed=seed) for seed in range(3)]
    queue.submit(specs)
    assert [job.spec for job in queue.jobs()] == specs[::-1]
    claimed = [queue.claim() for _ in range(4)]
    assert [job and job.spec.seed for job in claimed] == [0, 1, 2, None]


def test_resubmission_reverts_a_cancellation(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    queue.submit([spec])
    job = queue.claim()
    assert job is not None
    queue.cancel(spec.run_id)
    assert queue.submit([spec]) == {spec.run_id: "running"}
    assert queue.requeue(job) == "queued"


def test_cancellation_takes_precedence_over_a_retry(home: Home, spec: RunSpec) -> None:
    queue = JobQueue(home)
    queue.submit([spec])
    job = queue.claim()
    assert job is not None
    queue.cancel(spec.run_id)
    assert queue.requeue(job) == "cancelled"
