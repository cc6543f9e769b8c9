"""Marker of tests that `make test-all` runs and `make test` does not."""

import os

import pytest

LONG = bool(os.environ.get("HEADROOM_LONG"))
long = pytest.mark.skipif(not LONG, reason="takes a while: run with make test-all")
