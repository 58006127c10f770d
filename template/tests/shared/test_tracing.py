"""Traces of services in the process of the test, and what is sent to their receiver."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from opentelemetry import trace as api
from structlog.testing import capture_logs

from shared import tracing
from shared.application import create_service
from shared.database.statements import describe
from shared.metrics import Metrics
from shared.middleware import RequestMiddleware
from shared.tracing import Trace, Tracing
from tests.shared.test_middleware import lifespan
from tests.support.clients import SETTINGS, client_of
from tests.support.receiver import Receiver
from tests.support.serving import wait_until

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{SPAN}-01"


def create_app() -> RequestMiddleware:
    router = APIRouter()

    @router.get("/items/{item_id}")
    async def item(item_id: str) -> str:
        return item_id

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("hunter2")

    app = create_service("test", "A test.", lifespan, [router], SETTINGS)
    return RequestMiddleware(app, app.state.metrics)


@pytest.fixture
async def client(traced: Receiver) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with traces."""
    async with client_of(create_app()) as client:
        yield client


@pytest.mark.parametrize(
    ("header", "flags"),
    [(VALID, 1), (f"00-{TRACE}-{SPAN}-00", 0), (f"00-{TRACE}-{SPAN}-ff", 3), (f"cc-{TRACE}-{SPAN}-01-what-follows", 1)],
)
def test_valid_context_is_parsed(header: str, flags: int) -> None:
    assert tracing.parse(header.encode()) == Trace(TRACE, SPAN, flags)


@pytest.mark.parametrize(
    "header",
    [
        "",
        VALID.upper(),
        f"{VALID} ",
        f"{VALID}-more",
        f"{VALID}\n",
        f"ff-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-0g",
    ],
)
def test_invalid_context_is_ignored(header: str) -> None:
    assert tracing.parse(header.encode()) is None


async def test_request_is_a_span_of_the_trace_of_its_caller(client: httpx.AsyncClient, traced: Receiver) -> None:
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{SPAN}-01", "x-request-id": "request-1234"}
    await client.get("/items/7?token=hunter2", headers=headers)
    found = await traced.trace(trace_id, "tested GET /items/{item_id}")
    [span] = found.values()
    assert span.parent_id == SPAN
    assert not span.is_failed
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/items/{item_id}",
        "http.response.status_code": 200,
        "request.id": "request-1234",
    }


async def test_failed_request_is_a_failed_span_without_the_message(client: httpx.AsyncClient, traced: Receiver) -> None:
    trace_id = secrets.token_hex(16)
    with capture_logs() as logs:
        response = await client.get("/broken", headers={"traceparent": f"00-{trace_id}-{SPAN}-01"})
    span = (await traced.trace(trace_id, "tested GET /broken"))["tested GET /broken"]
    assert span.is_failed
    assert "hunter2" not in str(span)
    assert response.json()["trace_id"] == trace_id
    assert logs


async def test_two_contexts_are_none(client: httpx.AsyncClient) -> None:
    headers = [("traceparent", VALID), ("traceparent", f"00-{secrets.token_hex(16)}-{SPAN}-01")]
    response = await client.get("/broken", headers=headers)
    assert response.json()["trace_id"] not in {headers[0][1][3:35], headers[1][1][3:35]}


async def test_trace_that_is_not_sampled_has_an_id_and_no_spans(
    client: httpx.AsyncClient, traced: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace_id = secrets.token_hex(16)
    response = await client.get("/broken", headers={"traceparent": f"00-{trace_id}-{SPAN}-00"})
    assert response.json()["trace_id"] == trace_id
    last = secrets.token_hex(16)
    await client.get("/items/1", headers={"traceparent": f"00-{last}-{SPAN}-01"})
    await traced.trace(last, "tested GET /items/{item_id}")
    assert not [each for each in traced.spans if each.trace_id == trace_id]


@pytest.fixture
def begin(traced: Receiver) -> Iterator[Any]:
    """Begins a request that a client has sent with this trace ID; returns its flags."""

    def begin(trace_id: str, flags: int = 0) -> int:
        span = tracing.begin("test", "SERVER", Trace(trace_id, SPAN, flags).header.encode(), is_trusted=False)
        trace = tracing.current()
        assert trace is not None
        assert (trace.flags & tracing.SAMPLED == 1) == (span is not None)
        return trace.flags

    yield begin
    tracing._current.set(None)


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_last_56_bits_of_the_id_decide_about_requests_of_clients(
    begin: Any, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = flags & tracing.RANDOM
    monkeypatch.setattr(Tracing, "threshold", f"{2**56 - 2**56 // 10:014x}")
    assert begin(f"{'f' * 18}{'0' * 14}", flags) == kept
    assert begin(f"{'f' * 18}e6666666666666", flags) == kept
    assert begin(f"{'0' * 18}e6666666666667", flags) == kept + 1
    assert begin(f"{'0' * 18}{'f' * 14}", flags) == kept + 1


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_share_of_new_traces_is_sampled(share: float, traced: Receiver) -> None:
    tracing.stop()
    update = {"otel_exporter_otlp_endpoint": traced.url, "otel_traces_sampler_arg": share}
    tracing.configure("tested", SETTINGS.model_copy(update=update))
    sampled = [tracing.begin("test", "SERVER", None) is not None for _ in range(2000)]
    tracing._current.set(None)
    # Further from the mean than seven standard deviations.
    assert abs(sum(sampled) - 2000 * share) <= 7 * (2000 * share * (1 - share)) ** 0.5


async def test_own_spans_of_an_application_are_below_the_request(traced: Receiver) -> None:
    span = tracing.begin("test", "SERVER", None)
    trace = tracing.current()
    tracer = Tracing.recorder.provider.get_tracer("application")
    with tracer.start_as_current_span("own"):
        inner = tracing.current()
        with tracing.span("GET", {"server.address": "elsewhere"}) as call:
            outgoing = tracing.header_of(call)
    tracing.finish(span)
    tracing._current.set(None)
    assert trace is not None
    assert inner is not None
    found = await traced.trace(trace.trace_id, "tested test", "tested own", "tested GET")
    assert found["tested own"].parent_id == trace.span_id == found["tested test"].span_id
    assert found["tested GET"].parent_id == inner.span_id == found["tested own"].span_id
    assert outgoing == f"00-{trace.trace_id}-{found['tested GET'].span_id}-03"


async def test_spans_outside_of_requests_are_not_recorded(traced: Receiver) -> None:
    def start() -> api.Span:
        span: api.Span = Tracing.recorder.provider.get_tracer("application").start_span("alone")
        return span

    # In a task of its own, which has no active span of another test.
    assert not (await asyncio.get_running_loop().run_in_executor(None, start)).is_recording()


async def test_receiver_that_is_away_fails_no_request_and_spans_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.spans.EXPORT_MILLISECONDS", 10)
    monkeypatch.setattr("shared.spans.TIMEOUT_SECONDS", 1)
    monkeypatch.setattr("shared.spans.MAX_QUEUED", 20)
    monkeypatch.setattr("shared.spans.STOP_SECONDS", 0.5)
    monkeypatch.setattr(Tracing, "dropped", type(Tracing.dropped)())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        update = {"otel_exporter_otlp_endpoint": endpoint, "otel_traces_sampler_arg": 1.0}
        tracing.configure("tested", SETTINGS.model_copy(update=update))
        try:
            with capture_logs() as logs:
                async with client_of(create_app()) as client:
                    statuses = {(await client.get("/items/1")).status_code for _ in range(50)}
                    await wait_until(lambda: set(Tracing.dropped) == set(tracing.REASONS))
        finally:
            tracing.stop()
    assert statuses == {200}
    assert [each["event"] for each in logs if each["event"] != "request"] == ["spans are lost"]
    assert not [each for each in caplog.records if each.name.startswith("opentelemetry.exporter")]
    metrics = Metrics("test", SETTINGS).render().decode()
    for reason in tracing.REASONS:
        assert f'spans_dropped_total{{reason="{reason}"}} 0.0' not in metrics
        assert f'spans_dropped_total{{reason="{reason}"}}' in metrics


async def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    tracing.configure("tested", SETTINGS)
    async with client_of(create_app()) as client:
        response = await client.get("/broken", headers={"traceparent": VALID})
    assert "trace_id" not in response.json()
    assert tracing.header_of(None) is None
    with tracing.span("GET", {}) as span:
        assert span is None


@pytest.mark.parametrize(
    ("statement", "name", "text"),
    [
        (
            "SELECT id\nFROM projects\nWHERE id = %(id_1)s",
            "SELECT projects",
            "SELECT id FROM projects WHERE id = %(id_1)s",
        ),
        (
            "INSERT INTO \"users\" (email) VALUES ('it''s@example.org')",
            "INSERT users",
            'INSERT INTO "users" (email) VALUES (?)',
        ),
        (
            "UPDATE jobs SET due_at = now() + interval '10 s' LIMIT 1.5",
            "UPDATE jobs",
            "UPDATE jobs SET due_at = now() + interval ? LIMIT ?",
        ),
        ("DELETE FROM ONLY sessions", "DELETE sessions", "DELETE FROM ONLY sessions"),
        ("LISTEN jobs", "LISTEN", "LISTEN jobs"),
    ],
)
def test_statement_is_named_by_its_table_and_has_no_values(statement: str, name: str, text: str) -> None:
    found, attributes = describe(statement)
    assert (found, attributes["db.query.text"]) == (name, text)
