"""Prometheus metrics of requests, with a bounded number of label values."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The upper bounds of the buckets of durations, in seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Durations:
    """The number of durations in each bucket, and their sum in seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0


class RequestCollector(Collector):
    """Counts requests without locks, which take longer than counting: requests are handled by one thread."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], Durations] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a request."""
        key = (method, route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        durations = self._durations.get((method, route))
        if durations is None:
            durations = self._durations[method, route] = Durations()
        durations.counts[bisect_left(BOUNDS, seconds)] += 1
        durations.total += seconds

    def collect(self) -> Iterable[Metric]:
        """The metrics of all requests."""
        requests = CounterMetricFamily("http_requests", "Number of requests.", labels=["method", "route", "status"])
        for (method, route, status), count in self._requests.items():
            requests.add_metric([method, route, str(status)], count)
        seconds = HistogramMetricFamily(
            "http_request_duration_seconds",
            "Duration of requests until the end of the response.",
            labels=["method", "route"],
        )
        for labels, each in self._durations.items():
            sums = zip((*map(str, BOUNDS), "+Inf"), accumulate(each.counts), strict=True)
            seconds.add_metric(labels, list(sums), each.total)
        return [requests, seconds]


class Metrics:
    """The metrics of an application, with a registry of its own, so that tests can run several in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = RequestCollector()
        self.registry.register(self._requests)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a request; `route` must be a route template, not a path."""
        self._requests.observe(method if method in METHODS else "OTHER", route, status, seconds)

    def render(self) -> bytes:
        """The metrics in the Prometheus text format."""
        return generate_latest(self.registry)
