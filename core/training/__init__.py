"""The island: the only place with TensorFlow. `python -m core.training JOB_FOLDER` trains one spec and publishes it."""

import os

# Read when TensorFlow is first imported, so they stand before every other import of this package.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
