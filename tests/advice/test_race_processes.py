"""A race with a real dispatcher and real workers, killed while it runs."""

import signal
from collections.abc import Callable
from contextlib import suppress
from os import kill, killpg

import pytest

from core.advice.control import start_race
from core.advice.race import open_race
from core.home import Home
from core.jobs.between_jobs import has_open_races
from core.jobs.dispatcher import _has_work
from core.jobs.queue import JobQueue
from tests.support.dispatcher import end_dispatcher, start_dispatcher, until
from tests.support.racing import plan_digits
from tests.support.scored_worker import SCORED

pytestmark = pytest.mark.xdist_group("jobs")


def test_race_survives_the_death_of_dispatcher_and_workers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(home.path / "no-examples"))
    plan, queue = plan_digits(home), JobQueue(home)
    process = start_dispatcher(home, "--module", SCORED)
    try:
        race = start_race(home, plan)
        assert has_open_races(home)

        def wait_for(condition: Callable[[], object]) -> None:
            until(lambda: open_race(home, race.race_id).state != "running" or condition())

        wait_for(lambda: queue.running())
        for job in queue.running():
            path = home.jobs / "processes" / job.handle
            with suppress(OSError, IndexError, ValueError):  # it has just ended
                killpg(int(path.read_text().split()[0]), signal.SIGKILL)
        wait_for(lambda: open_race(home, race.race_id).rung >= 1)
        kill(process.pid, signal.SIGKILL)
        process.wait()
        assert open_race(home, race.race_id).state != "running" or _has_work(home), "pages start a new dispatcher"
        process = start_dispatcher(home, "--module", SCORED)
        until(lambda: open_race(home, race.race_id).state != "running")
        found = open_race(home, race.race_id)
        assert found.answer, found.problem
        assert found.find(found.answer.choice).head == "gap_dense"
        until(lambda: not has_open_races(home))
        jobs = queue.jobs()
        assert {job.state for job in jobs} == {"finished"}
        assert {job.submitted_by for job in jobs} == {found.submitted_by}
    finally:
        end_dispatcher(home, process)
