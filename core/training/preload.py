"""Imports that the forkserver loads once, so that forked workers start quickly."""

import gc
import sys

from core.stderr import mute_stderr

# What is imported lives as long as the process, so it is not searched for garbage: neither here, which takes 0.5 s, nor
# whenever an export calls gc.collect(), 0.2 s each. The documentation of gc.freeze also recommends it before a fork.
gc.disable()
with mute_stderr():
    # Keras would import scikit-learn for its wrappers, which takes 0.8 s and 60 MB: see the imports in
    # benchmarks/timeline.py and the workers in benchmarks/memory.py. Keras has no setting for it; the import system of
    # Python documents None in sys.modules as the way to make an import fail.
    _is_hidden = sys.modules.setdefault("sklearn", None) is None  # type: ignore[arg-type]
    import keras  # noqa: F401
    import tensorflow as tf  # noqa: F401
    from ai_edge_litert import interpreter  # noqa: F401
    from tensorflow.lite.python import lite  # noqa: F401

    if _is_hidden:
        del sys.modules["sklearn"]

    from core.training import build, device, evaluate, evidence, export, fit, job, record  # noqa: F401

gc.freeze()
gc.enable()
