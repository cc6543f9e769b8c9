"""Worker: trains and publishes one run, `python -m core.training JOB_FOLDER`. Only this package imports TensorFlow."""

import os

# Read when TensorFlow is imported, so they are set before any other import of this package.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"
