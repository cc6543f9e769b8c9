"""The home of benchmarks."""

from pathlib import Path

import pytest

from benchmarks.published import choose_home
from core.datasets.cache import open_dataset
from core.home import Home
from core.spec import DATASETS


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
