"""Actions on runs: delete, restore and import."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.access.action import needs
from core.access.role import Role, User
from core.home import Home
from core.importers.run_import import ImportOptions, import_files
from core.store.bundle_import import Imported
from core.store.run_store import RunStore


@needs(Role.ADMIN, "delete runs")
def delete_runs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """Delete runs (see `RunStore.delete`)."""
    for run_id in run_ids:
        RunStore(home).delete(run_id)


@needs(Role.ADMIN, "restore runs")
def restore_runs(user: User, home: Home, run_ids: Iterable[str]) -> None:
    """Restore deleted runs (see `RunStore.restore`)."""
    for run_id in run_ids:
        RunStore(home).restore(run_id)


@needs(Role.ADMIN, "delete runs permanently")
def clear_runs(user: User, home: Home) -> None:
    """Delete all runs in the trash permanently (see `RunStore.clear`)."""
    RunStore(home).clear()


@needs(Role.TRAINER, "import runs from elsewhere")
def add_runs(
    user: User, home: Home, files: Sequence[tuple[str, bytes | memoryview]], options: ImportOptions | None = None
) -> Imported:
    """Import bundles and files of other tools, given by name and content (see `import_files`). Only an admin can add
    runs of Headroom, and models."""
    options, limited = options or ImportOptions(), user.role < Role.ADMIN
    options = replace(options, only_elsewhere=limited, models=options.models and not limited)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) / Path(name).name for number, (name, _) in enumerate(files)]
        for path, (_, content) in zip(paths, files, strict=True):
            path.parent.mkdir()
            path.write_bytes(content)
        return import_files(home, paths, options)
