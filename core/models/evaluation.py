"""Work on a model in a separate process, because this one does not import TensorFlow."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from core.datasets.cache import open_dataset
from core.entry_point import EVALUATION, build_command
from core.errors import ModelFileError
from core.home import Home
from core.installation import check_tensorflow
from core.models.model_info import read_model_info

_SOURCE = Path(__file__).resolve().parents[2]


def start_evaluation(home: Home, name: str, dataset: str, folder: str, classes: Sequence[str]) -> str:
    """Evaluate a model on the test images of a dataset and return the ID of the published run; waits for it.

    Raises:
        DatasetError: when the dataset is not available.
        ModelFileError: when the model is missing, or cannot be evaluated; the message contains the reason.
    """
    open_dataset(home, dataset, folder)
    read_model_info(home, name)
    command = build_command(EVALUATION, str(home.path), name, dataset, folder, *classes)
    work = f"The evaluation of model {name}"
    lines = run_process(command, work).split()
    if not lines:
        raise ModelFileError(f"{work} ended without a result.")
    return lines[-1]


def run_process(command: Sequence[str], work: str) -> str:
    """Run a process of Headroom and return its output.

    Args:
        work: what error messages call it.

    Raises:
        ModelFileError: when it fails; the message is the last line that it wrote to the standard error.
        ViewOnlyError: when TensorFlow is not installed.
    """
    check_tensorflow()
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=_SOURCE, check=False)
    if done.returncode == 0:
        return done.stdout
    reasons = [line for line in done.stderr.splitlines() if line.strip()]
    raise ModelFileError(reasons[-1] if reasons else f"{work} ended without a result.")
