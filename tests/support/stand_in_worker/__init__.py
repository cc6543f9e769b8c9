"""A job that behaves like training, in the form of core.training but without TensorFlow."""

STAND_IN = __name__
FAILS, CRASHES, CRASHES_ONCE, PARENT, STUBBORN = range(1001, 1006)
EPOCH_SECONDS = 0.1
