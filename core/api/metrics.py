"""Health check and metrics in Prometheus text format."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from core.api.parameter import NoParameters
from core.api.response import ApiResponse, Health
from core.errors import HomeError
from core.home import Home
from core.jobs.health import list_silent
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

    def check(self, parameters: NoParameters) -> Health:
        """
        Raises:
            HomeError: when the home exists but cannot be read.
        """
        for folder in (self.home.path, self.home.runs, self.home.reports):
            try:
                next(folder.iterdir(), None)
            except FileNotFoundError:  # created at the first write
                continue
            except OSError as error:
                raise HomeError(f"Cannot read {folder}: {error.strerror}.") from error
        self.queue.count()
        return Health()

    def write_metrics(self, parameters: NoParameters) -> ApiResponse:
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        registry.register(self)
        return ApiResponse(generate_latest(registry), TEXT)

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        jobs = GaugeMetricFamily("headroom_jobs", "Jobs by state, including completed jobs.", labels=["state"])
        with suppress(HomeError):  # the health check reports it
            for state, count in self.queue.count().items():
                jobs.add_metric([state], count)
        yield jobs
        silent = "Running jobs without a sign of life for 30 seconds."
        yield GaugeMetricFamily("headroom_silent_jobs", silent, len(list_silent(self.home)))
        runs = GaugeMetricFamily("headroom_runs", "Finished runs.", labels=["source"])
        sources = self.store.frame()["source"].value_counts()
        for source in ("home", "example"):
            runs.add_metric([source], int(sources.get(source, 0)))
        yield runs
        yield GaugeMetricFamily(
            "headroom_damaged_runs", "Damaged runs, which cannot be read.", len(self.store.damaged())
        )
        entries = self.report_store.entries()
        yield GaugeMetricFamily("headroom_reports", "Saved reports.", len(entries))
        versions = sum(len(entry.versions) for entry in entries)
        yield GaugeMetricFamily("headroom_published_versions", "Published versions of reports.", versions)
        yield CounterMetricFamily(
            "headroom_page_failures", "Page runs that failed with an unexpected error.", PAGE_TIMINGS.failures
        )
        pages = HistogramMetricFamily("headroom_page_seconds", "Run time of the script of a page.", labels=["page"])
        for title, timing in PAGE_TIMINGS.read().items():
            sums = [sum(timing.counts[: index + 1]) for index in range(len(timing.counts))]
            bounds = [*map(str, BOUNDS_SECONDS), "+Inf"]
            pages.add_metric(
                [title], [(bound, float(n)) for bound, n in zip(bounds, sums, strict=True)], timing.seconds
            )
        yield pages
