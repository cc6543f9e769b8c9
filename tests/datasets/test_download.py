"""Downloads of datasets: concurrent, killed, truncated, and without a network."""

import gzip
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.cache import fetch_dataset, list_datasets, open_dataset
from core.datasets.download import is_intact
from core.datasets.fetch import read_fetch, start_fetch
from core.errors import DatasetError
from core.home import Home
from core.spec import DATASETS
from tests.support.paths import ROOT


def wait_for(happened: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)
    return result


def test_two_concurrent_downloads_succeed(home: Home) -> None:
    code = "import sys; from pathlib import Path; from core.home import Home; from core.datasets.cache import *; "
    code += "print(open_dataset(Home(Path(sys.argv[1])), 'digits').info.fingerprint)"
    start = [sys.executable, "-c", code, str(home.path)]
    both = [subprocess.Popen(start, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "ab"]
    answers = [process.communicate(timeout=60) for process in both]
    assert answers == [(f"{DATASETS['digits'].official_fingerprint}\n", "")] * 2
    assert sorted(os.listdir(home.datasets)) == [".fetch", "digits"]


def test_result_of_a_background_download_is_visible_to_other_processes(home: Home) -> None:
    assert read_fetch(home, "digits") is None
    assert start_fetch(home, "digits").alive
    ended = wait_for(lambda: (found := read_fetch(home, "digits")) and not found.alive and found)
    assert (ended.phase, ended.error) == ("done", None), (home.datasets / ".fetch" / "digits.log").read_text()
    assert list_datasets(home)[0].available


def _pack(*arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, *arrays)
    return content.getvalue()


_SHAPES = {"train-imgs": (300, 28, 28), "train-labels": 300, "test-imgs": (100, 28, 28), "test-labels": 100}
WHOLE = {
    f"kmnist-{part}.npz": _pack(np.random.default_rng(0).integers(0, 10, shape, np.uint8))
    for part, shape in _SHAPES.items()
}
HTML = b"<html>Please log in</html>"


class Server(ThreadingHTTPServer):
    """Replacement of the network: a proxy, so that the original URLs are requested. `answers` are used in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[tuple[int, bytes]]] = {}
        self.requested: list[str] = []
        self.held = Event()
        self.held.set()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._begin(200, len(WHOLE[self.path.rpartition("/")[2]]))

    def do_GET(self) -> None:
        self.server.requested.append(self.path)
        name = self.path.rpartition("/")[2]
        waiting = self.server.answers.get(name, [])
        code, content = waiting.pop(0) if waiting else (200, WHOLE[name])
        self._begin(code, max(len(content), len(WHOLE[name])) if content.startswith(b"PK") else len(content))
        self.wfile.write(content[: len(content) // 2])
        self.server.held.wait(60)
        self.wfile.write(content[len(content) // 2 :])

    def _begin(self, code: int, length: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


_WORKER = """
import json, logging, sys
from pathlib import Path
from core.datasets.cache import fetch_dataset
from core.errors import HeadroomError
from core.home import Home
for line in sys.stdin:
    steps = []
    try:
        home, name = json.loads(line)
        found = fetch_dataset(Home(Path(home)), name, progress=lambda *step: steps.append(step)).info
        answer = {"counts": [found.train_count, found.test_count], "official": found.official}
    except HeadroomError as error:
        answer = {"error": str(error)}
    print(json.dumps({**answer, "steps": steps, "handlers": len(logging.getLogger().handlers)}), flush=True)
"""


class Worker:
    """A process that downloads through Keras. Keras reads KERAS_HOME when it is imported, so each process has its
    own.
    """

    def __init__(self, folder: Path, server: Server) -> None:
        self.keras_home = folder / "keras"
        self.keras_home.mkdir(parents=True)
        self.log = folder / "stderr.txt"
        proxy = f"http://127.0.0.1:{server.server_port}"
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env |= {"KERAS_HOME": str(self.keras_home), "http_proxy": proxy, "https_proxy": "http://127.0.0.1:9"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _WORKER], cwd=ROOT, env=env, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def ask(self, home: Home, name: str = "kmnist") -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([str(home.path), name]) + "\n")
        self.process.stdin.flush()

    def fetch(self, home: Home, name: str = "kmnist") -> dict[str, Any]:
        assert self.process.stdout
        self.ask(home, name)
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def kept(self) -> list[str]:
        return sorted(path.name for path in (self.keras_home / "datasets").rglob("*") if path.is_file())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def _network() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def network(_network: Server) -> Server:
    _network.answers, _network.requested = {}, []
    return _network


@pytest.fixture(scope="module")
def _worker(_network: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("worker"), _network)
    yield worker
    worker.close()


@pytest.fixture
def worker(_worker: Worker) -> Worker:
    for path in (_worker.keras_home / "datasets").rglob("*"):
        if path.is_file():
            path.unlink()
    return _worker


KEPT = [f"kmnist.npz_kmnist_{part}" for part in ("test_imgs", "test_labels", "train_imgs", "train_labels")]
downloads = pytest.mark.xdist_group("downloads")  # they share one process that imports TensorFlow


@downloads
def test_download_shows_only_progress(home: Home, worker: Worker, network: Server) -> None:
    answer = worker.fetch(home)
    assert (answer["counts"], answer["official"], answer["handlers"]) == ([300, 100], False, 0)
    total = sum(map(len, WHOLE.values()))
    assert answer["steps"][-1] == [total, total]
    assert answer["steps"] == sorted(answer["steps"])
    assert worker.log.read_text() == ""
    assert worker.kept() == KEPT
    state = read_fetch(home, "kmnist")
    assert state is not None
    assert (state.phase, state.done_bytes, state.total_bytes, state.alive) == ("done", total, total, False)


@downloads
def test_interrupted_downloads_are_retried_once(home: Home, worker: Worker, network: Server) -> None:
    network.answers = {
        "kmnist-train-imgs.npz": [(200, WHOLE["kmnist-train-imgs.npz"][:90_000])],
        "kmnist-train-labels.npz": [(200, HTML)],
        "kmnist-test-imgs.npz": [(503, b"busy")],
    }
    assert worker.fetch(home)["counts"] == [300, 100]
    assert len(network.requested) == 7


@downloads
def test_partial_file_that_keras_kept_is_downloaded_again(home: Home, worker: Worker, network: Server) -> None:
    for file in DATASETS["kmnist"].files:
        path = worker.keras_home / file.cached
        path.parent.mkdir(exist_ok=True)
        content = WHOLE[file.name]
        path.write_bytes(content[: len(content) // 2] if "test" in file.name else content)
    assert worker.fetch(home)["counts"] == [300, 100]
    assert sorted(url.rpartition("/")[2] for url in network.requested) == [
        "kmnist-test-imgs.npz",
        "kmnist-test-labels.npz",
    ]


@downloads
def test_complete_file_with_wrong_content_is_downloaded_again(home: Home, worker: Worker, network: Server) -> None:
    network.answers = {"kmnist-train-labels.npz": [(200, _pack(np.full(300, 48, np.uint8)))]}
    assert worker.fetch(home)["counts"] == [300, 100]
    assert len(network.requested) == 8


@downloads
@pytest.mark.parametrize(("bad", "reason"), [((200, HTML), "the file is damaged"), ((404, b""), "Not Found")])
def test_failed_download_reports_what_to_do_and_leaves_nothing(
    bad: tuple[int, bytes], reason: str, home: Home, worker: Worker, network: Server
) -> None:
    network.answers = {"kmnist-train-imgs.npz": [bad, bad]}
    (home.datasets / "downloads").mkdir(parents=True)
    (home.datasets / "downloads" / "kmnist-test-imgs.npz").write_bytes(WHOLE["kmnist-test-imgs.npz"])
    error = worker.fetch(home)["error"]
    assert error == (
        f"Cannot download kmnist-train-imgs.npz of KMNIST: {reason}. Try again later, or place "
        "kmnist-train-imgs.npz, kmnist-train-labels.npz, kmnist-test-labels.npz "
        f"from http://codh.rois.ac.jp/kmnist/dataset/kmnist/ in {home.datasets / 'downloads'} and download again."
    )
    assert worker.kept() == []
    state = read_fetch(home, "kmnist")
    assert state is not None
    assert (state.phase, state.error, state.alive) == ("failed", error, False)
    assert not list_datasets(home)[1].available
    for name, content in WHOLE.items():
        (home.datasets / "downloads" / name).write_bytes(content)
    assert fetch_dataset(home, "kmnist").info.train_count == 300


@downloads
def test_missing_network_is_reported_in_one_line(home: Home, worker: Worker) -> None:
    for name in ("mnist", "fashion_mnist"):
        error = worker.fetch(home, name)["error"]
        assert "refused" in error
        assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/" in error
        assert "\n" not in error
    error = worker.fetch(home, "emnist_letters")["error"]
    assert f"place gzip.zip (562 MB) from https://biometrics.nist.gov/cs_links/EMNIST/ in {home.datasets}" in error
    assert worker.log.read_text() == ""


@downloads
def test_file_with_another_checksum_is_refused(home: Home, worker: Worker, network: Server) -> None:
    content = b"MATLAB 5.0 MAT-file"
    network.answers = {"train_32x32.mat": [(200, content), (200, content)]}
    assert "train_32x32.mat of SVHN: the file is damaged. Try" in worker.fetch(home, "svhn")["error"]
    assert worker.kept() == []


@downloads
def test_killed_download_leaves_no_dataset(home: Home, worker: Worker, network: Server) -> None:
    """Kill the process of the tests above, and therefore run last."""
    network.held.clear()
    try:
        worker.ask(home)
        running = wait_for(lambda: (found := read_fetch(home, "kmnist")) and found.done_bytes and found)
        assert (running.phase, running.alive, running.pid) == ("downloading", True, worker.process.pid)
        assert 0 < running.done_bytes < running.total_bytes == sum(map(len, WHOLE.values()))
        assert start_fetch(home, "kmnist").pid == worker.process.pid  # no second one next to it
    finally:
        worker.close()
        network.held.set()
    stopped = read_fetch(home, "kmnist")
    assert stopped is not None
    assert (stopped.alive, stopped.error) == (False, "The download of KMNIST was interrupted. Start it again.")
    with pytest.raises(DatasetError, match="KMNIST is not downloaded"):
        open_dataset(home, "kmnist")
    assert not set(worker.kept()) & set(KEPT)


def test_arrays_of_a_killed_download_are_not_listed_and_are_deleted_by_the_next(home: Home) -> None:
    left = home.datasets / ".digits.abc123"
    left.mkdir(parents=True)
    (left / "train_images.npy").write_bytes(b"half")
    assert not list_datasets(home)[0].available
    open_dataset(home, "digits")
    assert not left.exists()


@given(st.binary(max_size=200), st.integers(0, 60))
def test_truncated_or_unexpected_archive_is_incomplete(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "archive"
    for archive in (gzip.compress(data), _pack(np.frombuffer(data, np.uint8))):
        path.write_bytes(archive)
        assert is_intact(path)
        assert not is_intact(path, "0" * 64)
        path.write_bytes(archive[: len(archive) - 1 - cut % len(archive)])
        assert not is_intact(path)
