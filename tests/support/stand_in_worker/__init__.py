"""A job that behaves like training, in the form of core.training but without TensorFlow."""

STAND_IN = __name__
FAILS, CRASHES, CRASHES_ONCE, PARENT, STUBBORN = range(1001, 1006)
WITH_EVIDENCE = 2000
"""From this seed on, the evidence of a run follows its publication; that of the next two fails or crashes."""
EVIDENCE_FAILS, EVIDENCE_CRASHES = WITH_EVIDENCE + 1, WITH_EVIDENCE + 2
EPOCH_SECONDS = 0.1
