"""Notices of the browser: only for the user who started something, and only while it is queued or running."""

import time

from core.home import Home
from core.jobs.notice import post_notice
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import keep_sweep
from core.spec import RunSpec
from tests.support.dispatcher import without_dispatcher
from tests.support.page import Open
from tests.support.run_writer import RunWriter


def test_sidebar_watches_what_the_user_started(open_page: Open, home: Home, make_run: RunWriter) -> None:
    make_run()

    def watches() -> bool:
        app = open_page("reports")
        assert not [*app.exception, *app.error]
        return any("headroom_notices" in str(element.proto) for element in app.get("bidi_component"))

    with without_dispatcher(home):
        assert not watches()
        JobQueue(home).submit([RunSpec(epochs=9)], "ada@example.org")
        assert not watches()
        sweep = keep_sweep(home, "digits-heads", ["epochs"], [RunSpec(epochs=7)], by="test@example.com")
        JobQueue(home).submit(sweep.specs, sweep.submitted_by)
        assert watches()
        JobQueue(home).cancel(sweep.specs[0].run_id)
        assert not watches()
        JobQueue(home).submit([RunSpec(epochs=8)], "test@example.com")
        assert watches()
        started = time.time()
        for by in ("test@example.com", "ada@example.org"):
            post_notice(home, "advice", by, f"Advice of {by}", by=by)
        app = open_page("reports")
        app.session_state["time of the first page"] = started
        texts = [str(element.proto) for element in app.run().get("bidi_component")]
        (text,) = [text for text in texts if "headroom_notices" in text]
        assert "Advice of test@example.com" in text
        assert "Advice of ada" not in text
