"""Definitions of the worker that need no process: the training loss and the messages for errors."""

import os

import pytest

from core.architecture.model import compute_model
from core.datasets.cache import open_dataset, pin
from core.errors import HomeError, TrainingError
from core.home import Home
from core.jobs.failure_reason import DISK_FULL, OUT_OF_GPU_MEMORY, OUT_OF_MEMORY
from core.spec import RunSpec
from tests.support.training_run import SMALL

pytestmark = [
    pytest.mark.training,
    pytest.mark.xdist_group("training"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def test_penalty_is_minimized_but_not_part_of_the_training_loss(home: Home) -> None:
    """The first step of all these runs computes the loss of the same weights."""
    from core.training.build import build_model
    from core.training.evaluate import compile_probs
    from core.training.fit import fit
    from core.training.input_data import load_splits

    open_dataset(home, "digits")
    losses, squares = {}, []
    for l2 in (0.0, 0.01, 1.0):
        spec = pin(home, RunSpec(**{**SMALL, "batch_size": 160, "epochs": 1, "dropout": 0.0, "l2": l2}))
        splits = load_splits(home, spec)
        model = build_model(compute_model(spec, splits.info.input_shape, len(splits.info.classes)))
        probs = compile_probs(model, splits.test.images)
        (epoch,) = fit(model, spec, splits.train, splits.validation, probs)
        losses[l2] = epoch.loss
        squares.append(sum(float((weight**2).sum()) for weight in model.get_weights() if weight.ndim > 1))
    assert losses == pytest.approx(dict.fromkeys(losses, losses[0.0]), rel=1e-4)
    assert squares[0] > squares[1] > squares[2]


def test_worker_names_the_cause_of_an_error() -> None:
    import tensorflow as tf

    from core.training.train import _explain

    exhausted = tf.errors.ResourceExhaustedError
    full = OSError(28, os.strerror(28), "x")
    causes = [
        (full, DISK_FULL),
        (HomeError(f"Cannot write x: {os.strerror(28)}."), DISK_FULL),
        (exhausted(None, None, f"x; {os.strerror(28)}"), DISK_FULL),
        (RuntimeError(f"Unable to write (errno = 28, error message = '{os.strerror(28)}')"), DISK_FULL),
        (OSError(122, os.strerror(122)), DISK_FULL),
        (
            exhausted(None, None, "OOM when allocating tensor with shape[9]\n on /device:GPU:0 by GPU_0_bfc"),
            OUT_OF_GPU_MEMORY,
        ),
        (tf.errors.InternalError(None, None, "CUDA_ERROR_OUT_OF_MEMORY: out of memory"), OUT_OF_GPU_MEMORY),
        (tf.errors.UnknownError(None, None, "CUDNN_STATUS_ALLOC_FAILED"), OUT_OF_GPU_MEMORY),
        (exhausted(None, None, "OOM when allocating tensor with shape[9] on /device:CPU:0"), OUT_OF_MEMORY),
        (MemoryError(), OUT_OF_MEMORY),
        (
            TrainingError("The training diverged: the loss is nan in epoch 4."),
            "The training diverged: the loss is nan in ",
        ),
        (
            ZeroDivisionError("division by zero"),
            "The training failed: ZeroDivisionError: division by zero. See the job ",
        ),
    ]
    for error, message in causes:
        assert _explain(error).startswith(message), error
