"""Traces: the W3C trace context of requests and jobs, and spans of those that are sampled.

Without OTEL_EXPORTER_OTLP_ENDPOINT there are none, and the SDK of OpenTelemetry is not imported.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, ClassVar, Literal, NamedTuple

from shared.settings import ServiceSettings

HEADER = b"traceparent"
Attributes = Mapping[str, str | int | bool]

# Later versions may have more after the flags; version 00 has exactly 55 characters.
_VALID = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.DOTALL
)
VERSION_00, LENGTH_00 = b"00-", 55
# W3C level 2: whether spans are recorded, and whether the last 56 bits of the ID are random.
SAMPLED, RANDOM = 1, 2
# The hexadecimal digits of the trace ID, behind which those bits are.
RANDOM_DIGITS = slice(18, 32)
# Why spans are dropped.
REASONS = QUEUE_FULL, EXPORT_FAILED = ("queue full", "export failed")


class Trace(NamedTuple):
    """The trace of a request or job, and its own span in it; the IDs are hexadecimal, as in `traceparent`."""

    trace_id: str
    span_id: str
    flags: int = 0

    @property
    def header(self) -> str:
        """The value of `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


class Tracing:
    """The tracing of this process: `recorder` records spans, None if tracing is off; `dropped` counts lost ones.

    Traces are sampled whose ID ends with `threshold` or more, as hexadecimal digits: all services agree about a trace.
    """

    recorder: Any = None
    threshold = ""
    dropped: ClassVar[Counter[str]] = Counter()


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def configure(service: str, settings: ServiceSettings) -> None:
    """Send the spans of this process to the endpoint in the settings, if there is one."""
    if settings.otel_exporter_otlp_endpoint is not None:
        share = settings.otel_traces_sampler_arg
        # No digit is as large as g.
        Tracing.threshold = f"{round((1 - share) * 2**56):014x}" if share else "g"
        Tracing.recorder = import_module("shared.spans").Recorder(service, settings)


def stop() -> None:
    """Send the last spans, for a moment, and record no others."""
    recorder, Tracing.recorder = Tracing.recorder, None
    if recorder is not None:
        recorder.stop()


def is_on() -> bool:
    """Whether this process has traces."""
    return Tracing.recorder is not None


def parse(header: bytes) -> Trace | None:
    """The trace and the parent span in `traceparent`; None if it is invalid."""
    found = _VALID.fullmatch(header)
    if found is None or (header.startswith(VERSION_00) and len(header) != LENGTH_00):
        return None
    trace_id, span_id, flags = found.groups()
    return Trace(trace_id.decode(), span_id.decode(), int(flags, 16) & (SAMPLED | RANDOM))


def begin(name: str, kind: Literal["SERVER", "CONSUMER"], header: bytes | None, *, is_trusted: bool = True) -> Any:
    """Begin the span of a request or a job, in the trace of the header or in a new one; None unless it is sampled.

    `finish` must end it. A client that is not trusted does not decide whether its trace is sampled; its ID does.
    """
    if Tracing.recorder is None:
        return None
    parent = parse(header) if header else None
    digits = os.urandom(24).hex()
    trace_id, flags = (parent.trace_id, parent.flags) if parent else (digits[:32], RANDOM)
    if parent is None or not is_trusted:
        flags = flags & RANDOM | (SAMPLED if trace_id[RANDOM_DIGITS] >= Tracing.threshold else 0)
    if not flags & SAMPLED:
        _current.set(Trace(trace_id, digits[32:], flags))
        return None
    trace = Trace(trace_id, digits[32:], flags)
    _current.set(trace)
    return Tracing.recorder.begin(name, kind, trace, parent)


def current() -> Trace | None:
    """The trace of the current request or job, and the span in it that is active now; None if tracing is off."""
    trace = _current.get()
    if trace is None or not is_sampled():
        return trace
    return trace._replace(span_id=Tracing.recorder.active_id() or trace.span_id)


def is_sampled() -> bool:
    """Whether the current trace is sampled."""
    trace = _current.get()
    return trace is not None and bool(trace.flags & SAMPLED) and Tracing.recorder is not None


def start(name: str, attributes: Attributes) -> Any:
    """Start a span of a call to another service; None unless the current trace is sampled. `finish` must end it."""
    return Tracing.recorder.start(name, attributes) if is_sampled() else None


def finish(span: Any, attributes: Attributes | None = None, error: BaseException | str | None = None) -> None:
    """End a span; of an error, only its kind is recorded: its message may have values."""
    if attributes:
        span.set_attributes(attributes)
    if error is not None:
        span.fail(error if isinstance(error, str) else type(error).__name__)
    span.end()


def header_of(span: Any) -> str | None:
    """The `traceparent` of a call: of its span, else of the current one; None if tracing is off."""
    if span is None:
        trace = current()
    else:
        trace = _current.get()
        trace = trace and trace._replace(span_id=span.id)
    return trace.header if trace else None


@contextmanager
def span(name: str, attributes: Attributes) -> Iterator[Any]:
    """Record a call to another service as a span, if the current trace is sampled."""
    started = start(name, attributes)
    if started is None:
        yield None
        return
    try:
        with Tracing.recorder.activate(started):
            yield started
    except BaseException as error:
        finish(started, error=error)
        raise
    finish(started)
