"""Bundles: exported and imported again, with and without models and test images."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.displays.views.gallery import Gallery
from core.errors import DatasetError, HeadroomError
from core.home import Home
from core.store.bundle import export_bundle
from core.store.bundle_import import import_bundle
from core.store.comparison import Comparison
from core.store.run import IMPORTED, Run
from core.store.run_store import RunStore
from core.store.thumbnail import EXACT, MAX_BYTES, SHRUNK, build_thumbnails, load_test_images
from tests.support.bundle import files_of, read_zip
from tests.support.markers import LONG
from tests.support.run_rewriter import as_kmnist
from tests.support.run_writer import RunWriter

# Export and import


def test_imported_runs_equal_the_exported_ones(origin: RunStore, bundle: Path, home: Home, store: RunStore) -> None:
    found = import_bundle(home, bundle, models=True)
    assert sorted(found.imported) == sorted(origin.frame()["run_id"])
    marks = {f"{run_id}/{IMPORTED}": b"" for run_id in found.imported}
    assert files_of(home.runs) == files_of(origin.home.runs) | marks
    assert all(store.open(run_id).imported for run_id in found.imported)
    assert not any(origin.open(run_id).imported for run_id in found.imported)
    assert store.frame().drop(columns="finished_at").equals(origin.frame().drop(columns="finished_at"))


def test_models_are_imported_only_on_request(bundle: Path, home: Home, store: RunStore) -> None:
    imported = import_bundle(home, bundle).imported
    dense = store.open(next(i for i in imported if RunStore(home).open(i).spec.head == "dense"))
    assert not dense.has("model.keras")
    dense.verify()
    later = import_bundle(home, bundle, models=True)
    assert dense.run_id in later.existing
    assert (dense.path / "model.keras").read_bytes() == b"model.keras"


def test_bundle_without_models_has_none(origin: RunStore, bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "small"
    export_bundle(origin, origin.frame()["run_id"].tolist(), path, models=False, pictures=False)
    assert [name for name in read_zip(bundle) if "model." in name]
    assert read_zip(path)
    assert not [name for name in read_zip(path) if "model." in name]


def test_same_runs_give_identical_bundles(origin: RunStore, bundle: Path, tmp_path: Path) -> None:
    ids = origin.frame()["run_id"].tolist()
    export_bundle(origin, [*reversed(ids), *ids], tmp_path / "second", pictures=False)
    assert (tmp_path / "second").read_bytes() == bundle.read_bytes()


def test_logs_are_not_exported(make_run: RunWriter, store: RunStore, tmp_path: Path) -> None:
    run = make_run()
    (run.path / "log.txt").write_text("/home/somebody/secret")
    record = json.loads((run.path / "record.json").read_bytes())
    record["checksums"]["log.txt"] = hashlib.sha256(b"/home/somebody/secret").hexdigest()
    (run.path / "record.json").write_text(json.dumps(record))
    export_bundle(store, [run.run_id], tmp_path / "bundle")
    assert not [name for name in read_zip(tmp_path / "bundle") if "log" in name]
    other = Home(tmp_path / "other")
    assert import_bundle(other, tmp_path / "bundle").imported == [run.run_id]


def test_existing_run_is_recognized(bundle: Path, home: Home) -> None:
    imported = import_bundle(home, bundle).imported
    before = files_of(home.path)
    found = import_bundle(home, bundle)
    assert (found.imported, found.existing, found.differing) == ([], imported, [])
    assert files_of(home.path) == before


def test_existing_run_with_other_results_is_kept(bundle: Path, home: Home, make_run: RunWriter) -> None:
    mine = make_run(test_images=60, accuracy=0.5)
    before = files_of(mine.path)
    found = import_bundle(home, bundle)
    assert found.differing == [mine.run_id]
    assert files_of(mine.path) == before


def test_damaged_run_is_replaced_by_that_of_the_bundle(bundle: Path, home: Home, store: RunStore) -> None:
    first = import_bundle(home, bundle).imported[0]
    (home.runs / first / "predictions.npz").write_bytes(b"rot")
    assert import_bundle(home, bundle).imported == [first]
    store.open(first).verify()


@settings(max_examples=6 if LONG else 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(["gap", "gap_dense", "dense"]),
    seed=st.integers(0, 3),
    images=st.integers(50, 70),
    accuracy=st.floats(0, 1),
    rates=st.sampled_from([0.001, 0.002]),
)
def test_any_run_is_unchanged_after_export_and_import(
    tmp_path_factory: pytest.TempPathFactory, head: str, seed: int, images: int, accuracy: float, rates: float
) -> None:
    folder = tmp_path_factory.mktemp("round")
    writer = RunWriter(Home(folder / "origin"))  # separate home: a run of the same spec elsewhere may have models
    run = writer(head=head, seed=seed, test_images=images, accuracy=accuracy, learning_rate=rates)
    export_bundle(writer.store, [run.run_id], folder / "bundle", pictures=False)
    import_bundle(Home(folder / "home"), folder / "bundle")
    assert files_of(folder / "home" / "runs" / run.run_id) == files_of(run.path) | {IMPORTED: b""}


def test_leftovers_of_a_killed_import_are_deleted(bundle: Path, home: Home) -> None:
    left = home.runs / ".import-dead" / "runs"
    left.mkdir(parents=True)
    imported = import_bundle(home, bundle).imported
    assert sorted(path.name for path in home.runs.iterdir()) == sorted(imported)


def test_failure_while_publishing_removes_the_imported_runs(
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


# Test images


def test_images_of_the_bundle_are_shown_without_the_dataset(
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
    assert export_bundle(there, [run.run_id], tmp_path / "second").left_out == []
    assert (tmp_path / "second").read_bytes() == (tmp_path / "bundle").read_bytes()
    without = export_bundle(there, [run.run_id], tmp_path / "without", pictures=False)
    assert without.bytes < (tmp_path / "bundle").stat().st_size


def test_bundle_without_a_dataset_reports_what_is_missing(make_run: RunWriter, store: RunStore, tmp_path: Path) -> None:
    run = as_kmnist(make_run())
    (sentence,) = export_bundle(store, [run.run_id], tmp_path / "bundle").left_out
    assert sentence.startswith("The bundle does not contain the test images of KMNIST. KMNIST is not downloaded.")


@pytest.mark.parametrize(
    ("shape", "name", "side"),
    [((5, 28, 28, 1), EXACT, 28), ((5, 200, 100, 3), SHRUNK, 128), ((20_000, 64, 64, 1), SHRUNK, 48)],
)
def test_bundle_contains_all_images_at_the_largest_size_that_fits(shape: tuple[int, ...], name: str, side: int) -> None:
    found = build_thumbnails(np.zeros(shape, np.uint8)) if shape[0] < 100 else None
    if found is None:  # without resizing, which takes a minute
        assert shape[0] * 64 * 64 > MAX_BYTES >= shape[0] * side * side
        return
    assert found[0] == name
    assert (len(found[1]), max(found[1].shape[1:3])) == (shape[0], side)


def test_shrunk_images_are_not_used_for_computation(home: Home, make_run: RunWriter) -> None:
    run = as_kmnist(make_run())
    folder = home.thumbnails / run.record.data.fingerprint
    folder.mkdir(parents=True)
    np.save(folder / SHRUNK, np.zeros((run.record.data.test_images, 8, 8, 1), np.uint8))
    assert load_test_images(home, run).shape[1:] == (8, 8, 1)
    with pytest.raises(DatasetError):
        load_test_images(home, run, exact=True)


# Hostile files
