"""A dashboard with its HTTP API on a separate port, and a home with runs."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.home import Home
from core.reports.build import build_document
from core.reports.default_report import write_default
from core.reports.report_store import ReportStore
from core.store.comparison import Comparison
from core.store.note import Note, NoteBook
from tests.support.dashboard import find_port, serving
from tests.support.run_writer import RunWriter


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


def ask(address: str, method: str = "GET", body: bytes | None = None, /, **headers: str) -> Reply:
    request = urllib.request.Request(
        address, body, method=method, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as found:
            return Reply(found.status, {name.lower(): text for name, text in found.headers.items()}, found.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, {name.lower(): text for name, text in error.headers.items()}, error.read())


@dataclass
class ApiServer:
    address: str
    home: Home
    run_ids: list[str]
    report: str

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        return ask(f"{self.address}{path}", method, **headers)


def fill(home: Home) -> tuple[list[str], str]:
    """Write two heads with two seeds, a note and a published report; return their IDs."""
    writer = RunWriter(home)
    comparison = Comparison.of([writer(head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")])
    ids = [run.run_id for run in comparison.runs]
    NoteBook(home).write(ids[0], Note(name="<b>first</b>", tags=("paper",), text="why"))
    store = ReportStore(home)
    draft = store.create(write_default(comparison), "ada")
    store.publish(draft, build_document(draft.report, writer.store), "ada")
    return ids, draft.id


def read_metrics(server: ApiServer) -> dict[tuple[str, ...], float]:
    """Return values by the name and the labels of each sample."""
    families = text_string_to_metric_families(server.get("/metrics").body.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


@contextmanager
def serve_api(folder: Path) -> Iterator[ApiServer]:
    """Start a server for a filled home in `folder`, until the block ends."""
    home = Home(folder / "home")
    ids, report = fill(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADROOM_EXAMPLES", str(folder / "no-examples"))
        patch.setenv("HEADROOM_HOME", str(home.path))
        with serving(home, folder / "dashboard.log", find_port(), script="asgi.py") as address:
            yield ApiServer(address, home, ids, report)
