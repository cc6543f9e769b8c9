"""Races without training: finished runs with made-up predictions, in the order in which jobs are queued."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from core.advice.advance import advance
from core.advice.control import start_race
from core.advice.make_plan import make_plan
from core.advice.plan import AdvicePlan
from core.advice.race import Race
from core.advice.request import Request
from core.datasets.cache import fetch_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.recipes import RECIPES
from core.spec import RunSpec
from core.store.machine import Machine
from tests.support.dispatcher import without_dispatcher
from tests.support.run_writer import CPU, RunWriter

HEADS = ("gap", "gap_dense", "dense")
EPOCHS = 16
Score = Callable[[RunSpec], float]


def plan_digits(home: Home, heads: tuple[str, ...] = HEADS, *, epochs: int = EPOCHS, **request: object) -> AdvicePlan:
    """Return a plan for the digits with a margin of 8 points, unless `request` has another, and with the rungs of long
    runs."""
    fetch_dataset(home, "digits")
    question = Request(**{"margin": 8.0, **request})  # type: ignore[arg-type]
    with with_rungs():
        return make_plan(home, RECIPES["digits-heads"], question, heads, changes={"epochs": epochs})


def train_next(home: Home, writer: RunWriter, score: Score) -> RunSpec | None:
    """Finish the next queued job with the accuracy that `score` returns; None without a job."""
    queue = JobQueue(home)
    job = queue.claim() if queue.path.exists() else None
    if job is None:
        return None
    writer(job.spec, accuracy=score(job.spec), data=job.spec.data)
    queue.settle(job, "finished")
    return job.spec


def run_race(home: Home, writer: RunWriter, race: Race, score: Score) -> tuple[Race, list[RunSpec]]:
    """Train and advance until the race has ended. Return it with the runs that were trained."""
    trained = []
    for _ in range(200):
        race = advance(home, race.race_id)
        if race.state != "running":
            return race, trained
        spec = train_next(home, writer, score)
        assert spec is not None, "the race waits for nothing"
        trained.append(spec)
    raise AssertionError("the race does not end")


def race_digits(
    home: Home, writer: RunWriter, score: Score, plan: AdvicePlan | None = None
) -> tuple[Race, list[RunSpec]]:
    return run_race(home, writer, start_race(home, plan or plan_digits(home)), score)


@contextmanager
def with_rungs() -> Iterator[None]:
    """Plan as many rungs for short runs as for long ones."""
    with patch("core.advice.make_plan._LEAST_SECONDS", 0.0):
        yield


def with_budget(plan: AdvicePlan, seconds: float | None) -> AdvicePlan:
    return replace(plan, request=plan.request.model_copy(update={"budget_seconds": seconds}))


@contextmanager
def without_training(home: Home) -> Iterator[None]:
    """Keep queued jobs queued, hide the example runs, which would be cached, and run on the machine of made-up runs."""
    hidden = patch.dict("os.environ", {"HEADROOM_EXAMPLES": str(home.path / "no-examples")})
    with without_dispatcher(home), hidden, on_machine_of_runs():
        yield


@contextmanager
def on_machine_of_runs(cores: int | None = None) -> Iterator[None]:
    """Make this machine that of the made-up runs."""
    with patch("core.advice.job_machine.read_machine", lambda: Machine(CPU, cores)):
        yield
