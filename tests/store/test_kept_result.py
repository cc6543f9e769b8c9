"""Kept results of read commands: the same as computed ones, and never older than what they depend on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.home import Home
from core.jobs.queue import JobQueue
from core.store import kept_result
from core.store.kept_result import MAX_KEPT, keep_result
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.saved_comparison import save_runs
from tests.support.run_store import change_byte, edit_record, reopened
from tests.support.run_writer import RunWriter


class Question:
    """A question with the number of times it was computed."""

    def __init__(self, store: RunStore, folders: list[Path] | None) -> None:
        self.store, self.folders, self.computed = store, folders, 0

    def ask(self, *words: object) -> Any:
        def compute() -> tuple[Any, list[Path] | None]:
            self.computed += 1
            return {"words": [*words], "accuracy": 0.1 + 0.2}, self.folders

        return keep_result(reopened(self.store), words, compute)


@pytest.fixture
def question(store: RunStore, make_run: RunWriter) -> Question:
    return Question(store, [make_run(seed=seed).path for seed in (0, 1)])


def test_kept_result_is_the_computed_one(question: Question) -> None:
    first, second = question.ask("a", None, 1), question.ask("a", None, 1)
    assert (first, question.computed) == (second, 1)
    question.ask("a", None, 2)
    assert question.computed == 2


def test_result_is_computed_again_after_every_change(question: Question, make_run: RunWriter, home: Home) -> None:
    run = Run.open(question.folders[0])  # type: ignore[index]
    queue = JobQueue(home)
    dataset = home.datasets / "digits" / "findings.json"
    changes: list[Callable[[], object]] = [
        lambda: make_run(seed=2),
        lambda: question.store.delete(make_run(seed=2).run_id),
        lambda: change_byte(run.path / "predictions.npz"),
        lambda: edit_record(run, lambda record: record.update(cpu="another")),
        lambda: (run.path / "history.jsonl").unlink(),
        lambda: queue.submit([run.spec.replace(seed=9)]),
        lambda: queue.settle(queue.jobs()[0], "failed", "It diverged."),
        lambda: save_runs(home, "a name", (run.run_id,), by="ada"),
        lambda: (dataset.parent.mkdir(parents=True, exist_ok=True), dataset.write_text("{}")),
        lambda: dataset.write_text("[]"),
    ]
    question.ask("a")
    for number, change in enumerate(changes):
        change()
        question.ask("a")
        assert question.computed == number + 2, number
        question.ask("a")
        assert question.computed == number + 2, number


def test_result_depends_on_the_code_and_its_data_files(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_result, "_CODE", code := tmp_path / "code")
    computed = []
    for name in ("a.py", "parts/b.py", "parts/b.json", "__pycache__/a.cpython-311.pyc"):
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text("")
        question.ask("a")
        computed.append(question.computed)
    assert computed == [1, 2, 3, 3]


def test_result_without_folders_and_a_damaged_one_are_computed(question: Question, home: Home) -> None:
    question.ask("a")
    (path,) = home.results.glob("*.txt")
    for content in (b"", b"{}", path.read_bytes()[:-1], path.read_bytes().replace(b"0.3", b"0.4")):
        path.write_bytes(content)
        assert question.ask("a")["accuracy"] == 0.1 + 0.2
    assert question.computed == 5
    question.folders = None
    question.ask("b")
    question.ask("b")
    assert question.computed == 7


def test_number_of_kept_results_is_bounded_and_reading_creates_no_home(question: Question, home: Home) -> None:
    for number in range(MAX_KEPT + 3):
        question.ask(number)
    assert len([*home.results.glob("*")]) == MAX_KEPT
    absent = RunStore(Home(home.path / "absent"), examples=home.path / "no-examples")
    assert keep_result(absent, ["a"], lambda: (1, [])) == 1
    assert not absent.home.path.exists()
