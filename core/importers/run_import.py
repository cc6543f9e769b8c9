"""Import of files of any known format as runs: bundles, and all others converted to bundles by the client."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ImportFileError
from core.home import Home
from core.importers.importer import IMPORTERS, Source
from core.store.bundle import MANIFEST
from core.store.bundle_import import Imported, import_bundle
from headroom.bundle import build_bundle
from headroom.run_log import build_results
from headroom.values import LogError

MAX_FILES = 1_000


@dataclass(frozen=True)
class ImportOptions:
    """Values that files do not contain. An empty name is replaced by that of the file.

    Attributes:
        classes: names of the classes; empty for those of the file, or their numbers.
        data: name of the dataset whose test labels these are.
        logits: the file contains logits instead of probabilities.
        only_elsewhere: refuse bundles with runs that Headroom trained.
    """

    name: str = ""
    classes: tuple[str, ...] = ()
    data: str = ""
    seed: int | None = None
    library: str = ""
    logits: bool = False
    models: bool = False
    tracking_uri: str = ""
    only_elsewhere: bool = False


def import_files(home: Home, paths: Sequence[Path], options: ImportOptions | None = None) -> Imported:
    """Import bundles and files of other tools. All files are read before any run is added.

    Learning curves belong to the predictions in the same call: one file of each is one run.

    Raises:
        ImportFileError: when a file is not a run, or its values are wrong.
        BundleError: when a bundle is invalid.
        HomeError: when the home cannot be read or written.
    """
    options = options or ImportOptions()
    if not 1 <= len(paths) <= MAX_FILES:
        raise ImportFileError(f"An import may have 1 to {MAX_FILES:,} files; got {len(paths):,}.")
    bundles = [path for path in paths if is_bundle(path)]
    sources = [_read(path, {"tracking_uri": options.tracking_uri}) for path in paths if path not in bundles]
    with tempfile.TemporaryDirectory() as folder:
        for number, source in enumerate(_join(sources)):
            path = Path(folder, f"{number}.zip")
            path.write_bytes(_pack(source, options))
            bundles.append(path)
        found = [
            import_bundle(home, path, models=options.models, only_elsewhere=options.only_elsewhere) for path in bundles
        ]
    lists = zip(*((one.imported, one.existing, one.differing) for one in found), strict=True)
    return Imported(*([run_id for part in parts for run_id in part] for parts in lists))


def is_bundle(path: Path) -> bool:
    """Return whether a file is a ZIP archive that begins as a bundle does, or at least is no array archive."""
    if not path.is_file() or path.suffix == ".npz":
        return False
    if path.suffix == ".zip":
        return True  # an invalid bundle is reported as such
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK" and MANIFEST.encode() in file.read(200)
    except (OSError, zipfile.BadZipFile):
        return False


def _read(path: Path, options: Mapping[str, str]) -> Source:
    for importer in IMPORTERS.values():
        if importer.matches(path):
            return importer.read(path, options)
    if not path.exists():
        raise ImportFileError(f"{str(path)!r:.200} does not exist.")
    if path.suffix == ".keras":
        raise ImportFileError(
            f"{path.name!r:.80} is a model, not a run. Add it with: headroom models add NAME {path.name}"
        )
    known = ", ".join(importer.label for importer in IMPORTERS.values())
    raise ImportFileError(f"The format of {path.name!r:.80} is unknown. Known formats: bundle, {known}.")


def _join(sources: Sequence[Source]) -> list[Source]:
    """Return one source per run: learning curves are added to the predictions."""
    predictions = [source for source in sources if source.has_predictions]
    curves = [source for source in sources if not source.has_predictions]
    if not curves:
        return predictions
    if len(curves) > 1 or len(predictions) != 1:
        raise ImportFileError(
            f"{curves[0].name!r:.80} has no test predictions, without which a run cannot be compared. Import it "
            "together with one file of predictions (CSV or NPZ)."
        )
    (other,) = predictions
    values = {**curves[0].values, **other.values}
    return [Source(values, other.name, other.finished_at)]


def _pack(source: Source, options: ImportOptions) -> bytes:
    values = dict(source.values)
    given = {"classes": [*options.classes], "data": options.data, "library": options.library, "seed": options.seed}
    values |= {name: value for name, value in given.items() if value not in ([], "", None)}
    try:
        results = build_results(options.name or source.name or "run", logits=options.logits, **values)
    except LogError as error:
        raise ImportFileError(str(error)) from None
    results.finished_at = source.finished_at
    return build_bundle(results)[1]
