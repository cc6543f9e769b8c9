"""Results of read commands, kept in the home until a file changes on which they can depend."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import HomeError
from core.files import parse_json, read_file, replacing
from core.store.run_store import RunStore

MAX_KEPT = 50
"""Maximum number of results in a home; the oldest is deleted."""
_CODE = Path(__file__).resolve().parents[1]
_DIGEST = 64  # hex digits of the SHA-256 at the start of a file


def keep_result(
    store: RunStore, question: Sequence[object], compute: Callable[[], tuple[Any, Sequence[Path] | None]]
) -> Any:
    """Return a result as JSON data, computed only if it is not kept or if a file has changed since.

    A result depends on the code, the run list, withheld results, the jobs, saved comparisons, datasets and the folders
    of its runs.

    Args:
        question: what is computed, with all arguments.
        compute: returns the result and the folders of its runs; with None instead it is not kept.
    """
    name = hashlib.sha256(json.dumps(question, default=str).encode()).hexdigest()[:24]
    path, state = store.home.results / f"{name}.txt", _describe_state(store)
    kept = _read(path)
    if kept and kept["state"] == state and kept["files"] == _describe_files(map(Path, kept["folders"])):
        return kept["result"]
    result, folders = compute()
    if folders is not None:
        files = _describe_files(folders)
        _write(path, {"state": state, "folders": [*map(str, folders)], "files": files, "result": result})
    return result


def _describe_state(store: RunStore) -> str:
    home = store.home
    parts = [_list_code(), *(_list_files(folder) for folder in (home.comparisons, home.withheld, home.jobs / "sweeps"))]
    parts.append(found for found in _list_files(home.jobs) if found[0].startswith("queue.sqlite"))
    parts.append(found for folder in _list_folders(home.datasets) for found in _list_files(folder))
    return _digest([store.stamps(), *([*part] for part in parts)])


def _describe_files(folders: Iterable[Path]) -> str:
    return _digest([[*_list_files(folder)] for folder in folders])


def _list_code() -> Iterator[tuple[str, int, int]]:
    """Yield the files of the code and its data, which takes 3 ms."""
    for folder, _, _ in os.walk(_CODE):
        yield from (found for found in _list_files(Path(folder)) if not found[0].endswith(".pyc"))


def _list_files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield the name, the time of the last change and the size of each file, sorted by name; zeros for a link that
    cannot be followed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            try:
                found = entry.stat()
            except OSError:
                yield entry.name, 0, 0
                continue
            if not entry.is_dir():
                yield entry.name, found.st_ctime_ns, found.st_size


def _list_folders(path: Path) -> list[Path]:
    try:
        return sorted(one for one in path.iterdir() if one.is_dir())
    except OSError:
        return []


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    """Return a kept result; None if it is missing or damaged."""
    try:
        content = read_file(path)
        if hashlib.sha256(content[_DIGEST:]).hexdigest().encode() != content[:_DIGEST]:
            return None
        return dict(parse_json(content[_DIGEST:]))
    except (OSError, ValueError):
        return None


def _write(path: Path, value: dict[str, Any]) -> None:
    if not path.parent.parent.is_dir():  # to read does not create a home
        return
    content = json.dumps(value).encode()
    with suppress(HomeError, OSError):  # a home that cannot be written keeps nothing
        with replacing(path) as temporary:
            temporary.write_bytes(hashlib.sha256(content).hexdigest().encode() + content)
        kept = sorted(path.parent.glob("*.txt"), key=lambda one: one.stat().st_mtime)
        for old in kept[:-MAX_KEPT]:
            old.unlink(missing_ok=True)
