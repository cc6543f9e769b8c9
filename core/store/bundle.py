"""Export of bundles: ZIP archives of finished runs and their test images, to import on another machine.

A bundle contains uncompressed files: `bundle.json` with the size and the SHA-256 of each other file,
`runs/<run id>/<file>`, `thumbnails/<fingerprint of the dataset>/<file>`, of the added models that are backbones of the
runs, `layers/<fingerprint>.json`, the names, tags and texts of notes in `notes.json`, and the files of `reports/`.
"""

import hashlib
import io
import os
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.bounds import Checksum, Count, Line
from core.datasets.dataset_key import label_of_spec
from core.errors import BundleError, DatasetError
from core.files import replacing
from core.home import Home
from core.models.layer_store import layers_path
from core.models.model_info import split_reference
from core.plural import format_plural
from core.store.bundle_notes import pack_notes
from core.store.import_validation import MAX_BYTES, MODELS
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.thumbnail import EXACT, FINGERPRINT, SHRUNK, build_thumbnails, load_test_images

MANIFEST = "bundle.json"
MAX_RUNS, _MAX_FILES = 2_000, 100_000
RUN_FILE = re.compile(rf"runs/([0-9a-f]{{12}})/({'|'.join(map(re.escape, MAX_BYTES))})")
PICTURE_FILE = re.compile(rf"thumbnails/({FINGERPRINT})/({EXACT}|{SHRUNK})")
LAYERS_FILE = re.compile(r"layers/([0-9a-f]{16})\.json")
NOTES = "notes.json"
REPORT_FILE = re.compile(
    r"reports/(?:r[a-z2-9]{7}/(?:draft-\d{6}|published-\d{1,6}|comments/\d{6})\.json|images/[0-9a-f]{16}\.img)"
)
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # exports of the same runs are identical


class BundleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bytes: Count
    sha256: Checksum


class Manifest(BaseModel):
    """Content of bundle.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    version: Literal[1] = 1
    files: Annotated[dict[Line, BundleFile], Field(max_length=_MAX_FILES)]


@dataclass(frozen=True)
class Packed:
    """Result of an export: the size of the bundle, and messages about what it does not contain: test images of a
    dataset, evidence that has not been computed yet."""

    bytes: int
    left_out: list[str]


def export_bundle(
    store: RunStore,
    run_ids: Sequence[str],
    path: Path,
    *,
    models: bool = True,
    pictures: bool = True,
    notes: bool = True,
    reports: Mapping[str, Path] | None = None,
) -> Packed:
    """Export finished runs to a bundle, atomically. Exports of the same runs are identical.

    Args:
        models: Include the trained models.
        pictures: Include the test images.
        notes: Include the names, tags and texts of notes.
        reports: Files of reports by their names in the bundle (see `core.reports.report_bundle`).

    Raises:
        RunNotFoundError, RunDamagedError: when a run does not exist or is damaged.
        BundleError: when there are no runs, or too many.
        HomeError: when the file cannot be written.
    """
    runs = [store.open(run_id) for run_id in sorted(set(run_ids))]
    if not 1 <= len(runs) <= MAX_RUNS:
        raise BundleError(f"A bundle may have 1 to {MAX_RUNS:,} runs; {len(runs):,} are selected.")
    files: dict[str, Path | bytes] = {}
    for run in runs:
        run.verify()
        files |= {f"runs/{run.run_id}/{name}": run.path / name for name in list_files(run, models=models)}
        fingerprint = split_reference(run.spec.model)[1]
        if fingerprint and (layers := layers_path(store.home, fingerprint)).is_file():
            files[f"layers/{layers.name}"] = layers
    files |= reports or {}
    if notes and (found := pack_notes(store.home, [run.run_id for run in runs])):
        files[NOTES] = found
    left_out = []
    if early := sum(run.awaits_evidence for run in runs):
        left_out.append(
            f"Robustness and the latency of 32 images of {format_plural(early, 'run')} are not in the bundle: they are "
            "not computed yet. Export and import the runs again later to add them."
        )
    if pictures:
        shown = {run.record.data.fingerprint: run for run in runs}
        for fingerprint, run in sorted(shown.items()):
            try:
                name, pixels = _pack_pictures(store.home, run)
                files[f"thumbnails/{fingerprint}/{name}"] = pixels
            except DatasetError as error:
                left_out.append(
                    f"The bundle does not contain the test images of {label_of_spec(run.spec) or run.run_id}. {error}"
                )
    with replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            _write(archive, MANIFEST, _describe(files))
            for name, content in files.items():
                _write(archive, name, content)
        size = temporary.stat().st_size
    return Packed(size, left_out)


def list_files(run: Run, *, models: bool) -> list[str]:
    """List the files of a run that are exported."""
    names = [name for name in MAX_BYTES if name == "record.json" or name in run.record.checksums]
    return [name for name in names if run.has(name) and (models or name not in MODELS)]


def _pack_pictures(home: Home, run: Run) -> tuple[str, bytes]:
    found = build_thumbnails(load_test_images(home, run))
    if found is None:
        raise DatasetError("There are too many of them for a bundle.")
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
