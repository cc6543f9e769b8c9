"""Memory cache of responses. Thread-safe."""

from collections.abc import Callable, Hashable
from threading import Lock

from cachetools import LRUCache

from core.api.response import ApiResponse


class ResponseCache:
    """Cache of the `maxsize` most recently used responses. Keys must change with the data of the response."""

    def __init__(self, maxsize: int) -> None:
        self._responses: LRUCache[Hashable, ApiResponse] = LRUCache(maxsize)
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], ApiResponse]) -> ApiResponse:
        """Return the response of a key. If it is not cached, `compute` runs, outside the lock."""
        with self._lock:
            if key in self._responses:
                return self._responses[key]
        response = compute()
        with self._lock:
            self._responses[key] = response
        return response
