"""Imports that are loaded once, before workers are forked."""

import core.datasets.cache
import core.store.run_store  # noqa: F401
