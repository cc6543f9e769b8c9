"""Marker of tests that `make test-all` runs and `make test` does not."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

LONG = bool(os.environ.get("HEADROOM_LONG"))
long = pytest.mark.skipif(not LONG, reason="takes a while: run with make test-all")


def thin(values: Iterable[Any], step: int) -> list[Any]:
    """Return test parameters: all are run by `make test-all`, the first of each `step` by `make test`."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=long if number % step else ())
        for number, value in enumerate(values)
    ]
