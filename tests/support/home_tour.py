"""A tour of a home: runs, comparison, all pages and a job. `python -m tests.support.home_tour FOLDER` prints JSON."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from core.datasets.cache import pin
from core.errors import HeadroomError
from core.home import Home
from core.jobs.queue import JobQueue
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.page import PAGES, list_misaligned, navigated, open_page
from tests.support.quick_altair import quicken_altair


def tour(home: Home, pages: list[str] = PAGES) -> dict[str, Any]:
    """Return the runs, the variants, the headings and messages of each page, and the state of a job or its refusal."""
    store = RunStore(home)
    runs = sorted(store.frame()["run_id"])
    found: dict[str, Any] = {"runs": runs, "variants": len(Comparison.of(store.open_all(runs)).variants), "pages": {}}
    with navigated():
        for page in pages:
            app = open_page(page)
            messages = [message.value for message in [*app.error, *app.warning, *app.exception]]
            found["pages"][page] = [len(app.title), messages + list_misaligned(app)]
    spec = RunSpec(epochs=2)
    try:
        spec = pin(home, spec)
        found["job"] = JobQueue(home).submit([spec])[spec.run_id]
    except HeadroomError as error:
        found["job"] = str(error)
    return found


if __name__ == "__main__":
    quicken_altair()
    os.environ |= {"HEADROOM_HOME": sys.argv[1], "HEADROOM_EXAMPLES": f"{sys.argv[1]}/none"}
    print(json.dumps(tour(Home(Path(sys.argv[1])))))
