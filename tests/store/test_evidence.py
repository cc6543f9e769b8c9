"""Evidence that follows a published run: what a run is before and after it, in lists, bundles and artifact stores."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from core.errors import BundleError, RunDamagedError
from core.home import Home
from core.store.artifact import ArtifactStore
from core.store.bundle import export_bundle
from core.store.bundle_import import import_bundle
from core.store.evidence import EVIDENCE
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.damage import DAMAGES, damaged
from tests.support.run_rewriter import add_evidence_of, without_evidence
from tests.support.run_writer import RunWriter


def change(run: Run, **values: object) -> Run:
    """Change values of evidence.json and reopen the run."""
    path = run.path / EVIDENCE
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    return Run.open(run.path)


def test_run_is_complete_before_and_after_its_evidence(make_run: RunWriter, store: RunStore) -> None:
    run = without_evidence(make_run())
    run.verify()
    assert run.awaits_evidence
    assert run.robustness is None
    assert store.frame()["latency_32_seconds"].isna().all()
    generation = store.generation
    found = add_evidence_of(run)
    found.verify()
    assert not found.awaits_evidence
    assert found.robustness is not None
    assert found.record.cost.latency_32_seconds == 1e-3
    assert {*found.record.checksums} - {*run.record.checksums} == {EVIDENCE, "robustness.npz"}
    while store.generation == generation:  # an index checks all records a few times per second
        pass
    assert store.frame()["latency_32_seconds"].tolist() == [1e-3]
    reopened = RunStore(store.home, examples=store.home.path / "none")  # from the index file
    assert reopened.frame()["latency_32_p95_seconds"].tolist() == [2e-3]


def test_evidence_of_another_model_is_ignored_and_of_another_machine_has_no_latency(make_run: RunWriter) -> None:
    run = add_evidence_of(without_evidence(make_run()))
    other = change(run, cpu="another processor")
    assert other.record.cost.latency_32_seconds is None
    assert other.robustness is not None
    assert change(run, model="1" * 64).awaits_evidence


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_evidence_is_reported_as_a_damaged_run(make_run: RunWriter, store: RunStore, damage: str) -> None:
    run = add_evidence_of(without_evidence(make_run()))
    with damaged(run.path / EVIDENCE, DAMAGES[damage]):
        assert store.path(run.run_id) is None
        found = Run.open(run.path)
        assert found.robustness is None
        assert not found.awaits_evidence
        with pytest.raises(
            RunDamagedError, match=r"evidence\.json.* Delete the run on the Runs page, or train it again"
        ):
            found.verify()
    assert store.path(run.run_id)


def test_bundle_says_that_evidence_is_missing_and_a_later_one_adds_it(
    make_run: RunWriter, store: RunStore, tmp_path: Path
) -> None:
    run, path, other = without_evidence(make_run()), tmp_path / "bundle", Home(tmp_path / "other")
    there = RunStore(other, examples=tmp_path / "none")
    (sentence,) = export_bundle(store, [run.run_id], path).left_out
    assert sentence.startswith("Robustness and the latency of 32 images of 1 run are not in the bundle")
    assert import_bundle(other, path).imported == [run.run_id]
    assert there.open(run.run_id).awaits_evidence
    found = add_evidence_of(run)
    assert export_bundle(store, [run.run_id], path).left_out == []
    assert import_bundle(other, path).existing == [run.run_id]
    assert there.open(run.run_id).record == found.record
    assert there.path(run.run_id)


def test_bundle_with_robustness_of_no_evidence_is_rejected(
    make_run: RunWriter, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = without_evidence(make_run())
    monkeypatch.setattr("core.store.bundle.list_files", lambda run, models: [path.name for path in run.path.iterdir()])
    export_bundle(store, [run.run_id], tmp_path / "bundle")
    with pytest.raises(BundleError, match=r"robustness\.npz' is missing in the record of its run"):
        import_bundle(Home(tmp_path / "other"), tmp_path / "bundle")


@pytest.mark.parametrize("scheme", ["file", "memory"])
def test_artifact_store_gets_the_evidence_later(make_run: RunWriter, tmp_path: Path, scheme: str) -> None:
    kept = ArtifactStore.open(f"{scheme}://{tmp_path}/{uuid4().hex}")
    run = without_evidence(make_run())
    kept.upload(run)
    assert kept.fetch(run.run_id, Home(tmp_path / "early")).awaits_evidence
    assert kept.list_with_evidence() == set()
    run = add_evidence_of(run)
    kept.upload(run)
    assert kept.list_with_evidence() == kept.list_ids() == {run.run_id}
    assert kept.fetch(run.run_id, Home(tmp_path / "late")).record == run.record
