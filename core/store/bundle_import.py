"""Bringing runs here out of a bundle: every file is checked before one of them is kept."""

import fcntl
import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from pydantic import ValidationError

from core.datasets.atomic_folder import check_space
from core.datasets.file_tree import open_archive
from core.errors import BundleError, DatasetError, HeadroomError, HomeError
from core.home import Home
from core.store.array_check import check_array
from core.store.bundle import MANIFEST, MOST_RUNS, PICTURE_FILE, RUN_FILE, BundleFile, Manifest
from core.store.import_validation import MODELS, MOST_BYTES, check_run
from core.store.run import Run
from core.store.run_store import RunStore
from core.store.thumbnail import MOST_BYTES as MOST_PICTURE_BYTES
from core.store.thumbnail import matches_dataset

_MOST_MANIFEST_BYTES = 10_000_000
_SCRATCH = ".import-"


@dataclass(frozen=True)
class Imported:
    """The ids of the runs that came, of those that were here already, and of these whose results differ: of them the
    ones that were here stay."""

    imported: list[str]
    existing: list[str]
    differing: list[str]


def import_bundle(home: Home, path: Path, *, models: bool = False) -> Imported:
    """Checks a bundle and brings its runs into a home: all of those that are not here, or none. No model is opened.

    Args:
        models: brings model files too. Pages and trainings open them later, Keras in its safe mode; those of people
            one does not know are better left out.

    Raises:
        BundleError: one sentence, when the file cannot be trusted; nothing has changed then.
        HomeError: when the home cannot be read or written.
    """
    try:
        if not path.is_file():
            raise BundleError(f"Expected a bundle of runs; got no such file: {path}.")
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise BundleError(f"Expected a whole bundle of runs; got another or a damaged file: {path.name!r:.80}.")
            with open_archive(file, path.name) as archive:
                files = _read_manifest(archive, os.fstat(file.fileno()).st_size)
                with _scratch(home) as scratch:
                    wanted = [name for name in files if models or Path(name).name not in MODELS]
                    needed = sum(files[name].bytes for name in wanted)
                    check_space(scratch, needed, "the runs of the bundle", "make room")
                    for name, found in files.items():
                        _unpack(archive, name, found, scratch / name if name in wanted else None)
                    return _publish(home, scratch, files)
    except DatasetError as error:
        raise BundleError(str(error)) from None
    except OSError as error:
        raise HomeError(f"Expected to be able to read {path} and write {home.path}; got: {error.strerror}.") from error


@contextmanager
def _scratch(home: Home) -> Iterator[Path]:
    """A folder in the home, on the disk of the runs, out of sight. What an import left that was killed is cleared away:
    the system lets go of a lock when its process dies."""
    try:
        home.runs.mkdir(parents=True, exist_ok=True)
        for leftover in home.runs.glob(f"{_SCRATCH}*"):
            if (handle := _lock(leftover)) is not None:
                shutil.rmtree(leftover, ignore_errors=True)
                os.close(handle)
        folder, handle = None, None
        while handle is None:  # another process may take it for a leftover before it is locked
            folder = Path(tempfile.mkdtemp(dir=home.runs, prefix=_SCRATCH))
            handle = _lock(folder)
    except OSError as error:
        raise HomeError(f"Expected to be able to write {home.runs}; got: {error.strerror}.") from error
    assert folder
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _lock(folder: Path) -> int | None:
    """An open handle that holds the folder; None when another process holds it, or it is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    if not folder.exists():
        os.close(handle)
        return None
    return handle


def _read_manifest(archive: zipfile.ZipFile, size: int) -> dict[str, BundleFile]:
    """The files of a bundle, each named, sized and packed as the manifest and the archive agree on."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise BundleError("Expected every file in the bundle once; got a name twice.")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise BundleError(f"Expected files that are stored as they are; got a packed one: {member.filename!r:.80}.")
    if sum(member.file_size for member in members) > size:
        raise BundleError("Expected files beside each other in the bundle; got some that overlap.")
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
        raise BundleError(f"Expected a {MANIFEST} of at most {_MOST_MANIFEST_BYTES / 1e6:.0f} MB; got none like that.")
    try:
        files = Manifest.model_validate_json(_read(archive, MANIFEST)).files
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its text"
        raise BundleError(f"Expected a valid {MANIFEST}; got {place[:80]!r}: {first['msg']}.") from None
    if {*names} != {*files, MANIFEST}:
        odd = min({*names} ^ {*files, MANIFEST})
        raise BundleError(f"Expected {MANIFEST} to name every file of the bundle; got {odd!r:.80} in one of them only.")
    for name, found in files.items():
        run_file = RUN_FILE.fullmatch(name)
        if not run_file and not PICTURE_FILE.fullmatch(name):
            raise BundleError(f"Expected only files of runs and their pictures; got {name!r:.80}.")
        most = MOST_BYTES[run_file[2]] if run_file else MOST_PICTURE_BYTES + 4096
        if found.bytes > most:
            raise BundleError(f"Expected {name} to take at most {most / 1e6:g} MB; got {found.bytes / 1e6:,.1f} MB.")
        if found.bytes != archive.getinfo(name).file_size:
            raise BundleError(
                f"Expected {name} to take {found.bytes:,} bytes; got {archive.getinfo(name).file_size:,}."
            )
    if not 1 <= len(_list_ids(files)) <= MOST_RUNS:
        raise BundleError(f"Expected a bundle of 1 to {MOST_RUNS:,} runs; got {len(_list_ids(files)):,}.")
    return files


def _list_ids(files: dict[str, BundleFile]) -> list[str]:
    return sorted({found[1] for name in files if (found := RUN_FILE.fullmatch(name))})


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    buffer = io.BytesIO()
    _copy(archive, name, buffer)
    return buffer.getvalue()


def _copy(archive: zipfile.ZipFile, name: str, target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as source:
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise BundleError(f"Expected {name} to be whole in the bundle; got a damaged file.") from None
    return digest.hexdigest()


def _unpack(archive: zipfile.ZipFile, name: str, found: BundleFile, path: Path | None) -> None:
    """Without a path the file is looked at and not kept: that it was damaged on the way is said all the same."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") if path else open(os.devnull, "wb") as target:
        if _copy(archive, name, target) != found.sha256:
            raise BundleError(f"Expected {name} as {MANIFEST} describes it; got other bytes.")


def _publish(home: Home, scratch: Path, files: dict[str, BundleFile]) -> Imported:
    """All checks come first. Should the disk fail in between, what was moved into the home is taken back."""
    runs = [check_run(scratch / "runs" / run_id) for run_id in _list_ids(files)]
    for run in runs:
        for name, checksum in run.record.checksums.items():
            described = files.get(f"runs/{run.run_id}/{name}")
            if described and described.sha256 != checksum:  # of a model that stays in the bundle, too
                raise BundleError(f"Expected {name} of run {run.run_id} as it was written; got other bytes.")
    extra = {name for name in files if (file := RUN_FILE.fullmatch(name)) and file[2] != "record.json"}
    extra -= {f"runs/{run.run_id}/{name}" for run in runs for name in run.record.checksums}
    if extra:
        raise BundleError(f"Expected files that the record of their run names; got {min(extra)!r:.80}.")
    pictures = [_check_pictures(scratch / name, runs) for name in files if PICTURE_FILE.fullmatch(name)]
    store, imported, existing, differing = RunStore(home), [], [], []
    moved: list[tuple[Path, Path]] = []
    try:
        for picture in pictures:
            target = home.thumbnails / picture.parent.name / picture.name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(picture, target)
                moved.append((target, picture))
        for run in runs:
            known = store.path(run.run_id)
            if known is None:
                target = store.publish(run.path).path
                if not run.path.exists():  # else another process was faster
                    moved.append((target, run.path))
                imported.append(run.run_id)
                continue
            existing.append(run.run_id)
            mine = Run.open(known)
            if mine.record.metrics != run.record.metrics:
                differing.append(run.run_id)
            for name in MODELS if known.parent == home.runs else ():
                same = mine.record.checksums.get(name) == run.record.checksums.get(name)
                if run.has(name) and not mine.has(name) and same:
                    os.rename(run.path / name, known / name)
                    moved.append((known / name, run.path / name))
    except (HeadroomError, OSError):
        for target, source in moved:
            os.rename(target, source)
        raise
    return Imported(imported, existing, differing)


def _check_pictures(path: Path, runs: Sequence[Run]) -> Path:
    """Small pictures of the test images of every run in the bundle that names their dataset."""
    shown = [run for run in runs if run.record.data.fingerprint == path.parent.name]
    try:
        with path.open("rb") as file:
            check_array(file, path.stat().st_size, path.name, ("u1", (None, None, None, None)))
        pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise BundleError(f"Expected {error}.") from None
    if not shown or not all(matches_dataset(pixels, run.record.data) for run in shown):
        raise BundleError(f"Expected pictures of the test images of its runs; got {pixels.shape} in {path.name}.")
    return path
