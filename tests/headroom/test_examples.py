"""The examples of docs/your-runs.md run unchanged, and what they write can be imported."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.home import Home
from core.importers.run_import import import_files
from core.store.comparison import Comparison
from core.store.run_store import RunStore
from tests.support.fake_keras import FakeModel, fit
from tests.support.paths import ROOT


def read_blocks(language: str) -> list[str]:
    text = (ROOT / "docs" / "your-runs.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_examples_of_the_document_write_runs(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = FakeModel(np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]))
    rows = [{"loss": 1.0, "val_accuracy": 0.5}, {"loss": 0.8, "val_accuracy": 0.6}]

    def train(*_: Any, callbacks: list[Any], **__: Any) -> None:
        fit(callbacks[0], model, rows)

    images, labels = np.zeros((3, 8, 8, 1)), np.array([0, 1, 1])
    names: dict[str, Any] = {"x_test": images, "y_test": labels, "model": SimpleNamespace(fit=train)}
    names |= dict.fromkeys(("x", "y", "x_val", "y_val"), images)
    keras, other = read_blocks("python")
    exec(keras, names)
    exec(other, names)
    (table,) = read_blocks("csv")
    (tmp_path / "predictions.csv").write_text(table)
    found = import_files(home, [*sorted(tmp_path.glob("runs/*.zip")), tmp_path / "predictions.csv"])
    comparison = Comparison.of(RunStore(home).open_all(found.imported))
    assert comparison.labels == ["baseline", "predictions", "random forest"]
