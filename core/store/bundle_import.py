"""Import of bundles: all files are validated before any run is added."""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray
from pydantic import ValidationError

from core.array_file import map_array
from core.datasets.atomic_folder import check_space
from core.datasets.trees.file_tree import open_archive
from core.errors import BundleError, DatasetError, HeadroomError, HomeError, ModelFileError, SpecError
from core.files import DAMAGED_ZIP
from core.home import Home
from core.models.layer_store import check_layers, layers_path
from core.models.model_info import split_reference
from core.store.bundle import (
    LAYERS_FILE,
    MANIFEST,
    MAX_RUNS,
    NOTES,
    PICTURE_FILE,
    REPORT_FILE,
    RUN_FILE,
    BundleFile,
    Manifest,
)
from core.store.bundle_notes import add_notes, read_packed_notes
from core.store.damage import describe_invalid_field
from core.store.elsewhere_model import add_flops
from core.store.evidence import EVIDENCE, touch_record
from core.store.import_scratch import open_scratch
from core.store.import_validation import MAX_BYTES, MODELS, check_run
from core.store.metrics import compute_label_fingerprint
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import IMPORTED, Run
from core.store.run_store import RunStore
from core.store.thumbnail import MAX_BYTES as MAX_PICTURE_BYTES
from core.store.thumbnail import matches_dataset

_MAX_MANIFEST_BYTES, _MAX_NOTES_BYTES = 10_000_000, 50_000_000


@dataclass(frozen=True)
class Imported:
    """IDs of the imported runs, of the runs that already exist, and of the latter those with different results; IDs of
    the imported reports.

    Existing runs and reports are kept.
    """

    imported: list[str]
    existing: list[str]
    differing: list[str]
    reports: list[str] = field(default_factory=list)


PrepareReports = Callable[[Path], Callable[[], list[str]]]
"""Validates a folder with reports, and returns the function that imports them and returns their IDs."""


def import_bundle(
    home: Home,
    path: Path,
    *,
    models: bool = False,
    only_elsewhere: bool = False,
    prepare_reports: PrepareReports | None = None,
) -> Imported:
    """Validate a bundle and import all of its runs that do not exist yet, with their notes, or none. Models are not
    opened.

    Args:
        models: Import model files too. Pages and training open them later (in the safe mode of Keras), so import only
            models from trusted sources.
        only_elsewhere: Refuse runs that Headroom trained, which would be answers of the cache.
        prepare_reports: Import reports too; only from trusted sources, because they contain chart specifications.

    Raises:
        BundleError: when the bundle is invalid; the home is unchanged.
        HomeError: when the home cannot be read or written.
    """
    try:
        if not path.is_file():
            raise BundleError(f"{path} does not exist or is not a file.")
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise BundleError(f"{path.name!r:.80} is not a valid bundle.")
            with open_archive(file, path.name) as archive:
                files = _read_manifest(archive, os.fstat(file.fileno()).st_size)
                with open_scratch(home) as scratch:
                    wanted = [
                        name
                        for name in files
                        if (models or Path(name).name not in MODELS)
                        and (prepare_reports or not REPORT_FILE.fullmatch(name))
                    ]
                    needed = sum(files[name].bytes for name in wanted)
                    check_space(scratch, needed, "the runs of the bundle", "Free disk space and try again.")
                    for name, found in files.items():
                        _unpack(archive, name, found, scratch / name if name in wanted else None)
                    notes = read_packed_notes(scratch / NOTES, _list_ids(files)) if NOTES in files else {}
                    publish = prepare_reports(scratch / "reports") if prepare_reports else list
                    with _layers(home, scratch, files) as models_of_runs:
                        result = _publish(home, scratch, files, only_elsewhere, models_of_runs)
                    add_notes(home, notes, result.imported)
                    return replace(result, reports=publish())
    except DatasetError as error:
        raise BundleError(str(error)) from None
    except OSError as error:
        raise HomeError(f"Cannot read {path} or write {home.path}: {error.strerror}.") from error


def _read_manifest(archive: zipfile.ZipFile, size: int) -> dict[str, BundleFile]:
    """Read the manifest of a bundle, and check that names, sizes and compression match the archive."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise BundleError("The bundle is invalid: it contains a file name twice.")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.file_size != member.compress_size:
            raise BundleError(f"The bundle is invalid: {member.filename!r:.80} is compressed.")
    if sum(member.file_size for member in members) > size:
        raise BundleError("The bundle is invalid: its files overlap.")
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > _MAX_MANIFEST_BYTES:
        raise BundleError(
            f"The bundle is invalid: {MANIFEST} is missing or exceeds {_MAX_MANIFEST_BYTES / 1e6:.0f} MB."
        )
    try:
        files = Manifest.model_validate_json(_read(archive, MANIFEST)).files
    except ValidationError as error:
        raise BundleError(f"The bundle is invalid: {MANIFEST}: {describe_invalid_field(error)}.") from None
    if {*names} != {*files, MANIFEST}:
        name = min({*names} ^ {*files, MANIFEST})
        missing = MANIFEST if name in names else "the archive"
        raise BundleError(f"The bundle is invalid: {name!r:.80} is missing in {missing}.")
    for name, found in files.items():
        run_file = RUN_FILE.fullmatch(name)
        others = (PICTURE_FILE, LAYERS_FILE, REPORT_FILE)
        if not run_file and name != NOTES and not any(pattern.fullmatch(name) for pattern in others):
            raise BundleError(f"The bundle is invalid: unexpected file {name!r:.80}.")
        limit = MAX_BYTES[run_file[2]] if run_file else MAX_PICTURE_BYTES + 4096
        limit = _MAX_NOTES_BYTES if name == NOTES else limit
        if found.bytes > limit:
            raise BundleError(f"{name} may have at most {limit / 1e6:g} MB; this one has {found.bytes / 1e6:,.1f} MB.")
        if found.bytes != archive.getinfo(name).file_size:
            raise BundleError(
                f"The bundle is invalid: {name} has {archive.getinfo(name).file_size:,} bytes, "
                f"but {found.bytes:,} in {MANIFEST}."
            )
    if not 1 <= len(_list_ids(files)) <= MAX_RUNS:
        raise BundleError(f"A bundle may have 1 to {MAX_RUNS:,} runs; this one has {len(_list_ids(files)):,}.")
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
    except (*DAMAGED_ZIP, ValueError):
        raise BundleError(f"{name} is damaged in the bundle.") from None
    return digest.hexdigest()


def _unpack(archive: zipfile.ZipFile, name: str, found: BundleFile, path: Path | None) -> None:
    """Verify the checksum of a file and extract it to a path, if any."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") if path else open(os.devnull, "wb") as target:
        if _copy(archive, name, target) != found.sha256:
            raise BundleError(f"{name} is damaged in the bundle (checksum mismatch). Export the bundle again.")


@contextmanager
def _layers(home: Home, scratch: Path, files: dict[str, BundleFile]) -> Iterator[set[str]]:
    """Add the layers of added models, which the runs need, to the home; remove them again if the import fails.

    Yields:
        The fingerprints of all models in the bundle.
    """
    paths = [scratch / name for name in files if LAYERS_FILE.fullmatch(name)]
    added = []
    try:
        for path in paths:
            check_layers(path)
            target = layers_path(home, path.stem)
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                os.rename(path, target)
                added.append(target)
        yield {path.stem for path in paths}
    except (HeadroomError, OSError) as error:
        for target in added:
            target.unlink(missing_ok=True)
        if isinstance(error, SpecError | ModelFileError):
            raise BundleError(f"The bundle is invalid: {error}") from None
        raise


def _publish(
    home: Home, scratch: Path, files: dict[str, BundleFile], only_elsewhere: bool, models_of_runs: set[str]
) -> Imported:
    """Validate all runs, then move them into the home. If a move fails, the previous ones are undone."""
    runs = [add_flops(check_run(scratch / "runs" / run_id)) for run_id in _list_ids(files)]
    if only_elsewhere and any(not run.spec.elsewhere for run in runs):
        raise BundleError("Only an administrator can import runs that Headroom trained.")
    for run in runs:
        for name, checksum in run.record.checksums.items():
            described = files.get(f"runs/{run.run_id}/{name}")
            if described and described.sha256 != checksum:  # also for models that are not imported
                raise BundleError(
                    f"{name} of run {run.run_id} is damaged (checksum mismatch). Export the bundle again."
                )
    extra = {name for name in files if (file := RUN_FILE.fullmatch(name)) and file[2] != "record.json"}
    extra -= {f"runs/{run.run_id}/{name}" for run in runs for name in run.record.checksums}
    if extra:
        raise BundleError(f"The bundle is invalid: {min(extra)!r:.80} is missing in the record of its run.")
    if unused := models_of_runs - {split_reference(run.spec.model)[1] for run in runs}:
        raise BundleError(f"The bundle is invalid: no run has the model layers/{min(unused)}.json.")
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
                (run.path / IMPORTED).touch()
                target = store.publish(run.path).path
                if not run.path.exists():  # else another process imported it first
                    moved.append((target, run.path))
                imported.append(run.run_id)
                continue
            existing.append(run.run_id)
            local = Run.open(known)
            if local.record.metrics != run.record.metrics:
                differing.append(run.run_id)
            for name in MODELS if known.parent == home.runs else ():
                same = local.record.checksums.get(name) == run.record.checksums.get(name)
                if run.has(name) and not local.has(name) and same:
                    os.rename(run.path / name, known / name)
                    moved.append((known / name, run.path / name))
            if local.has_same_model(run) and local.awaits_evidence and run.has(EVIDENCE) and known.parent == home.runs:
                for name in (ROBUSTNESS, EVIDENCE):
                    if run.has(name):
                        os.rename(run.path / name, known / name)
                        moved.append((known / name, run.path / name))
                touch_record(known)
    except (HeadroomError, OSError):
        for target, source in moved:
            os.rename(target, source)
        raise
    return Imported(imported, existing, differing)


def _check_pictures(path: Path, runs: Sequence[Run]) -> Path:
    """Check that the images match the test set of each run with their dataset fingerprint; return the path."""
    shown = [run for run in runs if run.record.data.fingerprint == path.parent.name]
    try:
        pixels = map_array(path, ("u1", (None, None, None, None)))
    except ValueError as error:
        raise BundleError(f"The bundle is invalid: {error}.") from None
    valid = all(matches_dataset(pixels, run.record.data) and _belongs(pixels, run) for run in shown)
    if not shown or not valid:
        raise BundleError(
            f"The bundle is invalid: {path.name} with shape {pixels.shape} does not match the test images of its runs."
        )
    return path


def _belongs(pixels: NDArray[Any], run: Run) -> bool:
    """Return whether the fingerprint of a run from elsewhere is that of its images: it names their folder."""
    data = run.record.data
    return not run.spec.elsewhere or data.fingerprint == compute_label_fingerprint(data.targets, data.classes, pixels)
