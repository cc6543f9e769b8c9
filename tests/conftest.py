"""Shared fixtures: a separate home per test, the real data if available, and finished runs."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId
from hypothesis import settings

from core.datasets.dataset import Arrays
from core.datasets.download import Downloads
from core.home import EXAMPLES, Home
from core.spec import DATASETS
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.dispatcher import without_dispatcher
from tests.support.kept_drawings import keep_drawings
from tests.support.markers import LONG
from tests.support.quick_altair import quicken_altair
from tests.support.run_writer import RunWriter

# A slow machine is not a fault of the code; `make test-all` tries more examples.
settings.register_profile("headroom", deadline=None, max_examples=100 if LONG else 25)
settings.load_profile("headroom")


def pytest_configure() -> None:
    """Restore Ctrl-C: a shell starts background processes with SIGINT ignored, children inherit that, and tests send
    it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def digits_in_memory() -> None:
    """Read the digits once per process: enlarging them for each home takes a tenth of the suite's time."""
    digits = DATASETS["digits"]
    load = digits.load
    assert load

    @cache
    def load_once() -> Arrays:
        return load(Downloads(digits.label, digits.files, Path(), lambda done, total: None))

    object.__setattr__(digits, "load", lambda files: load_once())


@pytest.fixture(scope="session", autouse=True)
def charts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Draw charts with less repetition: altogether, they take a third of the suite's time."""
    quicken_altair()
    folder = tmp_path_factory.getbasetemp()
    keep_drawings(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


_SLOW = {"AppTest", "open_page", "FORMATS", "subprocess", "multiprocessing"}
_LONGEST_FIRST = (
    "browser", "training", "transfer", "jobs", "requests", "tensorflow", "mlflow", "ray", "downloads", "faults",
    "language", "imports", "health",
)  # fmt: skip


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests as slow that open pages, write report files or start processes, by the names that their module uses.

    The longest xdist groups come first, so that no worker starts one when the others have finished.
    """
    if "tensorflow" in sys.modules:
        raise pytest.UsageError(
            "A test module imports TensorFlow: import it in the tests, it takes seconds per worker."
        )
    for item in items:
        if isinstance(item, pytest.Function) and not _SLOW.isdisjoint([*vars(item.module), *item.fixturenames]):
            item.add_marker(pytest.mark.slow)
    groups = {item: mark.args[0] for item in items if (mark := item.get_closest_marker("xdist_group"))}
    ranks = {group: rank for rank, group in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(groups.get(item, ""), len(ranks)))
    if config.getoption("loadgroup", default=False):  # pytest-xdist 3.8.0 writes a field that pytest 9.2 does not read
        for item, group in groups.items():
            if not item.nodeid.endswith(f"@{group}"):
                item._id = NodeId.parse(f"{item.nodeid}@{group}")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Restore the main module: AppTest leaves the page there, and every forked process would run it first."""
    kept = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = kept


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Empty home, which `Home.default()` also returns."""
    path = tmp_path / "home"
    monkeypatch.setenv("HEADROOM_HOME", str(path))
    return Home(path)


@pytest.fixture
def store(home: Home, tmp_path: Path) -> RunStore:
    """Runs of `home`, without the examples."""
    return RunStore(home, examples=tmp_path / "no-examples")


@pytest.fixture
def make_run(home: Home) -> RunWriter:
    """Writer of finished runs: `make_run(head="dense", seed=1, accuracy=0.95)` publishes one into `home`."""
    return RunWriter(home)


@pytest.fixture
def test_data() -> Path:
    """Folder of real data."""
    folder = os.environ.get("HEADROOM_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs real data: HEADROOM_TEST_DATA names no folder")
    return Path(folder)


@pytest.fixture
def no_dispatcher(home: Home) -> Iterator[None]:
    with without_dispatcher(home):
        yield


@pytest.fixture
def examples(home: Home) -> list[Run]:
    """Examples as runs of the home: two trained heads with three seeds; seed 0 with its model."""
    home.runs.mkdir(parents=True)
    for folder in EXAMPLES.iterdir():
        if (folder / "record.json").is_file():
            shutil.copytree(folder, home.runs / folder.name)
    store = RunStore(home, examples=home.path / "none")
    return [store.open(folder.name) for folder in sorted(home.runs.iterdir())]
