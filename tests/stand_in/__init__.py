"""A job that behaves as trainings do, in the shape of core.training but without TensorFlow."""

FAILS, CRASHES, STUBBORN, CRASHES_ONCE = 1001, 1002, 1003, 1004
EPOCH_SECONDS = 0.1
