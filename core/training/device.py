"""TensorFlow device configuration: one thread per worker, since workers run in parallel, and a share of a GPU."""

import os
import subprocess

import tensorflow as tf

# The rest of a share is reserved for the memory of the driver and its libraries in each process.
_TENSOR_SHARE = 0.9


def has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def read_gpu() -> str:
    """Return the name of the GPU that trains in this process; empty without one."""
    gpus = tf.config.get_visible_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")) if gpus else ""


def configure() -> None:
    """Configure TensorFlow. Call this in the training process before the first operation: a fork ends its threads."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return
    limit = compute_limit(os.environ.get("HEADROOM_GPU_SHARE", ""), _read_memory())
    tf.config.set_visible_devices(gpus[:1], "GPU")  # a run uses one GPU; TensorFlow would allocate the memory of all
    if limit is None:
        tf.config.experimental.set_memory_growth(gpus[0], True)
    else:
        config = tf.config.LogicalDeviceConfiguration(memory_limit=limit)
        tf.config.set_logical_device_configuration(gpus[0], [config])
    tf.config.experimental.enable_op_determinism()


def compute_limit(share: str, memory: int | None) -> int | None:
    """Return the GPU memory limit of this process in MiB; None to allocate memory as needed.

    Args:
        share: fraction of the GPU for this process, between 0 and 1, as set by the executor; empty for the whole GPU.
        memory: memory of the GPU in MiB; None if unknown.

    >>> compute_limit("0.5", 80_000), compute_limit("", 80_000), compute_limit("0.5", None)
    (36000, None, None)
    """
    try:
        fraction = float(share)
    except ValueError:
        return None
    return int(memory * fraction * _TENSOR_SHARE) if memory and 0 < fraction < 1 else None


def _read_memory() -> int | None:
    """Return the memory in MiB of the first visible GPU, given by index or UUID."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip() or "0"
    command = ["nvidia-smi", f"--id={visible}", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
