"""The store of runs: listing, finding and opening them."""

import shutil
from pathlib import Path

import pytest

from core.errors import RunNotFoundError
from core.home import Home
from core.spec import RunSpec
from core.store.index import COLUMNS
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.run_store import ABSENT, edit_record, ids, reopened
from tests.support.run_writer import RunWriter


def test_empty_home_lists_nothing_and_creates_nothing(store: RunStore) -> None:
    frame = store.frame()
    assert (len(frame), list(frame.columns)) == (0, [*COLUMNS, "source", "withheld"])
    assert store.damaged() == {}
    assert not store.home.path.exists()


def test_empty_list_has_the_types_of_a_full_one(store: RunStore, make_run: RunWriter) -> None:
    empty = store.frame().dtypes
    make_run()
    assert (store.frame().dtypes == empty).all()


def test_finished_run_is_listed_with_its_settings_metrics_and_costs(store: RunStore, make_run: RunWriter) -> None:
    run = make_run(head="dense", seed=4)
    row = store.frame().iloc[0].to_dict()
    record = run.record
    settings = run.spec.model_dump(exclude={"train_images"})
    assert {name: row[name] for name in settings} == settings
    costs = record.cost.model_dump(exclude_none=True)
    assert {name: row[name] for name in costs} == costs
    assert row["targets"] == record.data.targets
    assert {name: row[name] for name in record.metrics.model_dump()} == record.metrics.model_dump()
    assert (row["run_id"], row["recipe"], row["source"]) == (run.run_id, "digits-heads", "home")
    assert row["finished_at"] == record.finished_at


def test_newest_run_is_first_in_any_process(store: RunStore, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed).run_id for seed in range(6)]
    assert ids(store) == runs[::-1]
    assert ids(reopened(store)) == runs[::-1]


def test_changes_to_a_returned_list_do_not_change_the_store(store: RunStore, make_run: RunWriter) -> None:
    make_run()
    frame = store.frame()
    frame.loc[0, "epochs"] = 99
    assert list(store.frame()["epochs"]) == [3]


def test_interrupted_run_is_not_listed(store: RunStore, make_run: RunWriter) -> None:
    whole, interrupted = make_run(seed=0), make_run(seed=1)
    (interrupted.path / "record.json").unlink()
    assert ids(store) == [whole.run_id]
    assert list(store.damaged()) == [interrupted.run_id]
    assert store.path(interrupted.run_id) is None
    with pytest.raises(RunNotFoundError):
        store.open(interrupted.run_id)


@pytest.mark.parametrize(
    "name",
    [
        "notes",
        "%s",
        "'; DROP TABLE row; --",
        "a\nb",
        "ümläut",
        "<b>",
        "x" * 200,
        b"\xff\xfe".decode(errors="surrogateescape"),
    ],
)
def test_folder_with_a_hostile_name_is_reported_and_not_listed(store: RunStore, make_run: RunWriter, name: str) -> None:
    run = make_run()
    (store.home.runs / name).mkdir()
    assert ids(store) == [run.run_id]
    sentence = store.damaged()[name]
    assert "\n" not in sentence
    assert "headroom doctor --repair" in sentence
    sentence.encode()


def test_files_and_system_folders_among_the_runs_are_ignored(store: RunStore, make_run: RunWriter) -> None:
    run = make_run()
    (store.home.runs / "notes.txt").write_text("mine")
    (store.home.runs / ".trash").mkdir()
    (store.home.runs / "dangling").symlink_to("nowhere")
    (store.home.runs / "@eaDir").mkdir()
    assert (ids(store), store.damaged()) == ([run.run_id], {})


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "../runs", "/etc", "a/b", "\0", "ABCDEF012345", "٠" * 12, ABSENT + "\n"]
)
def test_invalid_id_opens_nothing(store: RunStore, make_run: RunWriter, run_id: str) -> None:
    make_run()
    assert store.path(run_id) is None
    for read in (store.open, store.find):
        with pytest.raises(RunNotFoundError, match="was not found; it may have been deleted"):
            read(run_id)


@pytest.fixture
def with_twin(store: RunStore, make_run: RunWriter, tmp_path: Path) -> tuple[RunStore, Run, Run]:
    """Return a store with an example, its twin in the home, and the example."""
    other = RunWriter(Home(tmp_path / "other"))
    example = other(seed=7, accuracy=0.5)
    return RunStore(store.home, examples=other.home.runs), make_run(seed=7, accuracy=0.9), example


def test_run_of_the_home_hides_its_example_twin(with_twin: tuple[RunStore, Run, Run]) -> None:
    store, mine, _ = with_twin
    assert list(store.frame()["source"]) == ["home"]
    assert store.open(mine.run_id).path == mine.path
    shutil.rmtree(mine.path)
    assert list(store.frame()["source"]) == ["example"]


def test_example_replaces_a_damaged_twin(with_twin: tuple[RunStore, Run, Run]) -> None:
    store, mine, example = with_twin
    edit_record(mine, lambda record: record.pop("cost"))
    assert list(store.frame()["source"]) == ["example"]
    assert store.path(mine.run_id) == store.open(mine.run_id).path == example.path
    assert list(store.damaged()) == [mine.run_id]


def test_nothing_is_written_to_the_examples(with_twin: tuple[RunStore, Run, Run]) -> None:
    store, _, example = with_twin
    store.frame()
    assert not (example.path.parent.parent / "index.feather").exists()
    assert [path.name for path in example.path.parent.iterdir()] == [example.run_id]


def test_run_is_found_by_the_beginning_of_its_id(store: RunStore, make_run: RunWriter) -> None:
    runs = {make_run(seed=seed, predictions=False).run_id for seed in range(17)}
    for run_id in runs:
        assert store.find(run_id).run_id == run_id
        alone = next(run_id[:n] for n in range(1, 13) if sum(other.startswith(run_id[:n]) for other in runs) == 1)
        assert store.find(alone).run_id == run_id
    shared = next(digit for digit in "0123456789abcdef" if sum(run_id.startswith(digit) for run_id in runs) > 1)
    with pytest.raises(RunNotFoundError, match=f"^'{shared}' matches [0-9]+ runs; enter more characters"):
        store.find(shared)


def test_runs_are_opened_in_the_requested_order(store: RunStore, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed).run_id for seed in range(3)]
    assert [run.run_id for run in store.open_all(runs[::-1])] == runs[::-1]


def test_run_without_a_recipe_is_listed(store: RunStore, make_run: RunWriter) -> None:
    run = make_run(RunSpec(train_images=100, epochs=1))
    row = store.frame().iloc[0]
    assert (row["run_id"], row["train_images"], row["fitted_images"]) == (run.run_id, 100, 80)


@pytest.mark.parametrize("lost", ["test_loss", "validation_loss"])
def test_diverged_run_is_listed_without_its_loss(store: RunStore, make_run: RunWriter, lost: str) -> None:
    run = make_run()
    edit_record(run, lambda record: record["metrics"].update({lost: None}))
    assert store.frame()[lost].isna().all()
    assert getattr(store.open(run.run_id).record.metrics, lost) is None
