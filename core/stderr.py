"""Muting of file descriptor 2, which TensorFlow's libraries write to directly instead of `sys.stderr`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def mute_stderr() -> Iterator[None]:
    """Discard what is written to standard error inside the block. Exceptions are raised as usual."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "wb") as devnull:
            os.dup2(devnull.fileno(), 2)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
