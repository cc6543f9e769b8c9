"""Homes in unusual places: every page opens, and a job is queued or refused with a message."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.home import Home
from tests.support.dispatcher import without_dispatcher
from tests.support.home_tour import tour
from tests.support.markers import long
from tests.support.page import PAGES, Open
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

GOOD = {page: [1, []] for page in PAGES}
_READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" -m tests.support.home_tour "$1"'


@pytest.fixture(autouse=True)
def no_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "none"))


def fill(home: Home, *heads: str) -> list[str]:
    make_run = RunWriter(home)
    return sorted(make_run(head=head).run_id for head in heads)


def test_home_on_a_path_with_spaces_and_other_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "Ada's 画像 ü [1]")
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    runs = fill(home, "gap", "dense")
    with without_dispatcher(home):
        assert tour(home) == {"runs": runs, "variants": 2, "pages": GOOD, "job": "queued"}


@pytest.mark.parametrize("data", ["without the data", pytest.param("with the data", marks=long)])
def test_read_only_home_is_shown_and_refuses_jobs(home: Home, data: str) -> None:
    runs = fill(home, "gap", "dense")
    if data == "without the data":
        shutil.rmtree(home.datasets)
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", _READ_ONLY]
    done = subprocess.run(
        [*unshare, "sh", str(home.path), sys.executable], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip("needs the permission to mount a folder")
    found = json.loads(done.stdout)
    assert (found["runs"], found["variants"]) == (runs, 2)
    assert "queue.sqlite: unable to open" in found["job"]
    assert found["pages"] == GOOD


@long
def test_two_homes_at_once_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open) -> None:
    homes = {Home(tmp_path / name): fill(Home(tmp_path / name), *heads) for name, heads in HEADS.items()}
    for home, runs in [*homes.items(), *homes.items()]:
        monkeypatch.setenv("HEADROOM_HOME", str(home.path))
        with without_dispatcher(home):
            found = tour(home, ["compare", "jobs", "runs"])
        assert (found["runs"], {tuple(map(str, shown)) for shown in found["pages"].values()}) == (runs, {("1", "[]")})
        metrics = open_page("parameters").header
        assert len([title for title in metrics if title.value in ("GAP", "Flatten + Dense", "Flatten + MLP")]) == 2


HEADS = {"first": ("gap", "dense"), "second": ("gap", "mlp")}
