"""Export of a run's model to ONNX, in a separate process, because only workers load TensorFlow."""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from core.entry_point import ONNX_EXPORT, build_command
from core.errors import ExporterError
from core.installation import find_tensorflow_problem
from core.store.run import Run

_SECONDS = 600.0
_ONE = Lock()  # one conversion at a time in this server: each loads TensorFlow
_ROOT = Path(__file__).resolve().parents[2]  # the worker imports core
_PACKAGES = ("tf2onnx", "onnx")


def find_onnx_problem(run: Run) -> str:
    """Return why a run cannot be exported to ONNX, and what to do; empty if it can."""
    if problem := find_tensorflow_problem():
        return problem
    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        return f"{missing[0]} is not installed. Run: pip install -r requirements-onnx.txt"
    if not run.has("model.keras"):
        return f"Run {run.run_id} has no model.keras, from which an ONNX file is made. Train the run again."
    return ""


def check_onnx(run: Run) -> None:
    """Check that a run can be exported to ONNX.

    Raises:
        ExporterError: when the packages are not installed, or the run has no model.keras.
    """
    if problem := find_onnx_problem(run):
        raise ExporterError(problem)


def convert_onnx(run: Run, path: Path) -> None:
    """Write the model of a run as an ONNX file (see `core.training.onnx`).

    Raises:
        ExporterError: when the packages are not installed, or the model cannot be converted.
        RunDamagedError: when model.keras is damaged.
    """
    check_onnx(run)
    run.artifact("model.keras")
    command = build_command(ONNX_EXPORT, str(run.path.absolute()), str(path.absolute()))
    try:
        with _ONE:
            done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise ExporterError(f"The export to ONNX took more than {_SECONDS / 60:.0f} minutes.") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["unknown error"])[-1]
        raise ExporterError(f"The export to ONNX failed: {reason:.200}")
