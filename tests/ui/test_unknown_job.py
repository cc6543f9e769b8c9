import fcntl
import json
import sqlite3
from contextlib import closing

import pytest

from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from tests.support.page import navigated, open_page

pytestmark = pytest.mark.xdist_group("jobs")


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_job_of_an_unknown_head_is_shown_on_the_train_page_among_the_others(
    state: str, home: Home, spec: RunSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = spec.replace(seed=3)
    JobQueue(home).submit([spec, known])
    unknown = json.dumps({**spec.model_dump(), "head": "capsule"})
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table, table:
        table.execute("UPDATE job SET spec = ? WHERE run_id = ?", (unknown, spec.run_id))
        table.execute("UPDATE job SET state = ?, reason = 'Expected a head.'", (state,))
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    with (home.jobs / "dispatcher.lock").open("w") as lock, navigated():
        fcntl.flock(lock, fcntl.LOCK_EX)  # nobody is to be started for these
        app = open_page("train")
        assert not [*app.exception, *app.error]
        names = [f"Job {spec.run_id}", "GAP · Digits · seed 3"]
        if state == "failed":
            shown = [text.value for text in app.markdown if "· failed" in text.value]
            assert [text.value for text in app.text if "head" in text.value] == ["Expected a head."] * 2
        else:
            shown = [bar.proto.text for bar in app.get("progress")]
            assert f"stop-{spec.run_id}" in [button.key for button in app.button]
        assert all(any(name in text for text in shown) for name in names), shown
