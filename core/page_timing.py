"""Histograms of page run times, collected in this process in microseconds and without a library."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock

BOUNDS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class PageTiming:
    """Histogram of the run times of one page. `counts[i]` is the number of runs up to BOUNDS_SECONDS[i] and above the
    previous bound; the last count is the number of runs above all bounds."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_SECONDS) + 1)
    seconds: float = 0.0


@dataclass
class PageTimings:
    """Histograms of all pages; thread-safe. `failures` is the number of unexpected errors."""

    failures: int = 0
    _timings: dict[str, PageTiming] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def timing(self, page: str) -> Iterator[None]:
        """Measure the time of the block, also if it raises."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.add(page, time.perf_counter() - begin)

    def add(self, page: str, seconds: float) -> None:
        bucket = bisect_left(BOUNDS_SECONDS, seconds)
        with self._lock:
            timing = self._timings.get(page, PageTiming())
            counts = tuple(count + (bucket == index) for index, count in enumerate(timing.counts))
            self._timings[page] = replace(timing, counts=counts, seconds=timing.seconds + seconds)

    def fail(self) -> None:
        with self._lock:
            self.failures += 1

    def read(self) -> dict[str, PageTiming]:
        """Return the histograms by page title."""
        with self._lock:
            return dict(self._timings)


PAGE_TIMINGS = PageTimings()
