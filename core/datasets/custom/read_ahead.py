"""Reading of many files in threads, a few of them ahead."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

_WORKERS = min(4, max(2, os.cpu_count() or 2))  # more than processors only compete
_TOGETHER, _AHEAD = 8, 8  # files per task, and tasks ahead

_Found = TypeVar("_Found")


def map_ahead(read: Callable[[str], _Found], names: Iterable[str]) -> Iterator[_Found]:
    """Yield the results of a function in order. It runs in threads, at most `_AHEAD` tasks ahead."""
    pool = ThreadPoolExecutor(_WORKERS)
    waiting: deque[Future[list[_Found]]] = deque()
    rest = iter(names)
    try:
        while together := [*islice(rest, _TOGETHER)]:
            waiting.append(pool.submit(lambda names: [read(name) for name in names], together))
            if len(waiting) > _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
