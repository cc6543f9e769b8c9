"""Imports that are loaded once, before workers are forked."""

import tests.support.run_writer  # noqa: F401
