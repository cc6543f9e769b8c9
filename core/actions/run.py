"""Runs: deleting them, the way back, and bringing those of others."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.store.bundle_import import Imported, import_bundle
from core.store.run_store import RunStore


@needs(Role.ADMIN, "delete runs")
def delete_runs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """As `RunStore.remove`, one after the other."""
    for run_id in run_ids:
        RunStore(home).delete(run_id)


@needs(Role.ADMIN, "bring runs back")
def restore_runs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """As `RunStore.restore`, one after the other."""
    for run_id in run_ids:
        RunStore(home).restore(run_id)


@needs(Role.ADMIN, "delete runs for good")
def clear_runs(user: User, home: Home) -> None:
    """As `RunStore.clear`."""
    RunStore(home).clear()


@needs(Role.ADMIN, "import runs")
def import_runs(user: User, home: Home, bundle: bytes | memoryview, *, models: bool) -> Imported:
    """As `import_bundle`, of what a file holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(bundle)
        return import_bundle(home, path, models=models)
