"""A race with a real dispatcher and real workers, killed while it runs."""

import signal
from collections.abc import Callable
from contextlib import suppress
from os import kill, killpg
from pathlib import Path

import pytest

from core.advice.control import start_race
from core.advice.race import open_race
from core.home import Home
from core.jobs.between_jobs import has_open_races
from core.jobs.dispatcher import _has_work
from core.jobs.queue import JobQueue
from tests.support.dispatcher import end_dispatcher, start_dispatcher, until
from tests.support.racing import plan_digits
from tests.support.ray_head import TOKEN, RayHead
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


def test_race_runs_on_ray_and_survives_the_loss_of_a_node_and_of_the_head(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = RayHead(tmp_path, [{"CPU": 1.0}, {"CPU": 1.0}])
    head.come()
    settings = {"EXECUTOR": "ray", "RAY_ADDRESS": head.address, "EXAMPLES": str(home.path / "no-examples")}
    for name, value in settings.items():
        monkeypatch.setenv(f"HEADROOM_{name}", value)
    monkeypatch.setenv("RAY_AUTH_TOKEN", TOKEN)
    process = start_dispatcher(home, "--module", SCORED)
    try:
        race = start_race(home, plan_digits(home, ("gap", "gap_dense"), epochs=5))
        until(lambda: head.submissions)
        lost = next(iter(head.submissions))
        killpg(head.lose(lost).pid, signal.SIGKILL)
        until(lambda: len(head.submissions) > 2)
        head.go()
        head.come()
        until(lambda: open_race(home, race.race_id).state != "running")
        found = open_race(home, race.race_id)
        assert found.answer, found.problem
        assert found.find(found.answer.choice).head == "gap_dense"
        jobs = JobQueue(home).jobs()
        assert {job.state for job in jobs} == {"finished"}
        assert len(head.submissions) > len(jobs), "the lost run was submitted again"
        assert max(job.attempt for job in jobs) > 1
    finally:
        end_dispatcher(home, process)
        head.end()
