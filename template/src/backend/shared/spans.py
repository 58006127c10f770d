"""Spans of OpenTelemetry, which a thread sends to an OTLP endpoint; `shared.tracing` imports this if there is one."""

import logging
from collections.abc import Sequence
from random import SystemRandom
from threading import Thread
from time import time_ns
from typing import Any

import structlog
from opentelemetry import trace as api
from opentelemetry.context import attach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from shared.settings import ServiceSettings
from shared.tracing import EXPORT_FAILED, QUEUE_FULL, SAMPLED, Attributes, Trace, Tracing

# Spans that wait for their export, each about 2 kB.
MAX_QUEUED = 4096
MAX_BATCH = 512
EXPORT_MILLISECONDS = 1000
TIMEOUT_SECONDS = 5
STOP_SECONDS = 2
SCOPE = InstrumentationScope("shared.tracing")
OK, FAILED = api.Status(), api.Status(api.StatusCode.ERROR)
# Of span IDs, as in the SDK.
getrandbits = SystemRandom().getrandbits

log = structlog.get_logger()


class Recorder:
    """Records the spans of sampled traces."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        # It logs each failure.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self.resource = Resource.create(
            {
                "service.name": service,
                "service.version": settings.app_version,
                "deployment.environment.name": str(settings.environment),
            }
        )
        self.processor = BoundedProcessor(CountedExporter(f"{settings.otel_exporter_otlp_endpoint}/v1/traces"))
        # For spans that the application's own code adds, by the API: they belong to requests and jobs.
        self.provider = TracerProvider(ParentBased(ALWAYS_OFF), self.resource, shutdown_on_exit=False)
        self.provider.add_span_processor(self.processor)
        api.set_tracer_provider(self.provider)

    def begin(self, name: str, kind: str, trace: Trace, parent: Trace | None) -> "CallSpan":
        """Start the first span of this process in a trace, and make it the active one."""
        context = _context(trace, is_remote=False)
        attach(api.set_span_in_context(api.NonRecordingSpan(context)))
        caller = _context(parent, is_remote=True) if parent else None
        return CallSpan(self, name, api.SpanKind[kind], context, caller)

    def start(self, name: str, attributes: Attributes) -> "CallSpan":
        """Start a span of a call, below the active one."""
        parent = api.get_current_span().get_span_context()
        context = api.SpanContext(parent.trace_id, getrandbits(64), is_remote=False, trace_flags=parent.trace_flags)
        span = CallSpan(self, name, api.SpanKind.CLIENT, context, parent)
        span.set_attributes(attributes)
        return span

    def activate(self, span: "CallSpan") -> Any:
        """A context manager in which the span is the active one."""
        return api.use_span(api.NonRecordingSpan(span.context), record_exception=False)

    def active_id(self) -> str | None:
        """The ID of the active span, if there is one."""
        context = api.get_current_span().get_span_context()
        return f"{context.span_id:016x}" if context.is_valid else None

    def stop(self) -> None:
        """Send the last spans; a receiver that is away does not hold up the end of the process."""
        sending = Thread(target=self.provider.shutdown, daemon=True)
        sending.start()
        sending.join(STOP_SECONDS)


class CallSpan:
    """A span that is only made when it ends: the SDK's take three times as long, as they can be read at any time."""

    __slots__ = ("_attributes", "_kind", "_name", "_parent", "_recorder", "_started", "_status", "context")

    def __init__(
        self,
        recorder: Recorder,
        name: str,
        kind: api.SpanKind,
        context: api.SpanContext,
        parent: api.SpanContext | None,
    ) -> None:
        self.context = context
        self._recorder = recorder
        self._name = name
        self._kind = kind
        self._parent = parent
        self._attributes: dict[str, str | int | bool] = {}
        self._status = OK
        self._started = time_ns()

    @property
    def id(self) -> str:
        """The ID, in hexadecimal."""
        return f"{self.context.span_id:016x}"

    def update_name(self, name: str) -> None:
        """Change the name."""
        self._name = name

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes."""
        self._attributes.update(attributes)

    def fail(self, kind: str) -> None:
        """Mark the span as failed by this kind of error."""
        self._status = FAILED
        self._attributes["error.type"] = kind

    def end(self) -> None:
        """Send the span."""
        span = ReadableSpan(
            self._name,
            self.context,
            self._parent,
            self._recorder.resource,
            self._attributes,
            kind=self._kind,
            status=self._status,
            start_time=self._started,
            end_time=time_ns(),
            instrumentation_scope=SCOPE,
        )
        self._recorder.processor.on_end(span)


def _context(trace: Trace, *, is_remote: bool) -> api.SpanContext:
    flags = api.TraceFlags(trace.flags | SAMPLED)
    return api.SpanContext(int(trace.trace_id, 16), int(trace.span_id, 16), is_remote, flags)


class CountedExporter(SpanExporter):
    """Sends spans, counts those that are lost, and logs once that they are; runs in the thread of the processor."""

    def __init__(self, endpoint: str) -> None:
        self.taken = 0
        self._is_failing = False
        self._exporter: Any = OTLPSpanExporter(endpoint, timeout=TIMEOUT_SECONDS)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        result: SpanExportResult = self._exporter.export(spans)
        self.taken += len(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed:
            Tracing.dropped[EXPORT_FAILED] += len(spans)
        if failed and not self._is_failing:
            log.warning("spans are lost", reason="the OTLP endpoint does not accept them")
        self._is_failing = failed
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()


class BoundedProcessor(BatchSpanProcessor):
    """Queues spans for the exporter, and counts those that do not fit: the SDK drops others, without a number."""

    def __init__(self, exporter: CountedExporter) -> None:
        super().__init__(exporter, MAX_QUEUED, EXPORT_MILLISECONDS, min(MAX_QUEUED, MAX_BATCH))
        self._counted = exporter
        self._queued = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span."""
        if self._queued - self._counted.taken >= MAX_QUEUED:
            Tracing.dropped[QUEUE_FULL] += 1
        else:
            self._queued += 1
            super().on_end(span)
