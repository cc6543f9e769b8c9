"""The cache of arrays: opened, damaged, fetched at once, killed; and the split of its training images."""

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

from core.datasets.cache import fetch_dataset, list_datasets, open_dataset, pin
from core.datasets.dataset import ARRAYS, Arrays
from core.datasets.download import is_whole
from core.datasets.fetch import read_fetch, start_fetch
from core.datasets.rows import RowWriter, compute_fingerprint, read_blocks, read_fingerprint
from core.datasets.split import compute_split
from core.errors import DatasetError, HomeError, SpecError, UnknownNameError
from core.home import Home
from core.spec import DATASETS, RunSpec
from tests.support.paths import ROOT


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def wait_for(happened: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)
    return result


# --- open


def test_bundled_dataset_is_made_at_first_use(home: Home) -> None:
    assert not home.path.exists()
    info = open_dataset(home, "digits").info
    assert (info.name, info.label, info.official) == ("digits", "Digits", True)
    assert (info.train_count, info.test_count, info.input_shape) == (1437, 360, (28, 28, 1))
    assert info.classes == DATASETS["digits"].classes
    assert info.bytes == sum(path.stat().st_size for path in (home.datasets / "digits").glob("*.npy"))


def test_arrays_are_mapped_and_read_only(home: Home) -> None:
    arrays = open_dataset(home, "digits").arrays()
    for name in ARRAYS:
        array = getattr(arrays, name)
        assert isinstance(array, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_absent_dataset_says_how_to_fetch_it(home: Home) -> None:
    with pytest.raises(DatasetError) as error:
        open_dataset(home, "kmnist")
    assert str(error.value) == "KMNIST is not here yet; fetch it with: python -m core datasets fetch kmnist"


def test_unknown_dataset_is_told(home: Home) -> None:
    for function in (open_dataset, fetch_dataset, start_fetch):
        with pytest.raises(UnknownNameError, match="got 'nist'"):
            function(home, "nist")


def test_home_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="Expected to be able to write"):
        open_dataset(Home(tmp_path / "file"), "digits")


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "no json": lambda folder: (folder / "dataset.json").unlink(),
    "json cut off": lambda folder: os.truncate(folder / "dataset.json", 100),
    "json of a list": lambda folder: (folder / "dataset.json").write_text("[]"),
    "json of another": lambda folder: _edit(folder, name="mnist"),
    "json of other counts": lambda folder: _edit(folder, train_count=60_000),
    "json without fingerprint": lambda folder: _edit(folder, fingerprint=None),
    "no images": lambda folder: (folder / "train_images.npy").unlink(),
    "images cut off": lambda folder: os.truncate(folder / "train_images.npy", 50_000),
    "empty labels": lambda folder: os.truncate(folder / "test_labels.npy", 0),
    "images of another shape": lambda folder: np.save(folder / "test_images.npy", np.zeros((360, 8, 8, 1), np.uint8)),
    "images of another dtype": lambda folder: np.save(folder / "test_images.npy", np.zeros((360, 28, 28, 1))),
    "labels as objects": lambda folder: np.save(folder / "test_labels.npy", np.array([{}] * 360)),
    "labels as a folder": lambda folder: [(folder / "test_labels.npy").unlink(), (folder / "test_labels.npy").mkdir()],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_dataset_says_how_to_repair_it_and_a_fetch_does(damage: Callable[[Path], Any], home: Home) -> None:
    damage(open_dataset(home, "digits").path)
    with pytest.raises(DatasetError) as error:
        open_dataset(home, "digits")
    sentence = str(error.value)
    assert sentence.startswith("Expected Digits to be whole; got ")
    assert sentence.endswith("; repair it with: python -m core datasets fetch digits")
    assert "\n" not in sentence
    digits = list_datasets(home)[0]
    assert (digits.here, digits.problem) == (False, sentence)
    assert digits.how == "python -m core datasets fetch digits"
    fetch_dataset(home, "digits").verify()
    assert os.listdir(home.datasets / "digits") == os.listdir(open_dataset(home, "digits").path)


def test_changed_content_is_opened_but_not_verified_and_a_fetch_repairs_it(home: Home) -> None:
    cached = open_dataset(home, "digits")
    with (cached.path / "train_images.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(DatasetError, match="repair it with"):
        open_dataset(home, "digits").verify()
    fetch_dataset(home, "digits").verify()


def test_fetch_leaves_a_sound_dataset_alone_unless_again(home: Home) -> None:
    def stamp() -> int:
        return (home.datasets / "digits" / "dataset.json").stat().st_ino

    fetch_dataset(home, "digits")
    first = stamp()
    mapped = open_dataset(home, "digits").arrays()
    fetch_dataset(home, "digits")
    assert stamp() == first
    fetch_dataset(home, "digits", again=True)
    assert stamp() != first
    assert mapped.test_images.any()  # who still looks at the old arrays goes on


def test_list_names_every_dataset_and_makes_none(home: Home) -> None:
    assert [status.name for status in list_datasets(home)] == list(DATASETS)
    assert not home.path.exists()
    open_dataset(home, "digits")
    digits, *others = list_datasets(home)
    assert (digits.here, digits.official, digits.how, digits.problem) == (True, True, "", None)
    assert digits.fingerprint == DATASETS["digits"].official_fingerprint
    hows = {"celeba": "add celeba PATH", "folder": "add NAME PATH"}
    for status in others:
        assert status.how == f"python -m core datasets {hows.get(status.name, f'fetch {status.name}')}"


# --- fingerprint and pin


def _arrays(seed: int = 0) -> Arrays:
    random = np.random.default_rng(seed)
    return Arrays(
        random.integers(0, 256, (4, 3, 3, 1), np.uint8), random.integers(0, 10, 4),
        random.integers(0, 256, (2, 3, 3, 1), np.uint8), random.integers(0, 10, 2),
    )  # fmt: skip


@given(st.sampled_from(ARRAYS), st.integers(0, 1000), st.integers(1, 255))
def test_fingerprint_changes_with_any_value(name: str, place: int, by: int) -> None:
    changed = _arrays()
    flat = getattr(changed, name).reshape(-1)
    flat[place % flat.size] ^= by
    assert compute_fingerprint(changed) != compute_fingerprint(_arrays())


def test_fingerprint_names_shape_and_dtype_but_not_memory_layout() -> None:
    plain = _arrays()
    reshaped = Arrays(plain.train_images.reshape(4, 9, 1, 1), plain.train_labels, plain.test_images, plain.test_labels)
    retyped = Arrays(plain.train_images.view(np.int8), plain.train_labels, plain.test_images, plain.test_labels)
    fortran = Arrays(*(np.asfortranarray(getattr(plain, name)) for name in ARRAYS))
    assert len({compute_fingerprint(arrays) for arrays in (plain, reshaped, retyped)}) == 3
    assert compute_fingerprint(fortran) == compute_fingerprint(plain)


@given(st.integers(0, 20), st.sampled_from([(), (3,), (2, 3, 1)]), st.sampled_from([np.uint8, np.int64]))
def test_rows_written_one_by_one_are_a_plain_npy_file(
    tmp_path_factory: pytest.TempPathFactory, count: int, shape: tuple[int, ...], dtype: type
) -> None:
    path = tmp_path_factory.getbasetemp() / "rows.npy"
    rows = np.random.default_rng(count).integers(0, 200, (count, *shape)).astype(dtype)
    with RowWriter(path, shape, dtype) as writer:
        for row in rows:
            writer.append(row)
    found = np.load(path)
    assert found.dtype == rows.dtype
    assert np.array_equal(found, rows)
    assert np.array_equal(np.concatenate([rows[:0], *read_blocks(path)]), rows)


def test_fingerprint_of_files_is_that_of_the_arrays(home: Home) -> None:
    cached = open_dataset(home, "digits")
    assert read_fingerprint(cached.path) == compute_fingerprint(cached.arrays()) == cached.info.fingerprint


def test_dataset_kept_before_there_were_attributes_and_folders_is_opened(home: Home) -> None:
    path = open_dataset(home, "digits").path / "dataset.json"
    old = json.loads(path.read_text())
    for name in ("validation_count", "attributes", "folder", "skipped", "note"):
        del old[name]
    path.write_text(json.dumps(old))
    assert open_dataset(home, "digits").info.validation_count == 0


def test_pin_names_the_data_that_is_here(home: Home) -> None:
    pinned = pin(home, RunSpec(dataset="digits"))
    assert pinned.data == open_dataset(home, "digits").info.fingerprint
    assert pin(home, pinned) == pinned
    with pytest.raises(DatasetError, match=f"Expected Digits with fingerprint {'0' * 16}; got {pinned.data} here"):
        pin(home, pinned.replace(data="0" * 16))
    with pytest.raises(DatasetError, match="not here yet"):
        pin(home, RunSpec(dataset="kmnist"))


# --- split


@pytest.mark.parametrize(
    ("count", "fraction", "split_at"),  # of keras.src.trainers.data_adapters.array_slicing.train_validation_split
    [(60_000, 0.2, 48_000), (8000, 0.2, 6400), (1437, 0.2, 1149), (10_000, 0.9, 999), (20, 0.01, 19), (1000, 0.7, 300)],
)
def test_split_is_that_of_keras(count: int, fraction: float, split_at: int) -> None:
    spec = RunSpec(train_images=count, validation_fraction=fraction)
    assert compute_split(spec, 60_000) == (range(split_at), range(split_at, count))


@given(st.integers(20, 70_000), st.floats(0.01, 0.9))
def test_split_parts_are_never_empty_and_follow_each_other(count: int, fraction: float) -> None:
    train, validation = compute_split(RunSpec(validation_fraction=fraction), count)
    assert (train.start, train.stop, validation.stop) == (0, validation.start, count)
    assert len(train) > 0
    assert abs(len(validation) - count * fraction) <= 1


def test_split_of_more_images_than_there_are_is_told() -> None:
    with pytest.raises(SpecError) as error:
        compute_split(RunSpec(train_images=5000), 1437)
    assert str(error.value) == "Expected train_images between 20 and 1437 for digits; got 5000."


# --- fetch


def test_two_processes_fetching_at_once_end_well(home: Home) -> None:
    code = "import sys; from pathlib import Path; from core.home import Home; from core.datasets.cache import *; "
    code += "print(open_dataset(Home(Path(sys.argv[1])), 'digits').info.fingerprint)"
    start = [sys.executable, "-c", code, str(home.path)]
    both = [subprocess.Popen(start, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in "ab"]
    answers = [process.communicate(timeout=60) for process in both]
    assert answers == [(f"{DATASETS['digits'].official_fingerprint}\n", "")] * 2
    assert sorted(os.listdir(home.datasets)) == [".fetch", "digits"]


def test_started_fetch_tells_any_process_how_it_ended(home: Home) -> None:
    assert read_fetch(home, "digits") is None
    assert start_fetch(home, "digits").alive
    ended = wait_for(lambda: (found := read_fetch(home, "digits")) and not found.alive and found)
    assert (ended.phase, ended.error) == ("done", None), (home.datasets / ".fetch" / "digits.log").read_text()
    assert list_datasets(home)[0].here


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
    """Stands in for the network: a proxy, so that the true addresses are asked for. `answers` are used up in turn."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, list[tuple[int, bytes]]] = {}
        self.asked: list[str] = []
        self.held = Event()
        self.held.set()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self._begin(200, len(WHOLE[self.path.rpartition("/")[2]]))

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
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
    """A process that fetches through Keras. Keras reads KERAS_HOME when it is imported, so it has one of its own."""

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
    _network.answers, _network.asked = {}, []
    return _network


@pytest.fixture(scope="module")
def _worker(_network: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("worker"), _network)
    yield worker
    worker.close()


@pytest.fixture
def worker(_worker: Worker) -> Worker:
    for path in (_worker.keras_home / "datasets").rglob("*"):
        path.unlink()
    return _worker


KEPT = [f"kmnist.npz_kmnist_{part}" for part in ("test_imgs", "test_labels", "train_imgs", "train_labels")]
downloads = pytest.mark.xdist_group("downloads")  # they share one process that imports TensorFlow


@downloads
def test_download_shows_progress_and_says_nothing_else(home: Home, worker: Worker, network: Server) -> None:
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
def test_broken_downloads_are_started_over_once(home: Home, worker: Worker, network: Server) -> None:
    network.answers = {
        "kmnist-train-imgs.npz": [(200, WHOLE["kmnist-train-imgs.npz"][:90_000])],
        "kmnist-train-labels.npz": [(200, HTML)],
        "kmnist-test-imgs.npz": [(503, b"busy")],
    }
    assert worker.fetch(home)["counts"] == [300, 100]
    assert len(network.asked) == 7


@downloads
def test_half_a_file_that_keras_kept_is_downloaded_anew(home: Home, worker: Worker, network: Server) -> None:
    for file in DATASETS["kmnist"].files:
        path = worker.keras_home / file.kept
        path.parent.mkdir(exist_ok=True)
        content = WHOLE[file.name]
        path.write_bytes(content[: len(content) // 2] if "test" in file.name else content)
    assert worker.fetch(home)["counts"] == [300, 100]
    assert sorted(url.rpartition("/")[2] for url in network.asked) == ["kmnist-test-imgs.npz", "kmnist-test-labels.npz"]


@downloads
def test_whole_file_with_wrong_content_is_downloaded_anew(home: Home, worker: Worker, network: Server) -> None:
    network.answers = {"kmnist-train-labels.npz": [(200, _pack(np.full(300, 48, np.uint8)))]}
    assert worker.fetch(home)["counts"] == [300, 100]
    assert len(network.asked) == 8


@downloads
@pytest.mark.parametrize(("bad", "reason"), [((200, HTML), "a damaged file"), ((404, b""), "Not Found")])
def test_failed_download_says_what_to_do_and_leaves_nothing(
    bad: tuple[int, bytes], reason: str, home: Home, worker: Worker, network: Server
) -> None:
    network.answers = {"kmnist-train-imgs.npz": [bad, bad]}
    (home.datasets / "downloads").mkdir(parents=True)
    (home.datasets / "downloads" / "kmnist-test-imgs.npz").write_bytes(WHOLE["kmnist-test-imgs.npz"])
    error = worker.fetch(home)["error"]
    assert error == (
        f"Expected to download kmnist-train-imgs.npz of KMNIST; got {reason}: try again later, or put "
        "kmnist-train-imgs.npz, kmnist-train-labels.npz, kmnist-test-labels.npz "
        f"from http://codh.rois.ac.jp/kmnist/dataset/kmnist/ into {home.datasets / 'downloads'} and fetch again."
    )
    assert worker.kept() == []
    state = read_fetch(home, "kmnist")
    assert state is not None
    assert (state.phase, state.error, state.alive) == ("failed", error, False)
    assert not list_datasets(home)[1].here
    for name, content in WHOLE.items():
        (home.datasets / "downloads" / name).write_bytes(content)
    assert fetch_dataset(home, "kmnist").info.train_count == 300


@downloads
def test_no_network_is_told_in_one_line(home: Home, worker: Worker) -> None:
    for name in ("mnist", "fashion_mnist"):
        error = worker.fetch(home, name)["error"]
        assert "refused" in error
        assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/" in error
        assert "\n" not in error
    assert worker.log.read_text() == ""


@downloads
def test_killed_fetch_leaves_nothing_that_looks_finished(home: Home, network: Server, tmp_path: Path) -> None:
    network.held.clear()
    worker = Worker(tmp_path, network)
    try:
        worker.ask(home)
        running = wait_for(lambda: (found := read_fetch(home, "kmnist")) and found.done_bytes and found)
        assert (running.phase, running.alive, running.pid) == ("downloading", True, worker.process.pid)
        assert 0 < running.done_bytes < running.total_bytes == sum(map(len, WHOLE.values()))
        assert start_fetch(home, "kmnist").pid == worker.process.pid  # no second one beside it
    finally:
        worker.close()
        network.held.set()
    stopped = read_fetch(home, "kmnist")
    assert stopped is not None
    assert (stopped.alive, stopped.error) == (False, "The fetch of KMNIST was broken off; start it again.")
    with pytest.raises(DatasetError, match="KMNIST is not here yet"):
        open_dataset(home, "kmnist")
    assert not set(worker.kept()) & set(KEPT)


def test_arrays_left_by_a_killed_fetch_are_not_listed_and_go_with_the_next(home: Home) -> None:
    left = home.datasets / ".digits.abc123"
    left.mkdir(parents=True)
    (left / "train_images.npy").write_bytes(b"half")
    assert not list_datasets(home)[0].here
    open_dataset(home, "digits")
    assert not left.exists()


@given(st.binary(max_size=200), st.integers(0, 60))
def test_cut_or_foreign_archive_is_not_whole(tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "archive"
    for archive in (gzip.compress(data), _pack(np.frombuffer(data, np.uint8))):
        path.write_bytes(archive)
        assert is_whole(path)
        assert not is_whole(path, "0" * 64)
        path.write_bytes(archive[: len(archive) - 1 - cut % len(archive)])
        assert not is_whole(path)
