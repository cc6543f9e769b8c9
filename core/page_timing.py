"""How long the scripts of pages take: counted in this process, at the cost of microseconds and no library."""

import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock

BOUNDS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class PageTiming:
    """The runs of one page's script. `counts` has one for each of BOUNDS_SECONDS, of the runs up to it and above the
    one before, and a last one for those above all."""

    counts: tuple[int, ...] = (0,) * (len(BOUNDS_SECONDS) + 1)
    seconds: float = 0.0


@dataclass
class PageTimings:
    """Safe to share between threads. `failures` are the errors that no sentence was written for."""

    failures: int = 0
    _paces: dict[str, PageTiming] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def timing(self, page: str) -> Iterator[None]:
        """Counts what runs in it, also when the script is broken off."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(page, time.perf_counter() - began)

    def add(self, page: str, seconds: float) -> None:
        place = bisect_left(BOUNDS_SECONDS, seconds)
        with self._lock:
            pace = self._paces.get(page, PageTiming())
            counts = tuple(count + (place == number) for number, count in enumerate(pace.counts))
            self._paces[page] = replace(pace, counts=counts, seconds=pace.seconds + seconds)

    def fail(self) -> None:
        with self._lock:
            self.failures += 1

    def read(self) -> dict[str, PageTiming]:
        """By the title of the page."""
        with self._lock:
            return dict(self._paces)


PAGE_TIMINGS = PageTimings()
