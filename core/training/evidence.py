"""Evidence of a finished run: its robustness and the latency of batches. It needs LiteRT, not TensorFlow."""

import fcntl
from pathlib import Path

from core.augment.corruption import select_corrupted_images
from core.datasets.cache import pin
from core.datasets.dataset_view import open_view
from core.datasets.findings.findings_file import check_dataset
from core.errors import HeadroomError
from core.files import compute_checksum
from core.home import Home
from core.memory_limit import limit_memory
from core.models.layer_store import register_home
from core.store.evidence import publish_evidence, touch_record
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import Run
from core.training.evaluate_robustness import evaluate_robustness, write_robustness
from core.training.latency import measure_latency

BATCH = 32


def compute_evidence(home: Home, run: Run) -> None:
    """Compute and publish the evidence of a run, then store what is wrong with its images, for the fairness checks.

    Raises:
        HeadroomError: when its dataset or its model is not available or damaged, or the home is not writable.
    """
    if run.awaits_evidence:
        path, spec = run.artifact("model.tflite"), pin(home, run.spec)
        latency = measure_latency(path, run.model.input_shape, BATCH)
        checksum, work = None, home.evidence / run.run_id / ROBUSTNESS
        indices = select_corrupted_images(run.record.data.test_images, run.model.flops)
        if len(indices):
            write_robustness(work, evaluate_robustness(path, open_view(home, spec).test_images, indices))
            checksum = compute_checksum(work)
        publish_evidence(
            run.record,
            home,
            latency_32_seconds=latency.median_seconds,
            latency_32_p95_seconds=latency.p95_seconds,
            robustness=checksum,
        )
    else:
        touch_record(run.path)  # in case an earlier attempt was killed before it did
    check_dataset(home, run.spec.dataset, run.spec.folder)


def run_evidence(arguments: list[str]) -> str | None:
    """Compute the evidence of the run with the name of a folder in `Home.evidence`. Return None on success, else an
    error message."""
    if len(arguments) != 1:
        return f"Expected one argument, a folder of a run; got {len(arguments)}."
    folder = Path(arguments[0]).absolute()
    home = Home(folder.parents[2])
    register_home(home)
    limit_memory()
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of an attempt that was counted as lost but still runs
            compute_evidence(home, Run.open(home.runs / folder.name))
    except (HeadroomError, OSError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None
