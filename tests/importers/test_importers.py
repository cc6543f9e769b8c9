"""Every importer: files of other libraries become runs; wrong and hostile files give an error message."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BundleError, HeadroomError, ImportFileError
from core.exporters.mlflow import open_client
from core.exporters.tensorboard import export_tensorboard
from core.home import Home
from core.importers.importer import IMPORTERS
from core.importers.run_import import ImportOptions, import_files
from core.store.comparison import Comparison
from core.store.run import Run
from core.store.run_store import RunStore
from headroom.bundle import build_bundle
from headroom.run_log import build_results
from tests.support.command import call
from tests.support.run_writer import RunWriter

LABELS = np.array([0, 1, 2, 0])
PROBS = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2], [0.5, 0.3, 0.2]], np.float32)
CURVES = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss\n0,0.5,0.01,1.2,0.4,1.3\n1,0.7,0.005,0.9,0.6,1.0\n"


def open_run(home: Home, *paths: Path, **options: Any) -> Run:
    found = import_files(home, paths, ImportOptions(**options))
    (run_id,) = found.imported
    return RunStore(home).open(run_id)


def write_npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# Formats


def test_npz_with_validation_and_classes(home: Home, tmp_path: Path) -> None:
    path = write_npz(
        tmp_path / "forest.npz", y_true=LABELS, y_prob=PROBS, classes=["cat", "dog", "owl"], val_labels=LABELS[:2],
        val_probs=PROBS[:2], unrelated=np.zeros((2, 2, 2)),
    )  # fmt: skip
    run = open_run(home, path, seed=3, library="scikit-learn 1.9")
    assert (run.spec.elsewhere, run.spec.seed, run.record.data.classes) == ("forest", 3, ("cat", "dog", "owl"))
    assert run.record.metrics.test_accuracy == 0.75
    assert run.record.metrics.validation_accuracy == 1.0
    assert run.predictions.test_probs == pytest.approx(PROBS)


def test_csv_of_probabilities_and_of_predicted_classes(home: Home, tmp_path: Path) -> None:
    rows = [
        ",".join([["cat", "dog", "owl"][label], *map(str, probs)]) for label, probs in zip(LABELS, PROBS, strict=True)
    ]
    with_probs = write_text(tmp_path / "a.csv", "\n".join(["label,prob_cat,prob_dog,P(owl)", *rows]))
    run = open_run(home, with_probs)
    assert run.record.data.classes == ("cat", "dog", "owl")
    assert run.record.metrics.test_accuracy == 0.75
    assert run.record.elsewhere
    assert run.record.elsewhere.probabilities
    only = open_run(
        home, write_text(tmp_path / "b.csv", "label;prediction\n0;0\n1;1\n2;0\n0;0\n"), classes=("cat", "dog", "owl")
    )
    assert (only.record.metrics.test_accuracy, only.record.metrics.test_loss) == (0.75, None)
    assert only.record.elsewhere
    assert not only.record.elsewhere.probabilities
    assert len(Comparison.of([run, only]).variants) == 2


def test_csv_logger_is_joined_with_predictions(home: Home, tmp_path: Path) -> None:
    curves = write_text(tmp_path / "training.csv", CURVES)
    run = open_run(home, curves, write_npz(tmp_path / "p.npz", labels=LABELS, probabilities=PROBS), name="mine")
    assert run.history["val_accuracy"].tolist() == [0.4, 0.6]
    assert run.learning_rates.tolist() == [0.01, 0.005]
    assert (run.spec.elsewhere, run.record.trained_epochs) == ("mine", 2)
    with pytest.raises(ImportFileError, match="has no test predictions"):
        import_files(home, [curves])


def test_tensorboard_files_of_headroom_are_read_again(home: Home, make_run: RunWriter, tmp_path: Path) -> None:
    trained = make_run(epochs=3)
    [*export_tensorboard(make_run.store, [trained.run_id], tmp_path / "logs")]
    run = open_run(home, tmp_path / "logs", write_npz(tmp_path / "p.npz", labels=LABELS, probabilities=PROBS))
    for column in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert run.history[column].tolist() == pytest.approx(trained.history[column].tolist(), rel=1e-5), column


def test_mlflow_run_of_a_tracking_folder(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = open_client((tmp_path / "mlruns").as_uri())
    experiment = client.create_experiment("mine")
    logged = client.create_run(experiment, tags={"mlflow.runName": "resnet", "team": "a"}).info.run_id
    for step, value in enumerate((1.2, 0.8)):
        client.log_metric(logged, "train_loss", value, step=step)
        client.log_metric(logged, "val_accuracy", 0.5 + step / 10, step=step)
    client.log_param(logged, "optimizer", "SGD")
    client.log_artifact(logged, str(write_npz(tmp_path / "test.npz", labels=LABELS, probs=PROBS)), "results")
    run = open_run(home, tmp_path / "mlruns" / experiment / logged)
    assert run.spec.elsewhere == "resnet"
    assert run.history["loss"].tolist() == [1.2, 0.8]
    assert run.record.elsewhere
    assert run.record.elsewhere.settings == {"optimizer": "SGD", "team": "a"}
    repeated = import_files(home, [Path(f"runs:/{logged}")], ImportOptions(tracking_uri=(tmp_path / "mlruns").as_uri()))
    assert repeated.existing == [run.run_id]


def test_every_importer_has_been_tested() -> None:
    assert [*IMPORTERS] == ["npz", "csv_logger", "csv_predictions", "tensorboard", "mlflow"]


def test_command_prints_the_ids_of_known_files_too(home: Home, tmp_path: Path) -> None:
    path = write_npz(tmp_path / "p.npz", labels=LABELS, probabilities=PROBS)
    first, second = call("import", str(path), "--name", "mine"), call("import", str(path), "--name", "mine")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout
    run_id = first.stdout.strip()
    what = f"{len(LABELS)} test images of 3 classes, test accuracy "
    assert first.stderr.startswith(f"{run_id}: imported mine, seed 0: {what}"), first.stderr
    assert first.stderr.endswith(", no learning curves, no predictions on validation images.\n")
    assert second.stderr == f"{run_id}: already exists.\n"
    bundle = tmp_path / "run.zip"
    bundle.write_bytes(build_bundle(build_results("other", LABELS, PROBS))[1])
    assert call("import", str(bundle), str(path), "--name", "mine").stdout.splitlines()[1] == first.stdout.strip()


def test_runs_on_other_labels_or_another_order_are_not_compared(home: Home, tmp_path: Path) -> None:
    run = open_run(home, write_npz(tmp_path / "a.npz", labels=LABELS, probabilities=PROBS))
    other = open_run(home, write_npz(tmp_path / "b.npz", labels=LABELS[::-1], probabilities=PROBS))
    code = call("compare", run.run_id, other.run_id)
    assert code.exit_code == 1
    assert "These runs use different test sets and cannot be compared" in code.stderr


# Hostile and wrong files


def pickled(path: Path) -> Path:
    np.savez(path, labels=np.array([{"a": 1}], object), probabilities=PROBS)
    return path


def shape_bomb(path: Path, shape: str = "(10000000000, 10)") -> Path:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("labels.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    return path


def zip_bomb(path: Path) -> Path:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(150_000_000, np.float32))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.npy", buffer.getvalue())
    return path


def many_entries(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(200):
            archive.writestr(f"{number}.npy", b"")
    return path


def event_file(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


BAD: dict[str, tuple[str, Callable[[Path], Path], str]] = {
    "pickle": ("a.npz", pickled, "Expected the array labels with numbers or texts"),
    "shape bomb": ("a.npz", shape_bomb, "does not match its size"),
    "negative shape": ("a.npz", lambda path: shape_bomb(path, "(-1, 4)"), "does not match its size"),
    "many entries": ("a.npz", many_entries, "has more than 50 arrays"),
    "no labels": ("a.npz", lambda path: write_npz(path, x=LABELS), "Expected the arrays labels and probabilities"),
    "text labels": (
        "a.npz",
        lambda path: write_npz(path, labels=["a", "b"], probs=PROBS[:2]),
        "to be names in classes",
    ),
    "not a zip": ("a.npz", lambda path: write_text(path, "PK nothing"), "is not a valid NPZ file"),
    "no rows": ("a.csv", lambda path: write_text(path, "label,prediction\n"), "has no rows"),
    "ragged": ("a.csv", lambda path: write_text(path, "label,prediction\n1,2,3\n"), "Line 2 of 'a.csv' has 3 values"),
    "no sum": ("a.csv", lambda path: write_text(path, "label,p_a,p_b\na,0.9,0.9\n"), "whose rows sum to 1"),
    "text": (
        "a.csv",
        lambda path: write_text(path, "label,p_a,p_b\na,x,0.9\n"),
        "numbers in the column 'p_a'",
    ),
    "binary": ("a.csv", event_file(b"\0\1\2"), "The format of 'a.csv' is unknown"),
    "percent": ("a.csv", lambda path: write_text(path, "epoch,accuracy\n0,93.5\n"), "has no test predictions"),
    "long record": ("a.tfevents.1", event_file(struct.pack("<QI", 2**40, 0)), "is not a valid event file"),
    "no events": ("a.tfevents.1", event_file(b"\xff" * 7), "has no scalars"),
    "missing": ("none.npz", lambda path: path, "does not exist"),
    "folder": ("folder", lambda path: (path.mkdir(), path)[1], "The format of 'folder' is unknown"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_file_is_refused_in_one_sentence(home: Home, tmp_path: Path, case: str) -> None:
    name, write, expected = BAD[case]
    with pytest.raises(HeadroomError) as caught:
        import_files(home, [write(tmp_path / name)])
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert RunStore(home).frame().query("source == 'home'").empty


# Bundles of the client, changed


def change(content: bytes, name: str, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a bundle with a changed record, whose manifest is correct."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    path = next(entry for entry in files if entry.endswith(name))
    values = json.loads(files[path])
    edit(values)
    files[path] = json.dumps(values).encode()
    manifest = json.loads(files["bundle.json"])
    import hashlib

    manifest["files"][path] = {"bytes": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()}
    files["bundle.json"] = json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for entry, data in files.items():
            archive.writestr(entry, data)
    return buffer.getvalue()


CLAIMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "better accuracy": lambda record: record["metrics"].update(test_accuracy=1.0),
    "other labels": lambda record: record["data"].update(targets="0" * 64),
    "huge counts": lambda record: record["data"].update(test_images=10**9),
    "no longer from elsewhere": lambda record: record.update(elsewhere=None),
    "spec of Headroom": lambda record: record.update(spec={"epochs": 3}),
    "many settings": lambda record: record["elsewhere"].update(settings={str(n): "" for n in range(1000)}),
    "wrong type": lambda record: record.update(elsewhere=[1]),
    "epochs without curves": lambda record: record.update(kept_epoch=7),
    "million classes": lambda record: record["data"].update(classes=[str(n) for n in range(20_000)]),
    "parameters": lambda record: record["cost"].update(params=-1),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_false_claim_in_a_record_is_refused(home: Home, tmp_path: Path, case: str) -> None:
    path = tmp_path / "run.zip"
    path.write_bytes(change(build_bundle(build_results("mine", LABELS, PROBS))[1], "record.json", CLAIMS[case]))
    with pytest.raises(BundleError) as caught:
        import_files(home, [path])
    assert "\n" not in str(caught.value)


def test_bundle_of_headroom_needs_an_administrator(home: Home, make_run: RunWriter, tmp_path: Path) -> None:
    from core.store.bundle import export_bundle

    path = tmp_path / "run.zip"
    export_bundle(make_run.store, [make_run().run_id], path, pictures=False)
    with pytest.raises(BundleError, match="Only an administrator"):
        import_files(Home(tmp_path / "other"), [path], ImportOptions(only_elsewhere=True))
    assert len(import_files(Home(tmp_path / "other"), [path]).imported) == 1
