"""Bundles: finished runs in one file, to be shown elsewhere, with the pictures that their pages show.

A zip archive of files as they are: `bundle.json` with the size and the SHA-256 of every other,
`runs/<run id>/<file>` and `thumbnails/<fingerprint of the dataset>/<file>`.
"""

import hashlib
import io
import os
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.errors import BundleError, DatasetError
from core.files import replacing
from core.home import Home
from core.store.import_validation import MODELS, MOST_BYTES
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.thumbnail import EXACT, FINGERPRINT, SHRUNK, build_thumbnails, load_test_images

MANIFEST = "bundle.json"
MOST_RUNS = 2_000
RUN_FILE = re.compile(rf"runs/([0-9a-f]{{12}})/({'|'.join(map(re.escape, MOST_BYTES))})")
PICTURE_FILE = re.compile(rf"thumbnails/({FINGERPRINT})/({EXACT}|{SHRUNK})")
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the same runs make the same bytes


class BundleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """bundle.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Literal[1] = 1
    files: dict[str, BundleFile]


@dataclass(frozen=True)
class Packed:
    """What went into a bundle: its size, and one sentence for each thing that was wished for and is not in it."""

    bytes: int
    left_out: list[str]


def export_bundle(
    store: RunStore, run_ids: Sequence[str], path: Path, *, models: bool = True, pictures: bool = True
) -> Packed:
    """Writes finished runs into one file, which appears whole or not at all; the same runs make the same bytes.

    Raises:
        RunNotFoundError, RunDamagedError: when a run is not here, or not as it was written.
        BundleError: when there is no run, or too many.
        HomeError: when the file cannot be written.
    """
    runs = [store.open(run_id) for run_id in sorted(set(run_ids))]
    if not 1 <= len(runs) <= MOST_RUNS:
        raise BundleError(f"Expected 1 to {MOST_RUNS:,} runs for a bundle; got {len(runs):,}.")
    files: dict[str, Path | bytes] = {}
    for run in runs:
        run.verify()
        files |= {f"runs/{run.run_id}/{name}": run.path / name for name in list_files(run, models=models)}
    left_out = []
    if pictures:
        shown = {run.record.data.fingerprint: run for run in runs}
        for fingerprint, run in sorted(shown.items()):
            try:
                name, pixels = _pack_pictures(store.home, run)
                files[f"thumbnails/{fingerprint}/{name}"] = pixels
            except DatasetError as error:
                left_out.append(f"Left out the pictures of {run.spec.folder or run.spec.dataset}. {error}")
    with replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            _write(archive, MANIFEST, _describe(files))
            for name, content in files.items():
                _write(archive, name, content)
        size = temporary.stat().st_size
    return Packed(size, left_out)


def list_files(run: Run, *, models: bool) -> list[str]:
    """The files of a run that leave this machine."""
    names = [name for name in MOST_BYTES if name == "record.json" or name in run.record.checksums]
    return [name for name in names if run.has(name) and (models or name not in MODELS)]


def _pack_pictures(home: Home, run: Run) -> tuple[str, bytes]:
    found = build_thumbnails(load_test_images(home, run))
    if found is None:
        raise DatasetError("Expected fewer test images than fit into a bundle; got more.")
    name, pixels = found
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(pixels), allow_pickle=False)
    return name, buffer.getvalue()


def _describe(files: dict[str, Path | bytes]) -> bytes:
    described = {}
    for name, content in files.items():
        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            described[name] = BundleFile(bytes=file.seek(0, os.SEEK_END), sha256=digest)
    return Manifest(files=described).model_dump_json(indent=1).encode()


def _write(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    member = zipfile.ZipInfo(name, _SAME_TIME)
    member.external_attr = 0o100644 << 16
    with (
        io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as source,
        archive.open(member, "w", force_zip64=True) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
