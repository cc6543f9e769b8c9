"""Whether the dashboard is well, and figures of it in Prometheus' text format."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.api.parameter import Nothing
from core.api.response import ApiResponse, Health
from core.errors import HomeError
from core.home import Home
from core.jobs.queue import JobQueue
from core.page_timing import BOUNDS_SECONDS, PAGE_TIMINGS
from core.reports.report_store import ReportStore
from core.store.run_store import RunStore

if TYPE_CHECKING:
    from prometheus_client.core import Metric

TEXT = "text/plain; version=1.0.0; charset=utf-8"


class MetricsEndpoint:
    def __init__(self, home: Home, store: RunStore, report_store: ReportStore) -> None:
        self.home, self.store, self.report_store, self.queue = home, store, report_store, JobQueue(home)

    def check(self, asked: Nothing) -> Health:
        """
        Raises:
            HomeError: when the home is there and cannot be read.
        """
        for folder in (self.home.path, self.home.runs, self.home.reports):
            try:
                next(folder.iterdir(), None)
            except FileNotFoundError:  # nothing was written yet
                continue
            except OSError as error:
                raise HomeError(f"Expected to be able to read {folder}; got: {error.strerror}.") from error
        self.queue.count()
        return Health()

    def tell(self, asked: Nothing) -> ApiResponse:
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(self)
        return ApiResponse(generate_latest(registry), TEXT)

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        jobs = GaugeMetricFamily("headroom_jobs", "Trainings in the queue and those that ended.", labels=["state"])
        for state, count in self.queue.count().items():
            jobs.add_metric([state], count)
        yield jobs
        runs = GaugeMetricFamily("headroom_runs", "Finished runs.", labels=["source"])
        sources = self.store.frame()["source"].value_counts()
        for source in ("home", "example"):
            runs.add_metric([source], int(sources.get(source, 0)))
        yield runs
        yield GaugeMetricFamily("headroom_damaged_runs", "Run folders that cannot be read.", len(self.store.damaged()))
        entries = self.report_store.entries()
        yield GaugeMetricFamily("headroom_reports", "Saved reports.", len(entries))
        versions = sum(len(entry.versions) for entry in entries)
        yield GaugeMetricFamily("headroom_published_versions", "Published versions of reports.", versions)
        yield CounterMetricFamily(
            "headroom_page_failures", "Pages that ended in an unforeseen error.", PAGE_TIMINGS.failures
        )
        pages = HistogramMetricFamily("headroom_page_seconds", "The time of a page's script.", labels=["page"])
        for title, pace in PAGE_TIMINGS.read().items():
            sums = [sum(pace.counts[: place + 1]) for place in range(len(pace.counts))]
            bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
            pages.add_metric([title], [(bound, float(n)) for bound, n in zip(bounds, sums, strict=True)], pace.seconds)
        yield pages
