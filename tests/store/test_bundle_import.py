"""Bundles that are damaged or hostile are rejected with an error message."""

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

from core.errors import BundleError
from core.home import Home
from core.store.bundle_import import import_bundle
from core.store.run import IMPORTED
from core.store.run_store import RunStore
from tests.support.bundle import Files, describe, files_of, read_zip, write_zip


def gap(files: Files) -> str:
    """Return the folder of the run without models."""
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
    """Replace a file of a run, with a matching checksum: only its content can reveal it."""

    def apply(files: Files) -> None:
        target = f"{gap(files)}/{name}"
        files[target] = content(files[target]) if callable(content) else content
        record(lambda r: r["checksums"].update({name: hashlib.sha256(files[target]).hexdigest()}))(files)

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
    """A header that claims far more data than the file has."""
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
    "record of nonsense": (lambda f: f.update({f"{gap(f)}/record.json": b"{}"}), "record.json of run"),
    "deep record": (lambda f: f.update({f"{gap(f)}/record.json": deep()}), "record.json of run"),
    "deep spec in the record": (
        lambda f: f.update({f"{gap(f)}/record.json": b'{"spec": {"x": ' + deep() + b"}}"}), "record.json of run",
    ),
    "another spec than its id": (record(lambda r: r["spec"].update(seed=7)), "its spec does not match its run ID"),
    "id of another run": (record(lambda r: r.update(run_id="0123456789ab")), "its spec does not match its run ID"),
    "unknown head": (record(lambda r: r["spec"].update(head="<script>")), "or was written by a newer version"),
    "accuracy that its predictions do not have": (
        record(lambda r: r["metrics"].update(test_accuracy=0.999)), "test_accuracy is 0.999 in its record",
    ),
    "loss that its predictions do not have": (
        record(lambda r: r["metrics"].update(validation_loss=0.01)), "validation_loss is 0.01 in its record",
    ),
    "other targets": (record(lambda r: r["data"].update(targets="0" * 64)), "test labels does not match its record"),
    "parameters of another model": (record(lambda r: r["cost"].update(params=1)), "match its spec (24,586 parameters)"),
    "huge numbers": (record(lambda r: r["cost"].update(peak_bytes=10**30)), "peak_bytes"),
    "infinite time": (record(lambda r: r["cost"].update(train_seconds=float("inf"))), "record.json of run"),
    "huge images": (record(lambda r: r["data"].update(input_shape=[10**9, 10**9, 1])), "is larger than 4096"),
    "images too small for the model": (record(lambda r: r["data"].update(input_shape=[1, 1, 1])), "Expected"),
    "more epochs than requested": (record(lambda r: r.update(epochs=900)), "do not match its spec (3 epochs)"),
    "checksum that points outside": (
        record(lambda r: r["checksums"].update({"../../outside": "0" * 64})), "invalid: checksums.../../outside",
    ),
    "checksum of itself": (record(lambda r: r["checksums"].update({"record.json": "0" * 64})), "file 'record.json'"),
    "fingerprint that is a path": (record(lambda r: r["data"].update(fingerprint="../../../tmp")), "the dataset"),
    "right-to-left processor": (record(lambda r: r.update(cpu="a \u202eb")), "not printable"),
    "class of 10,000 characters": (
        record(lambda r: r["data"]["classes"].__setitem__(0, "x" * 10_000)), "has more than 200 characters",
    ),
    "pickled predictions": (replace("predictions.npz", pickled), "exactly the arrays test_probs"),
    "pickled array": (replace("predictions.npz", arrays(test_probs=np.array([Trap()] * 60, dtype=object))), "of f4"),
    "arrays that claim too much": (replace("predictions.npz", lie), "test_probs has shape (9999999999"),
    "bomb of zeros": (replace("predictions.npz", bomb), "the arrays in predictions.npz exceed 500 MB"),
    "predictions of another shape": (
        replace("predictions.npz", arrays(test_probs=lambda a: a[:5])), "shape (5, 10) instead of 60 × 10",
    ),
    "predictions of another type": (
        replace("predictions.npz", arrays(test_probs=lambda a: a.astype(np.float64))), "dtype '<f8' instead of f4",
    ),
    "labels with another byte order": (
        replace("predictions.npz", arrays(test_labels=lambda a: a.astype(">i8"))), "dtype '>i8' instead of i8",
    ),
    "labels beyond the classes": (
        replace("predictions.npz", arrays(test_labels=lambda a: a + 90)), "test labels are outside its 10 classes",
    ),
    "probabilities beyond 1": (replace("predictions.npz", arrays(test_probs=lambda a: a * 5)), "not between 0 and 1"),
    "infinite probability": (
        replace("predictions.npz", arrays(test_probs=lambda a: a + np.float32([np.inf] + 9 * [0]))),
        "not between 0 and 1",
    ),
    "no predictions at all": (replace("predictions.npz", b"PK\x05\x06 no zip"), "the archive is damaged"),
    "history that is deep": (replace("history.jsonl", deep()), "line 1 is invalid: it is not a valid JSON object"),
    "history of too few epochs": (replace("history.jsonl", lambda c: c.splitlines(keepends=True)[0]), "has 1 rows"),
    "history of text": (
        replace("history.jsonl", lambda c: c.replace(b'"loss": ', b'"loss": "=cmd()", "x": ')), "invalid value",
    ),
    "spec of another run": (replace("spec.json", b'{"seed": 9}'), "spec.json does not match the run ID"),
    "deep spec": (replace("spec.json", deep()), "spec.json is not valid JSON"),
    "maps of another number of classes": (
        replace("maps.npz", arrays(shares=lambda a: a[:, :3])), "instead of any × 10 × any × any",
    ),
    "robustness of impossible answers": (
        replace("robustness.npz", arrays(guesses=lambda a: a + np.int16(300))), "outside the 10 classes",
    ),
    "robustness of other images": (replace("robustness.npz", arrays(images=lambda a: a - 999)), "test images"),
    "invalid image": (replace("augmentation.png", b"<svg onload=alert(1)>"), "is not a valid image"),
    "file that its record does not name": (
        lambda f: f.update({f"{gap(f)}/layers.json": b"{}"}), "is missing in the record of its run",
    ),
    "missing file": (lambda f: f.pop(f"{gap(f)}/predictions.npz"), "does not contain predictions.npz"),
    "script next to the runs": (lambda f: f.update({"sitecustomize.py": b"import os"}), "unexpected file"),
    "log": (lambda f: f.update({f"{gap(f)}/log.txt": b"x"}), "unexpected file"),
    "way out": (lambda f: f.update({"runs/../../../outside": b"x"}), "an absolute path or '..'"),
    "absolute path": (lambda f: f.update({"/tmp/outside": b"x"}), "an absolute path or '..'"),
    "way out of a run": (lambda f: f.update({f"{gap(f)}/../../../../outside": b"x"}), "an absolute path or '..'"),
    "invalid ID": (lambda f: f.update({"runs/ZZZZZZZZZZZZ/record.json": b"{}"}), "unexpected file"),
    "model larger than its bytes": (
        lambda f: f.update({next(n for n in f if n.endswith("model.keras")): b"other"}), "checksum mismatch",
    ),
    "images of no run": (
        lambda f: f.update({"thumbnails/0123456789abcdef/images.npy": npy(np.zeros((60, 8, 8, 1), np.uint8))}),
        "does not match the test images of its runs",
    ),
    "too few pictures": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.zeros((5, 8, 8, 1), np.uint8))}),
        "does not match the test images of its runs",
    ),
    "pictures too large": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.zeros((60, 400, 8, 1), np.uint8))}),
        "does not match the test images of its runs",
    ),
    "pickled pictures": (
        lambda f: f.update({f"thumbnails/{fingerprint(f)}/images.npy": npy(np.array([Trap()], dtype=object))}),
        "images.npy has dtype '|O' instead of u1",
    ),
}  # fmt: skip


def npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def fingerprint(files: Files) -> str:
    return str(json.loads(files[f"{gap(files)}/record.json"])["data"]["fingerprint"])


def refuse(home: Home, path: Path, models: bool = False) -> str:
    """Return the message of the rejection, after which the home is unchanged."""
    before = files_of(home.path)
    with pytest.raises(BundleError) as caught:
        import_bundle(home, path, models=models)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "headroom doctor" not in sentence  # the run is not in the home
    assert len(sentence) < 700
    assert "\n" not in sentence
    assert files_of(home.path) == before
    assert not [*home.path.rglob(".import-*")]
    assert not [*home.path.parent.rglob("*outside*")]
    return sentence


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bundle_is_rejected_with_an_error_message(
    case: str, bundle: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    change, message = HOSTILE[case]
    files = read_zip(bundle)
    change(files)
    sentence = refuse(home, write_zip(tmp_path / "hostile", describe(files)))
    assert message.replace("\\", "") in sentence
    assert not Path("sprung").exists()


def manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        values = json.loads(files["bundle.json"])
        change(values)
        files["bundle.json"] = json.dumps(values).encode()

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("bundle.json"), "bundle.json is missing or exceeds 10 MB"),
        (lambda f: f.update({"bundle.json": deep()}), "bundle.json: it is not a valid JSON object"),
        (lambda f: f.update({"bundle.json": b" " * 11_000_000}), "bundle.json is missing or exceeds 10 MB"),
        (manifest(lambda m: m.update(version=2)), "The bundle is invalid: bundle.json: version has an invalid value"),
        (manifest(lambda m: m.update(more=1)), "The bundle is invalid: bundle.json: more is unknown"),
        (manifest(lambda m: m["files"].popitem()), "is missing in bundle.json"),
        (manifest(lambda m: m["files"].clear()), "is missing in bundle.json"),
        (manifest(lambda m: next(iter(m["files"].values())).update(sha256="0" * 64)), "checksum mismatch"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=5)), "but 5 in bundle.json"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=10**12)), "may have at most"),
        (manifest(lambda m: next(iter(m["files"].values())).update(bytes=-1)), "bytes is smaller than 0"),
        (lambda f: [f.pop(name) for name in [*f]] and f.update(describe({})), "1 to 2,000 runs"),
    ],
)  # fmt: skip
def test_manifest_that_does_not_match_is_rejected(
    change: Callable[[Files], object], message: str, bundle: Path, home: Home, tmp_path: Path
) -> None:
    files = read_zip(bundle)
    change(files)
    assert message in refuse(home, write_zip(tmp_path / "hostile", files))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({"compress_type": zipfile.ZIP_DEFLATED}, "is compressed"),
        ({"compress_type": zipfile.ZIP_BZIP2}, "Use deflate or no compression"),
        ({"external_attr": (stat.S_IFLNK | 0o777) << 16}, "contains a link"),
        ({"external_attr": (stat.S_IFIFO | 0o777) << 16}, "contains a special file"),
    ],
)
def test_unusual_archive_is_rejected(
    member: dict[str, int], message: str, bundle: Path, home: Home, tmp_path: Path
) -> None:
    assert message in refuse(home, write_zip(tmp_path / "hostile", read_zip(bundle), **member))


def test_duplicate_file_name_is_rejected(bundle: Path, home: Home, tmp_path: Path) -> None:
    path = tmp_path / "twice"
    shutil.copy(bundle, path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("bundle.json", b"{}")
    assert "contains a file name twice" in refuse(home, path)


@pytest.mark.parametrize("models", [False, True])
def test_damaged_model_is_rejected_even_if_models_are_not_imported(
    bundle: Path, home: Home, store: RunStore, tmp_path: Path, models: bool
) -> None:
    with zipfile.ZipFile(bundle) as archive:
        member = next(m for m in archive.infolist() if m.filename.endswith("model.tflite"))
    content = bytearray(bundle.read_bytes())
    head = member.header_offset
    lengths = (int.from_bytes(content[head + target : head + target + 2], "little") for target in (26, 28))
    content[head + 30 + sum(lengths)] ^= 1  # the first byte of the file content
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.tflite"):
        import_bundle(home, damaged, models=models)
    assert store.frame().empty


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + bytes(18)])
def test_file_that_is_not_a_bundle_is_rejected(content: bytes, home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    refuse(home, tmp_path / "file")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_bundle_is_rejected(share: float, bundle: Path, home: Home, tmp_path: Path) -> None:
    content = bundle.read_bytes()
    (tmp_path / "part").write_bytes(content[: int(share * len(content))])
    refuse(home, tmp_path / "part")


def test_missing_file_is_rejected(home: Home, tmp_path: Path) -> None:
    assert "does not exist or is not a file" in refuse(home, tmp_path / "absent")
    assert "does not exist or is not a file" in refuse(home, tmp_path)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_flipped_bit_is_noticed_or_harmless(
    bundle: Path, home: Home, tmp_path: Path, target: float, bit: int
) -> None:
    """Flip a bit: the bundle is rejected, or the bit has no meaning, as in a modification time, and the runs are
    unchanged.
    """
    content = bytearray(bundle.read_bytes())
    content[int(target * len(content))] ^= 1 << bit
    (tmp_path / "flipped").write_bytes(content)
    try:
        imported = import_bundle(home, tmp_path / "flipped", models=True).imported
    except BundleError:
        assert files_of(home.path) == {}
        return
    names = read_zip(bundle)
    for run_id in imported:
        for name, found in files_of(home.runs / run_id).items() - {(IMPORTED, b"")}:
            assert names[f"runs/{run_id}/{name}"] == found
        shutil.rmtree(home.runs / run_id)
