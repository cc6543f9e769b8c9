"""Bundles: what goes into one comes out of it, and a hostile one changes nothing."""

import hashlib
import io
import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from core.cli.app import app
from core.displays.views.gallery import Gallery
from core.errors import BundleError, DatasetError, HeadroomError, RunNotFoundError
from core.home import Home
from core.spec import RunSpec
from core.store.arrival import import_bundle
from core.store.bundle import export_bundle
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.runs import RunStore
from core.store.thumbnail import EXACT, MOST_BYTES, SHRUNK, build_thumbnails, load_test_images
from tests.support.run_rewriter import as_kmnist, rewrite
from tests.support.run_writer import RunWriter

Files = dict[str, bytes]


def read_zip(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, files: Files, **member: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            for field, value in member.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return path


def describe(files: Files) -> Files:
    """The same files under a manifest that fits them."""
    described = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != "bundle.json"
    }
    manifest = json.dumps({"version": 1, "files": described})
    return {"bundle.json": manifest.encode(), **{name: files[name] for name in described}}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def add_models(run: Run) -> Run:
    """As a worker leaves them: a run of RunWriter has none."""
    record = json.loads((run.path / "record.json").read_bytes())
    for name in ("model.keras", "model.tflite"):
        (run.path / name).write_bytes(name.encode())
        record["checksums"][name] = ""
    (run.path / "record.json").write_text(json.dumps(record))
    return rewrite(run)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> RunWriter:
    return RunWriter(Home(tmp_path_factory.mktemp("origin") / "home"))


@pytest.fixture(scope="module")
def origin(writer: RunWriter) -> RunStore:
    """Two runs, one of them with models."""
    writer(test_images=60)
    add_models(writer(head="dense", test_images=60))
    return writer.store


@pytest.fixture(scope="module")
def bundle(origin: RunStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "runs.headroom"
    export_bundle(origin, origin.frame()["run_id"].tolist(), path, pictures=False)
    return path


# The way there and back


def test_runs_arrive_as_they_were(origin: RunStore, bundle: Path, home: Home, store: RunStore) -> None:
    found = import_bundle(home, bundle, models=True)
    assert sorted(found.came) == sorted(origin.frame()["run_id"])
    assert files_of(home.runs) == files_of(origin.home.runs)
    assert store.frame().drop(columns="finished_at").equals(origin.frame().drop(columns="finished_at"))


def test_models_stay_in_the_bundle_unless_they_are_asked_for(bundle: Path, home: Home, store: RunStore) -> None:
    dense = store.open(next(i for i in import_bundle(home, bundle).came if RunStore(home).open(i).spec.head == "dense"))
    assert not dense.has("model.keras")
    dense.verify()
    again = import_bundle(home, bundle, models=True)
    assert dense.run_id in again.here
    assert (dense.path / "model.keras").read_bytes() == b"model.keras"


def test_bundle_without_models_has_none(origin: RunStore, tmp_path: Path) -> None:
    path = tmp_path / "small"
    export_bundle(origin, origin.frame()["run_id"].tolist(), path, models=False, pictures=False)
    assert not [name for name in read_zip(path) if "model." in name]


def test_same_runs_make_the_same_bytes(origin: RunStore, bundle: Path, tmp_path: Path) -> None:
    ids = origin.frame()["run_id"].tolist()
    export_bundle(origin, [*reversed(ids), *ids], tmp_path / "again", pictures=False)
    assert (tmp_path / "again").read_bytes() == bundle.read_bytes()


def test_logs_do_not_travel(make_run: RunWriter, store: RunStore, tmp_path: Path) -> None:
    run = make_run()
    (run.path / "log.txt").write_text("/home/somebody/secret")
    record = json.loads((run.path / "record.json").read_bytes())
    record["checksums"]["log.txt"] = hashlib.sha256(b"/home/somebody/secret").hexdigest()
    (run.path / "record.json").write_text(json.dumps(record))
    export_bundle(store, [run.run_id], tmp_path / "bundle")
    assert not [name for name in read_zip(tmp_path / "bundle") if "log" in name]
    other = Home(tmp_path / "other")
    assert import_bundle(other, tmp_path / "bundle").came == [run.run_id]


def test_run_that_is_here_is_recognised(bundle: Path, home: Home) -> None:
    came = import_bundle(home, bundle).came
    before = files_of(home.path)
    found = import_bundle(home, bundle)
    assert (found.came, found.here, found.differing) == ([], came, [])
    assert files_of(home.path) == before


def test_run_that_is_here_with_other_results_stays(bundle: Path, home: Home, make_run: RunWriter) -> None:
    mine = make_run(test_images=60, accuracy=0.5)
    before = files_of(mine.path)
    found = import_bundle(home, bundle)
    assert found.differing == [mine.run_id]
    assert files_of(mine.path) == before


def test_damaged_run_gives_way_to_that_of_the_bundle(bundle: Path, home: Home, store: RunStore) -> None:
    first = import_bundle(home, bundle).came[0]
    (home.runs / first / "predictions.npz").write_bytes(b"rot")
    assert import_bundle(home, bundle).came == [first]
    store.open(first).verify()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(["gap", "gap_dense", "dense"]),
    seed=st.integers(0, 3),
    images=st.integers(50, 70),
    accuracy=st.floats(0, 1),
    rates=st.sampled_from([0.001, 0.002]),
)
def test_any_run_comes_back_as_it_was(
    writer: RunWriter, tmp_path_factory: pytest.TempPathFactory, head: str, seed: int, images: int, accuracy: float,
    rates: float,
) -> None:  # fmt: skip
    run = writer(head=head, seed=seed, test_images=images, accuracy=accuracy, learning_rate=rates)
    folder = tmp_path_factory.mktemp("round")
    export_bundle(writer.store, [run.run_id], folder / "bundle", pictures=False)
    import_bundle(Home(folder / "home"), folder / "bundle")
    assert files_of(folder / "home" / "runs" / run.run_id) == files_of(run.path)


def test_leftover_of_a_killed_import_is_cleared_away(bundle: Path, home: Home) -> None:
    left = home.runs / ".import-dead" / "runs"
    left.mkdir(parents=True)
    came = import_bundle(home, bundle).came
    assert sorted(path.name for path in home.runs.iterdir()) == sorted(came)


def test_failure_while_publishing_takes_back_what_came(
    bundle: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, calls = RunStore.publish, []

    def fail_at_the_second(self: RunStore, folder: Path) -> Run:
        calls.append(folder)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return publish(self, folder)

    monkeypatch.setattr(RunStore, "publish", fail_at_the_second)
    with pytest.raises(HeadroomError, match="No space left on device"):
        import_bundle(home, bundle)
    assert files_of(home.path) == {}


# Pictures


def test_pictures_show_where_the_dataset_is_not(
    make_run: RunWriter, home: Home, store: RunStore, tmp_path: Path
) -> None:
    run = as_kmnist(make_run())
    shutil.copytree(home.datasets / "digits", home.datasets / "kmnist")
    path = home.datasets / "kmnist" / "dataset.json"
    path.write_text(path.read_text().replace('"name": "digits"', '"name": "kmnist"'))
    seen = Gallery(Comparison.of([run]), home).thumbnails([0, 7])
    assert export_bundle(store, [run.run_id], tmp_path / "bundle").left_out == []
    other = Home(tmp_path / "other")
    with pytest.raises(DatasetError):
        Gallery(Comparison.of([run]), other).thumbnails([0, 7])
    import_bundle(other, tmp_path / "bundle")
    there = RunStore(other, examples=tmp_path / "none")
    assert Gallery(Comparison.of([there.open(run.run_id)]), other).thumbnails([0, 7]) == seen
    assert export_bundle(there, [run.run_id], tmp_path / "again").left_out == []
    assert (tmp_path / "again").read_bytes() == (tmp_path / "bundle").read_bytes()
    without = export_bundle(there, [run.run_id], tmp_path / "without", pictures=False)
    assert without.bytes < (tmp_path / "bundle").stat().st_size


def test_bundle_without_a_dataset_says_what_it_lacks(make_run: RunWriter, store: RunStore, tmp_path: Path) -> None:
    run = as_kmnist(make_run())
    (sentence,) = export_bundle(store, [run.run_id], tmp_path / "bundle").left_out
    assert sentence.startswith("Left out the pictures of kmnist. KMNIST is not here yet")


@pytest.mark.parametrize(
    ("shape", "name", "side"),
    [((5, 28, 28, 1), EXACT, 28), ((5, 200, 100, 3), SHRUNK, 128), ((20_000, 64, 64, 1), SHRUNK, 48)],
)
def test_pictures_of_a_bundle_are_all_of_them_as_large_as_fits(shape: tuple[int, ...], name: str, side: int) -> None:
    found = build_thumbnails(np.zeros(shape, np.uint8)) if shape[0] < 100 else None
    if found is None:  # without a minute of resizing
        assert shape[0] * 64 * 64 > MOST_BYTES >= shape[0] * side * side
        return
    assert found[0] == name
    assert (len(found[1]), max(found[1].shape[1:3])) == (shape[0], side)


def test_shrunk_pictures_are_not_computed_with(home: Home, make_run: RunWriter) -> None:
    run = as_kmnist(make_run())
    folder = home.thumbnails / run.record.data.fingerprint
    folder.mkdir(parents=True)
    np.save(folder / SHRUNK, np.zeros((run.record.data.test_images, 8, 8, 1), np.uint8))
    assert load_test_images(home, run).shape[1:] == (8, 8, 1)
    with pytest.raises(DatasetError):
        load_test_images(home, run, exact=True)


# Hostile files


def gap(files: Files) -> str:
    """The folder of the run without models."""
    return next(name for name in files if name.endswith("record.json") and b'"dense"' not in files[name]).rpartition(
        "/"
    )[0]


def record(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        name = f"{gap(files)}/record.json"
        values = json.loads(files[name])
        change(values)
        files[name] = json.dumps(values).encode()

    return apply


def replace(name: str, content: bytes | Callable[[bytes], bytes]) -> Callable[[Files], None]:
    """Puts another file into a run, with a checksum that fits: only its content can give it away."""

    def apply(files: Files) -> None:
        place = f"{gap(files)}/{name}"
        files[place] = content(files[place]) if callable(content) else content
        record(lambda r: r["checksums"].update({name: hashlib.sha256(files[place]).hexdigest()}))(files)

    return apply


def arrays(**changes: Any) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        with np.load(io.BytesIO(content)) as stored:
            found = dict(stored)
        for name, value in changes.items():
            found[name] = value(found[name]) if callable(value) else value
        buffer = io.BytesIO()
        np.savez(buffer, **found)
        return buffer.getvalue()

    return change


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("sprung"),))


def pickled(_: bytes) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, test_probs=np.array([Trap()], dtype=object))
    return buffer.getvalue()


def lie(content: bytes) -> bytes:
    """A header that claims far more than there is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, body.replace(b"(60, 10)", b"(9999999999, 10)") if name == "test_probs.npy" else body)
    return buffer.getvalue()


def bomb(_: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("test_probs", "test_labels", "validation_probs", "validation_labels"):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                for _ in range(126):
                    file.write(bytes(1_000_000))
    return buffer.getvalue()


def deep(_: bytes = b"") -> bytes:
    return b"[" * 50_000 + b"]" * 50_000


HOSTILE: dict[str, tuple[Callable[[Files], object], str]] = {
    "record of nonsense": (lambda f: f.update({f"{gap(f)}/record.json": b"{}"}), "valid record.json"),
    "deep record": (lambda f: f.update({f"{gap(f)}/record.json": deep()}), "valid record.json"),
    "deep spec in the record": (
        lambda f: f.update({f"{gap(f)}/record.json": b'{"spec": {"x": ' + deep() + b"}}"}), "valid record.json",
    ),
    "another spec than its id": (record(lambda r: r["spec"].update(seed=7)), "the spec its id names"),
    "id of another run": (record(lambda r: r.update(run_id="0123456789ab")), "the spec its id names"),
    "unknown head": (record(lambda r: r["spec"].update(head="<script>")), "a spec that is known here"),
    "accuracy that its predictions do not have": (
        record(lambda r: r["metrics"].update(test_accuracy=0.999)), "that agree with its record; got test_accuracy",
    ),
    "loss that its predictions do not have": (
        record(lambda r: r["metrics"].update(validation_loss=0.01)), "got validation_loss",
    ),
    "other targets": (record(lambda r: r["data"].update(targets="0" * 64)), "as targets"),
    "parameters of another model": (record(lambda r: r["cost"].update(params=1)), "the 24,586 parameters"),
    "huge numbers": (record(lambda r: r["cost"].update(peak_bytes=10**30)), "peak_bytes"),
    "infinite time": (record(lambda r: r["cost"].update(train_seconds=float("inf"))), "valid record.json"),
    "huge images": (record(lambda r: r["data"].update(input_shape=[10**9, 10**9, 1])), "images of at most 4096 pixels"),
    "images too small for the model": (record(lambda r: r["data"].update(input_shape=[1, 1, 1])), "Expected"),
    "more epochs than asked for": (record(lambda r: r.update(epochs=900)), "the 3 epochs of its spec"),
    "checksum that points outside": (
        record(lambda r: r["checksums"].update({"../../outside": "0" * 64})), r"got '\.\./\.\./outside'",
    ),
    "checksum of itself": (record(lambda r: r["checksums"].update({"record.json": "0" * 64})), "only files of a run"),
    "fingerprint that is a path": (record(lambda r: r["data"].update(fingerprint="../../../tmp")), "the fingerprint"),
    "right-to-left processor": (record(lambda r: r.update(cpu="a \u202eb")), "texts of at most 200 characters"),
    "class of 10,000 characters": (
        record(lambda r: r["data"]["classes"].__setitem__(0, "x" * 10_000)), "texts of at most 200 characters",
    ),
    "pickled predictions": (replace("predictions.npz", pickled), "the arrays test_probs"),
    "pickled array": (replace("predictions.npz", arrays(test_probs=np.array([Trap()] * 60, dtype=object))), "type f4"),
    "arrays that claim too much": (replace("predictions.npz", lie), r"test_probs of shape 60 × 10; got \(9999999999"),
    "bomb of zeros": (replace("predictions.npz", bomb), "arrays of at most 500 MB; got more"),
    "predictions of another shape": (
        replace("predictions.npz", arrays(test_probs=lambda a: a[:5])), "test_probs of shape 60 × 10",
    ),
    "predictions of another type": (
        replace("predictions.npz", arrays(test_probs=lambda a: a.astype(np.float64))), "test_probs to be of type f4",
    ),
    "labels beyond the classes": (
        replace("predictions.npz", arrays(test_labels=lambda a: a + 90)), "test labels among its 10 classes",
    ),
    "probabilities beyond 1": (replace("predictions.npz", arrays(test_probs=lambda a: a * 5)), "that sum up to 1"),
    "no predictions at all": (replace("predictions.npz", b"PK\x05\x06 no zip"), "a whole npz file; got a damaged one"),
    "history that is deep": (replace("history.jsonl", deep()), "a history with a row an epoch"),
    "history of too few epochs": (replace("history.jsonl", lambda c: c.splitlines(keepends=True)[0]), "got 1 rows"),
    "history of text": (
        replace("history.jsonl", lambda c: c.replace(b'"loss": ', b'"loss": "=cmd()", "x": ')), "a history with a row",
    ),
    "spec of another run": (replace("spec.json", b'{"seed": 9}'), "in spec.json"),
    "deep spec": (replace("spec.json", deep()), "JSON in spec.json"),
    "maps of another number of classes": (
        replace("maps.npz", arrays(shares=lambda a: a[:, :3])), "shares of shape any × 10 × any × any",
    ),
    "robustness of impossible answers": (
        replace("robustness.npz", arrays(guesses=lambda a: a + np.int16(300))), "answers among its classes",
    ),
    "robustness of other images": (replace("robustness.npz", arrays(images=lambda a: a - 999)), "test images"),
    "picture that is none": (replace("augmentation.png", b"<svg onload=alert(1)>"), "an image file"),
    "file that its record does not name": (
        lambda f: f.update({f"{gap(f)}/layers.json": b"{}"}), "files that the record of their run names",
    ),
    "file that is lacking": (lambda f: f.pop(f"{gap(f)}/predictions.npz"), "predictions.npz; got no such file"),
    "script beside the runs": (lambda f: f.update({"sitecustomize.py": b"import os"}), "only files of runs"),
    "log": (lambda f: f.update({f"{gap(f)}/log.txt": b"x"}), "only files of runs"),
    "way out": (lambda f: f.update({"runs/../../../outside": b"x"}), "paths below its top only"),
    "absolute path": (lambda f: f.update({"/tmp/outside": b"x"}), "paths below its top only"),
    "way out of a run": (lambda f: f.update({f"{gap(f)}/../../../../outside": b"x"}), "paths below its top only"),
    "id that is none": (lambda f: f.update({"runs/ZZZZZZZZZZZZ/record.json": b"{}"}), "only files of runs"),
    "model larger than its bytes": (
        lambda f: f.update({next(n for n in f if n.endswith("model.keras")): b"other"}), "as it was written",
    ),
    "pictures of nobody's": (
        lambda f: f.update({"thumbnails/0123456789abcdef/images.npy": npy(np.zeros((60, 8, 8, 1), np.uint8))}),
        "pictures of the test images of its runs",
    ),
    "too few pictures": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.zeros((5, 8, 8, 1), np.uint8))}),
        "pictures of the test images of its runs",
    ),
    "pictures too large": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.zeros((60, 400, 8, 1), np.uint8))}),
        "pictures of the test images of its runs",
    ),
    "pickled pictures": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.array([Trap()], dtype=object))}),
        "images.npy to be of type u1",
    ),
}  # fmt: skip


def npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def fingerprint(files: Files) -> str:
    return str(json.loads(files[f"{gap(files)}/record.json"])["data"]["fingerprint"])


def refuse(home: Home, path: Path, models: bool = False) -> str:
    """The sentence of a refusal, after which the home is as it was."""
    before = files_of(home.path)
    with pytest.raises(BundleError) as caught:
        import_bundle(home, path, models=models)
    sentence = str(caught.value)
    assert sentence.startswith("Expected ")
    assert sentence.endswith(".") or "; train it again with: " in sentence
    assert len(sentence) < 700
    assert "\n" not in sentence
    assert files_of(home.path) == before
    assert not [*home.path.rglob(".import-*")]
    assert not [*home.path.parent.rglob("*outside*")]
    return sentence


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bundle_is_refused_in_one_sentence(
    case: str, bundle: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change, told = HOSTILE[case]
    files = read_zip(bundle)
    change(files)
    sentence = refuse(home, write_zip(tmp_path / "hostile", describe(files)))
    assert told.replace("\\", "") in sentence
    assert not Path("sprung").exists()


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        values = json.loads(files["bundle.json"])
        change(values)
        files["bundle.json"] = json.dumps(values).encode()

    return apply


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda f: f.pop("bundle.json"), "Expected a bundle.json of at most 10 MB"),
        (lambda f: f.update({"bundle.json": deep()}), "Expected a valid bundle.json"),
        (lambda f: f.update({"bundle.json": b" " * 11_000_000}), "Expected a bundle.json of at most 10 MB"),
        (manifest(lambda m: m.update(version=2)), "Expected a valid bundle.json; got 'version'"),
        (manifest(lambda m: m.update(more=1)), "Expected a valid bundle.json; got 'more'"),
        (manifest(lambda m: m["files"].popitem()), "to name every file of the bundle"),
        (manifest(lambda m: m["files"].clear()), "to name every file of the bundle"),
        (manifest(lambda m: next(iter(m["files"].values())).update(sha256="0" * 64)), "got other bytes"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=5)), "to take 5 bytes"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=10**12)), "to take at most"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=-1)), "Expected a valid bundle.json"),
        (lambda f: [f.pop(name) for name in [*f]] and f.update(describe({})), "1 to 2,000 runs"),
    ],
)  # fmt: skip
def test_manifest_that_disagrees_is_refused(
    change: Callable[[Files], object], told: str, bundle: Path, home: Home, tmp_path: Path
) -> None:
    files = read_zip(bundle)
    change(files)
    assert told in refuse(home, write_zip(tmp_path / "hostile", files))


@pytest.mark.parametrize(
    ("member", "told"),
    [
        ({"compress_type": zipfile.ZIP_DEFLATED}, "stored as they are"),
        ({"compress_type": zipfile.ZIP_BZIP2}, "deflate or not at all"),
        ({"external_attr": (stat.S_IFLNK | 0o777) << 16}, "got a link"),
        ({"external_attr": (stat.S_IFIFO | 0o777) << 16}, "got a special file"),
    ],
)
def test_odd_archive_is_refused(member: dict[str, int], told: str, bundle: Path, home: Home, tmp_path: Path) -> None:
    assert told in refuse(home, write_zip(tmp_path / "hostile", read_zip(bundle), **member))


def test_name_that_stands_twice_is_refused(bundle: Path, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "twice"
    shutil.copy(bundle, path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bundle.json", b"{}")
    assert "every file in the bundle once" in refuse(home, path)


@pytest.mark.parametrize("models", [False, True])
def test_model_that_was_damaged_on_the_way_is_told_whether_it_is_wanted_or_not(
    bundle: Path, home: Home, store: RunStore, tmp_path: Path, models: bool
) -> None:
    with zipfile.ZipFile(bundle) as archive:
        member = next(m for m in archive.infolist() if m.filename.endswith("model.tflite"))
    content = bytearray(bundle.read_bytes())
    head = member.header_offset
    lengths = (int.from_bytes(content[head + place : head + place + 2], "little") for place in (26, 28))
    content[head + 30 + sum(lengths)] ^= 1  # the first byte of the file itself
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.tflite"):
        import_bundle(home, damaged, models=models)
    assert store.frame().empty


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)])
def test_other_file_is_refused(content: bytes, home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    refuse(home, tmp_path / "file")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_bundle_that_broke_off_is_refused(share: float, bundle: Path, home: Home, tmp_path: Path) -> None:
    content = bundle.read_bytes()
    (tmp_path / "part").write_bytes(content[: int(share * len(content))])
    refuse(home, tmp_path / "part")


def test_path_without_a_file_is_refused(home: Home, tmp_path: Path) -> None:
    assert "no such file" in refuse(home, tmp_path / "absent")
    assert "no such file" in refuse(home, tmp_path)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_passes_unnoticed(bundle: Path, home: Home, tmp_path: Path, place: float, bit: int) -> None:
    """Either a refusal, or a bit that means nothing, such as one of the time of a file: what arrives is as it was."""
    content = bytearray(bundle.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    (tmp_path / "flipped").write_bytes(content)
    try:
        came = import_bundle(home, tmp_path / "flipped", models=True).came
    except BundleError:
        assert files_of(home.path) == {}
        return
    names = read_zip(bundle)
    for run_id in came:
        for name, found in files_of(home.runs / run_id).items():
            assert names[f"runs/{run_id}/{name}"] == found
        shutil.rmtree(home.runs / run_id)


# The command line


def test_commands_export_and_import(
    home: Home, make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "none"))
    run = make_run()
    path = tmp_path / "shared.headroom"
    found = CliRunner().invoke(app, ["bundle", "export", run.run_id[:6], "-o", str(path)])
    assert found.output.startswith(f"{path}: 1 run, ")
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "other"))
    assert CliRunner().invoke(app, ["bundle", "import", str(path)]).output == f"{run.run_id}\n"
    assert CliRunner().invoke(app, ["bundle", "import", str(path)]).output == f"{run.run_id}: here already.\n"
    path.write_bytes(b"rot")
    refused = CliRunner().invoke(app, ["bundle", "import", str(path)])
    assert refused.exit_code == 1
    assert refused.output.startswith("Expected a whole bundle of runs; got another or a damaged file")


def test_run_that_is_not_here_cannot_be_exported(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        export_bundle(store, ["0123456789ab"], tmp_path / "bundle")
    with pytest.raises(BundleError, match="1 to 2,000 runs"):
        export_bundle(store, [], tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    assert RunSpec().run_id not in store.frame()["run_id"].tolist()
