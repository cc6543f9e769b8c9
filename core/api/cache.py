"""Keeps the latest responses in memory; safe to share between threads."""

from collections.abc import Callable, Hashable
from threading import Lock

from cachetools import LRUCache

from core.api.response import ApiResponse


class ResponseCache:
    """The `maxsize` responses used last, by a key that changes with whatever they are made from."""

    def __init__(self, maxsize: int) -> None:
        self._responses: LRUCache[Hashable, ApiResponse] = LRUCache(maxsize)
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], ApiResponse]) -> ApiResponse:
        """Return the response of a key; `compute` runs outside the lock when there is none yet."""
        with self._lock:
            if key in self._responses:
                return self._responses[key]
        response = compute()
        with self._lock:
            self._responses[key] = response
        return response
