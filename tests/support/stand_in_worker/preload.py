"""What is loaded once, before workers are forked."""

import core.datasets.cache
import core.store.runs  # noqa: F401
