"""Missing ImageNet weights are named before training starts, with the address that a browser can open."""

from pathlib import Path

import pytest

from core.home import Home
from core.models.pretrained import list_missing_weights, list_weights_paths
from core.spec import BACKBONES, RunSpec

PRETRAINED = {name: entry.weights for name, entry in BACKBONES.items() if entry.weights}


@pytest.mark.parametrize("name", PRETRAINED)
def test_missing_weights_are_named_once_until_the_file_exists(
    name: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    weights = PRETRAINED[name]
    assert weights is not None
    specs = [RunSpec(dataset="folder", folder="pets", backbone=name, head=head) for head in ("gap", "dense")]
    [message] = list_missing_weights(home, [RunSpec(), *specs])
    assert weights.file in message
    assert f"save {weights.address} in {home.weights}, a folder" in message
    for path in list_weights_paths(home, weights):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        assert list_missing_weights(home, specs) == []
        path.unlink()
