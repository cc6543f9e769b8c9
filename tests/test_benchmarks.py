"""Benchmarks: their home, and what they measure without a GPU."""

import ast
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _table, gpu
from benchmarks._gpu_task import split_arrays
from benchmarks.published import choose_home
from core.datasets.cache import open_dataset
from core.datasets.dataset import Arrays
from core.home import Home
from core.spec import DATASETS
from tests.support.paths import ROOT


@pytest.mark.parametrize("dataset", DATASETS)
def test_benchmark_writes_nothing_into_the_home(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str
) -> None:
    found = choose_home(dataset, tmp_path / "temporary")
    if DATASETS[dataset].bundled:
        open_dataset(found, dataset)
        assert capsys.readouterr().err == ""
    else:
        assert found == home
        assert str(home.path) in capsys.readouterr().err
    assert not home.path.exists()


def test_nothing_is_measured_without_a_gpu(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu, "find_gpu", lambda: None)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    *parts, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert {part["part"] for part in parts} >= {
        "published",
        "headroom",
        "stacked",
        "single",
        "agreement",
        "faces_keras",
    }
    assert {part["not_measured"] for part in parts} == {"nvidia-smi finds no GPU."}
    assert (last["benchmark"], last["ratios"]) == ("gpu", {})


def test_tasks_of_a_part_cover_each_seed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = []

    def start(runner: gpu.Runner, task: gpu.Found) -> gpu.Found:
        tasks.append(task)
        return {"train_seconds": 1.0, "megabytes": len(tasks), "accuracy": [0.5] * len(task["seeds"])}

    monkeypatch.setattr(gpu.Runner, "_start", start)
    groups = [[0, 2, 4], [1, 3]]
    found = gpu.Runner({}, "jax", 0.0).run_tasks("jax", gpu.HEADS, groups, processes=16, stacked=False)
    assert sorted((task["head"], seed) for task in tasks for seed in task["seeds"]) == sorted(
        (head, seed) for head in gpu.HEADS for seed in range(5)
    )
    assert (found["runs"], found["processes"], found["train_seconds"], found["megabytes"]) == (10, 4, 4.0, 4)
    assert found["accuracies"] == {head: [0.5] * 5 for head in gpu.HEADS}


def test_validation_images_are_the_last_fifth() -> None:
    images, labels = np.arange(10, dtype=np.uint8).reshape(10, 1, 1), np.arange(10)
    found = split_arrays(Arrays.of_grey((images, labels), (images[:3], labels[:3])))
    assert found["y_train"].tolist() == list(range(8))
    assert found["y_validation"].tolist() == [8, 9]
    assert found["x_test"].ravel().tolist() == found["y_test"].tolist() == [0, 1, 2]


def test_benchmarks_import_names_that_exist() -> None:
    """Benchmarks that need other packages, such as JAX, are not imported by tests; their imports are read."""
    found = [
        (path.name, node.module, alias.name)
        for path in (Path(gpu.__file__).parent).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("core", "tests"))
        for alias in node.names
    ]
    assert len(found) > 50
    missing = []
    for file, module, name in found:
        if not hasattr(importlib.import_module(module), name):
            try:
                importlib.import_module(f"{module}.{name}")
            except ModuleNotFoundError:
                missing.append((file, module, name))
    assert missing == []


def test_table_keeps_rows_that_are_not_measured_and_takes_the_largest_value() -> None:
    first, second = _table.BUDGETS[2:4]
    page = f"before\n{_table.BEGIN}{_table.END}after\n"
    lines = [{"command": "jobs", "seconds": 0.4}, {"command": "datasets", "seconds": 0.45}, {"bytes": 1}]
    value = _table.find_value(first, lines)
    assert (value, _table.find_value(second, lines)) == (0.45, None)
    page = _table.replace_rows(page, [_table.build_row(second, [1.2, 1.0, 1.1], "2026-11-27")])
    page = _table.replace_rows(page, [_table.build_row(first, [value], "2026-11-28")])
    head, _, *rows = page.partition(_table.BEGIN)[2].partition(_table.END)[0].splitlines()
    assert head == "| measurement | median | spread | budget | result | measured on |"
    assert rows == [
        f"| {first.name} | 450 ms | one run | ≤ 500 ms | met | 2026-11-28 |",
        f"| {second.name} | 1.10 s | 1.00 s to 1.20 s | ≤ 500 ms | **missed** | 2026-11-27 |",
    ]
    assert (page[:7], page[-6:]) == ("before\n", "after\n")
    with pytest.raises(ValueError, match="no table"):
        _table.replace_rows("", [])


def test_every_budget_names_a_benchmark_and_the_page_has_the_table() -> None:
    modules = {path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py")}
    assert {budget.arguments.split()[0] for budget in _table.BUDGETS} <= modules
    assert len({budget.name for budget in _table.BUDGETS}) == len(_table.BUDGETS)
    page = _table.PAGE.read_text(encoding="utf-8")
    assert _table.replace_rows(page, []) == page
