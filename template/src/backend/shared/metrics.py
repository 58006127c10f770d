"""Prometheus metrics, with a bounded number of label values."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from shared import tracing
from shared.settings import ServiceSettings

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The upper bounds of the buckets of durations, in seconds.
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# Those of the stores, whose commands are faster.
STORE_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def method_name(method: str) -> str:
    """The method, or OTHER for one that is not common."""
    return method if method in METHODS else "OTHER"


class Durations:
    """The number of durations in each bucket, and their sum in seconds; without locks, for one thread."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, seconds: float) -> None:
        """Record a duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def add_to(self, family: HistogramMetricFamily, *labels: str) -> None:
        """Add the buckets to a metric, with these values of its labels."""
        sums = zip((*map(str, self._bounds), "+Inf"), accumulate(self._counts), strict=True)
        family.add_metric(labels, list(sums), self._total)


def histogram(name: str, help_text: str, durations: Durations) -> HistogramMetricFamily:
    """A metric of durations without labels."""
    family = HistogramMetricFamily(name, help_text, labels=())
    durations.add_to(family)
    return family


def gauges(name: str, help_text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    """A metric with one label, by its values."""
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for each, number in values.items():
        family.add_metric([each], number)
    return family


class RequestCollector(Collector):
    """Counts requests without locks, which take longer than counting: requests are handled by one thread."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str, int], Durations] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a request."""
        key = (method, route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        kind = (method, route, status // 100)
        durations = self._durations.get(kind)
        if durations is None:
            durations = self._durations[kind] = Durations()
        durations.observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """The metrics of all requests."""
        requests = CounterMetricFamily("http_requests", "Number of requests.", labels=["method", "route", "status"])
        for (method, route, status), count in self._requests.items():
            requests.add_metric([method, route, str(status)], count)
        seconds = HistogramMetricFamily(
            "http_request_duration_seconds",
            "Duration of requests until the end of the response.",
            labels=["method", "route", "status_class"],
        )
        for (method, route, kind), durations in self._durations.items():
            durations.add_to(seconds, method, route, f"{kind}xx")
        in_flight = GaugeMetricFamily("http_requests_in_flight", "Requests without a complete response.")
        in_flight.add_metric([], self.in_flight)
        return [requests, seconds, in_flight]


class Metrics:
    """The metrics of an application, with a registry of its own, so that tests can run several in one process."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = RequestCollector()
        self.watch(self.requests, AppInfo(service, settings), DroppedSpans())

    def watch(self, *collectors: Collector) -> None:
        """Add the metrics of these collectors."""
        for each in collectors:
            self.registry.register(each)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record a request; `route` must be a route template, not a path."""
        self.requests.observe(method_name(method), route, status, seconds)

    def render(self) -> bytes:
        """The metrics in the Prometheus text format."""
        return generate_latest(self.registry)


class AppInfo(Collector):
    """The running release."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self._labels = [service, settings.app_version, str(settings.environment)]

    def collect(self) -> Iterable[Metric]:
        """Always 1."""
        info = GaugeMetricFamily("app_info", "The running release.", labels=["service", "version", "environment"])
        info.add_metric(self._labels, 1)
        return [info]


class DroppedSpans(Collector):
    """Spans of this process that no receiver has got."""

    def collect(self) -> Iterable[Metric]:
        """The numbers by reason."""
        dropped = CounterMetricFamily("spans_dropped", "Spans that were lost.", labels=["reason"])
        for reason in tracing.REASONS:
            dropped.add_metric([reason], tracing.Tracing.dropped[reason])
        return [dropped]
