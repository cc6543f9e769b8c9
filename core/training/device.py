"""What TensorFlow may use: one thread, since workers run side by side, and as much of a GPU as it needs or is due."""

import os
import subprocess

import tensorflow as tf

# The rest of a share is for what the driver and its libraries keep for themselves in each process.
_FOR_TENSORS = 0.9


def has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def configure() -> None:
    """Must come before the first operation, in the process that trains: threads do not survive a fork."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return
    limit = compute_limit(os.environ.get("HEADROOM_GPU_SHARE", ""), _read_memory())
    tf.config.set_visible_devices(gpus[:1], "GPU")  # a training uses one; TensorFlow would take the memory of all
    if limit is None:
        tf.config.experimental.set_memory_growth(gpus[0], True)
    else:
        config = tf.config.LogicalDeviceConfiguration(memory_limit=limit)
        tf.config.set_logical_device_configuration(gpus[0], [config])
    tf.config.experimental.enable_op_determinism()


def compute_limit(share: str, memory: int | None) -> int | None:
    """Mebibytes of a GPU's memory that this process may take; None for what it needs, a little at a time.

    Args:
        share: the part of the GPU that is this process's, between 0 and 1, as the executor says it; empty for all.
        memory: mebibytes of the whole GPU, None when nobody knows.

    >>> compute_limit("0.5", 80_000), compute_limit("", 80_000), compute_limit("0.5", None)
    (36000, None, None)
    """
    try:
        part = float(share)
    except ValueError:
        return None
    return int(memory * part * _FOR_TENSORS) if memory and 0 < part < 1 else None


def _read_memory() -> int | None:
    """Mebibytes of the first GPU that this process may see, by its number or its UUID."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip() or "0"
    command = ["nvidia-smi", f"--id={visible}", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
