"""Nothing but imports: what a forkserver loads once, so that the workers it forks need not."""

from core.training.quiet import quiet

with quiet():
    import keras
    import tensorflow as tf
    from ai_edge_litert import interpreter
    from tensorflow.lite.python import lite

    from core.training import build, device, evaluate, export, fit, job, record

__all__ = [
    "build", "device", "evaluate", "export", "fit", "input", "interpreter", "job", "keras", "lite", "record", "tf",
]  # fmt: skip
