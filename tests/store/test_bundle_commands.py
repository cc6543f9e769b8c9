"""The commands `export` and `import`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli.app import app
from core.errors import BundleError, RunNotFoundError
from core.home import Home
from core.spec import RunSpec
from core.store.bundle import export_bundle
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter


def test_commands_export_and_import(
    home: Home, make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "none"))
    run = make_run()
    path = tmp_path / "shared.headroom"
    found = CliRunner().invoke(app, ["bundle", "export", run.run_id[:6], "-o", str(path)])
    assert found.output.startswith(f"{path}: 1 run, ")
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path / "other"))
    what = "imported GAP, Digits, seed 0: 360 test images of 10 classes, test accuracy "
    what += f"{run.record.metrics.test_accuracy:.1%}"
    for text in (what, "already exists"):
        found = CliRunner().invoke(app, ["bundle", "import", str(path)])
        assert (found.stdout, found.stderr) == (f"{run.run_id}\n", f"{run.run_id}: {text}.\n")
    path.write_bytes(b"rot")
    refused = CliRunner().invoke(app, ["bundle", "import", str(path)])
    assert refused.exit_code == 1
    assert "is not a valid bundle." in refused.output


def test_unknown_run_cannot_be_exported(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        export_bundle(store, ["0123456789ab"], tmp_path / "bundle")
    with pytest.raises(BundleError, match="1 to 2,000 runs"):
        export_bundle(store, [], tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()
    assert RunSpec().run_id not in store.frame()["run_id"].tolist()
