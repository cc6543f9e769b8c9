"""Bundles as archives of files."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from core.store.run import Run
from tests.support.run_rewriter import rewrite

Files = dict[str, bytes]


def read_zip(path: Path) -> Files:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, files: Files, **member: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            for field, value in member.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return path


def describe(files: Files) -> Files:
    """Return the same files with a manifest that matches them."""
    described = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != "bundle.json"
    }
    manifest = json.dumps({"version": 1, "files": described})
    return {"bundle.json": manifest.encode(), **{name: files[name] for name in described}}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def add_models(run: Run) -> Run:
    """Add models as a worker writes them; runs of RunWriter have none."""
    record = json.loads((run.path / "record.json").read_bytes())
    for name in ("model.keras", "model.tflite"):
        (run.path / name).write_bytes(name.encode())
        record["checksums"][name] = ""
    (run.path / "record.json").write_text(json.dumps(record))
    return rewrite(run)
