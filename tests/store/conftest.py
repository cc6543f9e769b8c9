"""A bundle of finished runs, and the home of the former version."""

import shutil
from pathlib import Path

import pytest

from core.home import Home
from core.store.bundle import export_bundle
from core.store.run_store import RunStore
from tests.support.bundle import add_models
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> RunWriter:
    return RunWriter(Home(tmp_path_factory.mktemp("origin") / "home"))


@pytest.fixture(scope="module")
def origin(writer: RunWriter) -> RunStore:
    """Home with two runs, one of them with models."""
    writer(test_images=60)
    add_models(writer(head="dense", test_images=60))
    return writer.store


@pytest.fixture(scope="module")
def bundle(origin: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "runs.headroom"
    export_bundle(origin, origin.frame()["run_id"].tolist(), path, pictures=False)
    return path


@pytest.fixture
def former_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Copy of the former home, without the examples, which `Home.default()` also returns."""
    path = tmp_path / "former"
    shutil.copytree(ROOT / "tests" / "support" / "former_home", path)
    monkeypatch.setenv("HEADROOM_HOME", str(path))
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    return Home(path)
