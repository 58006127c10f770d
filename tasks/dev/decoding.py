"""Decodes what services export: spans in OTLP, and metrics in the text format of Prometheus.

Imported at the first use, so that the libraries do not delay the start of `dev`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client.parser import text_string_to_metric_families

LONGEST_ATTRIBUTES = 16 * 1024
# Probes and the collection of metrics.
QUIET_ROUTES = ("/health", "/metrics")
REQUESTS = "http_requests_total"
BUCKETS = "http_request_duration_seconds_bucket"


@dataclass
class Totals:
    """Requests of a service since its start: how many, how many failed, and how many took up to a number of seconds."""

    requests: float = 0
    errors: float = 0
    buckets: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))


def spans(body: bytes) -> Iterator[tuple[object, ...]]:
    """The rows of the spans in a request of OTLP. Raises ValueError if it is none."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise ValueError(str(error)) from None
    for resource in request.resource_spans:
        service = str(attributes(resource.resource.attributes).get("service.name", ""))
        for scope in resource.scope_spans:
            yield from (row(service, span) for span in scope.spans)


def row(service: str, span: Span) -> tuple[object, ...]:
    """The columns of a span: IDs, service, name, start in Unix time, duration in ms, failure, attributes as JSON."""
    found = attributes(span.attributes)
    for event in span.events:
        found |= {f"{event.name}: {name}": value for name, value in attributes(event.attributes).items()}
    if span.status.message:
        found["status"] = span.status.message
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    milliseconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
    is_failed = span.status.code == Status.STATUS_CODE_ERROR
    text = json.dumps(found)
    text = text if len(text) <= LONGEST_ATTRIBUTES else json.dumps({"attributes": "too large to be kept"})
    return (*ids, service, span.name, span.start_time_unix_nano / 1e9, milliseconds, is_failed, text)


def attributes(pairs: Iterable[KeyValue]) -> dict[str, object]:
    """The attributes; lists as text."""
    found: dict[str, object] = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, kind) if kind else None
        found[pair.key] = value if isinstance(value, str | bool | int | float) else str(value)
    return found


def totals(text: str) -> Totals:
    """The requests in the metrics of a service. Raises ValueError if these are no metrics."""
    found = Totals()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.labels.get("route", "").startswith(QUIET_ROUTES):
                continue
            if sample.name == REQUESTS:
                found.requests += sample.value
                found.errors += sample.value if sample.labels.get("status", "").startswith("5") else 0
            elif sample.name == BUCKETS:
                found.buckets[float(sample.labels["le"])] += sample.value
    return found


def point(earlier: tuple[float, Totals], later: tuple[float, Totals]) -> dict[str, float | None]:
    """What happened between two samples, each with its Unix time. The totals of a restarted service start again."""
    (start, before), (at, after) = earlier, later
    if after.requests < before.requests:
        before = Totals()
    seconds = at - start
    buckets = sorted((bound, count - before.buckets[bound]) for bound, count in after.buckets.items())
    p50, p95 = (quantile(share, buckets) for share in (0.5, 0.95))
    return {
        "at": at,
        "requests": (after.requests - before.requests) / seconds,
        "errors": (after.errors - before.errors) / seconds,
        "p50": None if p50 is None else p50 * 1000,
        "p95": None if p95 is None else p95 * 1000,
    }


def quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """The duration in seconds that this share of requests did not exceed, from sorted cumulative buckets."""
    lower, below = 0.0, 0.0
    for bound, count in buckets:
        if count and count >= share * buckets[-1][1]:
            is_last = bound == float("inf")
            return lower if is_last else lower + (bound - lower) * (share * buckets[-1][1] - below) / (count - below)
        lower, below = bound, count
    return None
