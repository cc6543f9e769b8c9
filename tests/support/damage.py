"""Damage to the files of a home: every kind that a disk, an editor or another version may cause."""

import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.files import compute_checksum

DEEP = b"[" * 100_000 + b"]" * 100_000
_HUGE = (1_000_000, 1000)


def _write(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return apply


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_loop(path: Path) -> None:
    """Make a file that not even root can read."""
    path.unlink()
    path.symlink_to(path)


def _retype(path: Path) -> None:
    if path.suffix == ".sqlite":
        _set_columns(path, "'[\"text\"]'")
    elif path.suffix == ".npz":
        _change_arrays(path, lambda array: array.astype(np.complex64) if array.dtype.kind != "U" else array)
    elif path.suffix in (".json", ".jsonl"):
        _change_lines(path, lambda value: _map(value, lambda leaf: ["text"] if not isinstance(leaf, str) else 7))
    elif path.suffix == ".parquet":
        _change_frame(path, lambda frame: frame.astype(str))
    else:
        path.write_bytes(b"12")


def _make_nan(path: Path) -> None:
    if path.suffix == ".sqlite":
        _set_columns(path, "9e999")
    elif path.suffix == ".npz":
        _change_arrays(path, lambda array: array * np.nan if array.dtype.kind == "f" else array)
    elif path.suffix in (".json", ".jsonl"):
        _change_lines(path, lambda value: _map(value, lambda leaf: leaf if isinstance(leaf, str) else float("nan")))
    elif path.suffix == ".parquet":
        _change_frame(path, lambda frame: frame.assign(width=float("nan"), row=-1))
    else:
        path.write_bytes(b"NaN")


def _claim_gigabyte(path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": _HUGE})
    if path.suffix == ".npz":
        import zipfile

        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, header.getvalue())
    elif path.suffix == ".parquet":  # equal texts, stored once
        text = pd.Categorical(["x" * 100_000]).repeat(1_000_000)
        pd.DataFrame(dict.fromkeys(pd.read_parquet(path), text)).to_parquet(path)
    elif path.suffix == ".npy":
        path.write_bytes(header.getvalue())
    else:  # a sparse file that is too large
        os.truncate(path, 60_000_000)


def _set_columns(path: Path, value: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "run_id"]
            row = f"(SELECT min(rowid) FROM {table})"
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = {row}")


def _change_arrays(path: Path, change: Callable[[Any], Any]) -> None:
    with np.load(path) as stored:
        arrays = {name: change(stored[name]) for name in stored.files}
    np.savez(path, **arrays)


def _change_frame(path: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(path)).to_parquet(path)


def _change_lines(path: Path, change: Callable[[Any], Any]) -> None:
    text = path.read_text()
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    path.write_text("\n".join(json.dumps(change(json.loads(line))) for line in lines) + "\n")


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _map(part, change) for name, part in value.items()}
    return [_map(part, change) for part in value] if isinstance(value, list) else change(value)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": _write(lambda content: b""),
    "truncated": _write(lambda content: content[: len(content) // 2]),
    "random bytes": _write(lambda content: np.random.default_rng(0).bytes(len(content) or 100)),
    "wrong types": _retype,
    "NaN": _make_nan,
    "deep JSON": _write(lambda content: DEEP),
    "claimed gigabyte": _claim_gigabyte,
    "unreadable": _make_loop,
    "folder": _make_folder,
}


@contextmanager
def damaged(path: Path, damage: Callable[[Path], None], *, resign: bool = False) -> Iterator[None]:
    """Damage a file inside the block.

    Args:
        resign: write the checksum of the damaged file to the record of its run, as a hostile writer does.
    """
    record = path.with_name("record.json")
    content, kept = path.read_bytes(), record.read_bytes() if resign else b""
    try:
        damage(path)
        if resign and path.is_file():
            values = json.loads(kept)
            values["checksums"][path.name] = compute_checksum(path)
            record.write_text(json.dumps(values))
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        if resign:
            record.write_bytes(kept)
