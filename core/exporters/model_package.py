"""Model package: a ZIP archive with the model files of a run, its model card and labels.json."""

import shutil
import tempfile
import zipfile
from pathlib import Path

from core.errors import ExporterError
from core.exporters.model_card import ModelCard
from core.exporters.model_code import KERAS, LITERT, MODEL_FILES, ONNX
from core.exporters.onnx import convert_onnx
from core.files import replacing
from core.recipes import recipe_of
from core.store.run import Run

PACKAGE, CARD, LABELS = "model.zip", "model-card.md", "labels.json"
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # packages of the same run are identical


def name_file(run: Run, name: str) -> str:
    """Return a readable name for a file of a run to download: recipe, head, seed, run ID and the name of the file."""
    spec, recipe = run.spec, recipe_of(run.spec)
    first = recipe.name if recipe else spec.dataset
    return "-".join(filter(None, (first, spec.folder, spec.head, f"seed{spec.seed}", run.run_id, name)))


def list_model_files(run: Run) -> tuple[str, ...]:
    """Return the names of the model files that a run has.

    Raises:
        ExporterError: when it has none; the message states why and what to do.
    """
    found = tuple(name for name in (LITERT, KERAS) if run.has(name) and name in run.record.checksums)
    if not found:
        raise ExporterError(explain_missing_models(run))
    return found


def explain_missing_models(run: Run) -> str:
    """Return why a run without model files has none, and what to do."""
    if run.spec.elsewhere:
        return f"Run {run.run_id} has no model files: it was trained elsewhere, and only its results were imported."
    if run.imported:
        return (
            f"Run {run.run_id} has no model files: it was imported without its models. Import its bundle with models, "
            "or train the run on this machine."
        )
    if not {LITERT, KERAS} & {*run.record.checksums}:
        return (
            f"Run {run.run_id} has no model files: it was recorded without them. Runs that Headroom trains have them."
        )
    return f"Run {run.run_id} has no model files: they were not kept. Train the run again to get them."


def write_package(run: Run, path: Path, *, onnx: bool = False) -> None:
    """Write the package of a run, optionally with an ONNX file; packages of the same files are identical.

    Raises:
        ExporterError: when the run has no model files, or its model cannot be converted to ONNX.
        RunDamagedError: when a file of the run is damaged.
        HomeError: when the package cannot be written.
    """
    files = {name: run.artifact(name) for name in list_model_files(run)}
    with replacing(path) as temporary, tempfile.TemporaryDirectory() as folder:
        if onnx:
            files[ONNX] = Path(folder) / ONNX
            convert_onnx(run, files[ONNX])
        card = ModelCard(run, tuple(name for name in MODEL_FILES if name in files))
        texts = {CARD: card.write(), LABELS: card.write_labels()}
        with zipfile.ZipFile(temporary, "w") as archive:  # uncompressed, as weights do not compress well
            for name, text in texts.items():
                archive.writestr(zipfile.ZipInfo(name, _SAME_TIME), text)
            for name, source in files.items():
                entry = zipfile.ZipInfo(name, _SAME_TIME)
                entry.file_size = source.stat().st_size
                with source.open("rb") as content, archive.open(entry, "w") as target:
                    shutil.copyfileobj(content, target)


def read_package(run: Run) -> bytes:
    """Return the package of a run (see `write_package`)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PACKAGE
        write_package(run, path)
        return path.read_bytes()


def measure_models(run: Run) -> int:
    """Return the size of the model files of a run in bytes, which is about that of its package.

    Raises:
        ExporterError: when it has none.
    """
    return sum((run.path / name).stat().st_size for name in list_model_files(run))
