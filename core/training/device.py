"""What TensorFlow may use: one thread, since workers run side by side, and as much of a GPU as it needs."""

import tensorflow as tf


def has_gpu() -> bool:
    return bool(tf.config.list_physical_devices("GPU"))


def configure() -> None:
    """Must come before the first operation, in the process that trains: threads do not survive a fork."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    if has_gpu():
        tf.config.experimental.enable_op_determinism()
