"""Reading of many files in threads, a few of them ahead."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_WORKERS = 4
_AHEAD = 64

_Found = TypeVar("_Found")


def map_ahead(read: Callable[[str], _Found], names: Iterable[str]) -> Iterator[_Found]:
    """Yield the results of a function in order. It runs in threads, at most `_AHEAD` names ahead."""
    pool = ThreadPoolExecutor(_WORKERS)
    waiting: deque[Future[_Found]] = deque()
    try:
        for name in names:
            waiting.append(pool.submit(read, name))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
