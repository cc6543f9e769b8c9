"""Imports that the forkserver loads once, so that forked workers start quickly."""

from core.stderr import mute_stderr

with mute_stderr():
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401
    from ai_edge_litert import interpreter  # noqa: F401
    from tensorflow.lite.python import lite  # noqa: F401

    from core.training import build, device, evaluate, evidence, export, fit, job, record  # noqa: F401
