"""The local page of `dev`: who can use it, the log lines that it keeps, and the whole page in a browser."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, format_span_id, format_trace_id, set_span_in_context

from tasks.core.ports import Ports
from tasks.dev import telemetry
from tasks.dev.decoding import Totals, point, totals
from tasks.dev.page import FILES, LARGEST_BODY, PROTOBUF, WITHOUT_LINK, WRONG_HOST, WRONG_ORIGIN, WRONG_SPANS, Page
from tasks.dev.telemetry import Store
from tasks.frontend import e2e
from tests.support import ROOT, packages
from tests.tasks.requirements import missing
from tests.tasks.small_project import Dev

SCRIPT = Path(__file__).with_name("page.mjs")


@dataclass
class Client:
    """A page that is served, with its link and the services that were restarted."""

    link: str
    restarted: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.link).netloc

    @property
    def cookie(self) -> str:
        return self.request(self.link.removeprefix(f"http://{self.host}"))[1]["Set-Cookie"].partition(";")[0]

    def request(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, headers and text of a response."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()
        finally:
            connection.close()


@pytest.fixture
def client() -> Iterator[Client]:
    """A page with a line of a log and a service."""
    store = Store()
    store.add_line("alpha", '{"event": "secret line"}')
    found = Client("")

    def restart(query: object) -> object:
        assert isinstance(query, dict)
        found.restarted.append(query["service"])
        return None

    page = Page({"/api/lines": store.lines, "/api/trace": store.trace}, {"/api/restart": restart}, store.add_spans)
    with Ports() as ports, page.served(ports.take()) as link:
        found.link = link
        yield found


def test_the_link_opens_the_page_and_its_cookie_everything_else(client: Client) -> None:
    status, headers, text = client.request(client.link.removeprefix(f"http://{client.host}"))
    assert (status, text.startswith("<!doctype html>")) == (200, True)
    assert headers["Set-Cookie"].endswith("; HttpOnly; SameSite=Strict; Path=/")
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    for path in ("/", "/page.css", "/page.js", "/api/lines"):
        assert client.request(path, headers={"Cookie": client.cookie})[0] == 200
        assert client.request(path)[0::2] == (403, WITHOUT_LINK)
    assert client.request("/../page.py", headers={"Cookie": client.cookie})[0] == 404
    lines = json.loads(client.request("/api/lines", headers={"Cookie": client.cookie})[2])
    assert [line["text"] for line in lines] == ["secret line"]


@pytest.mark.parametrize("cookie", ["{name}=", "{name}=x", "other={token}", "{name}=\\303", "§"])
def test_a_wrong_cookie_or_token_is_refused(client: Client, cookie: str) -> None:
    name, _, token = client.cookie.partition("=")
    wrong = cookie.format(name=name, token=token)
    assert client.request("/api/lines", headers={"Cookie": wrong})[0::2] == (403, WITHOUT_LINK)
    assert client.request(f"/?{urlencode({'token': wrong})}")[0::2] == (403, WITHOUT_LINK)
    own = {"Origin": f"http://{client.host}", "Cookie": wrong}
    assert client.request("/api/restart?service=alpha", "POST", own)[0::2] == (403, WITHOUT_LINK)
    assert client.restarted == []


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1.evil.example:{port}"])
def test_a_website_whose_name_has_the_loopback_address_reads_and_does_nothing(client: Client, host: str) -> None:
    wrong = host.format(port=urlsplit(client.link).port)
    refusal = (403, WRONG_HOST.format(host=client.host))
    assert client.request(client.link.removeprefix(f"http://{client.host}"), headers={"Host": wrong})[0::2] == refusal
    assert client.request("/api/lines", headers={"Host": wrong, "Cookie": client.cookie})[0::2] == refusal
    own = {"Host": wrong, "Origin": f"http://{wrong}", "Cookie": client.cookie}
    assert client.request("/api/restart?service=alpha", "POST", own)[0::2] == refusal
    assert client.restarted == []


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", ""])
def test_a_request_from_a_page_of_another_origin_is_refused(client: Client, origin: str) -> None:
    headers = {"Cookie": client.cookie, "Origin": origin}
    assert client.request("/api/restart?service=alpha", "POST", headers)[0::2] == (403, WRONG_ORIGIN)
    assert client.request("/api/lines", headers=headers)[0::2] == (403, WRONG_ORIGIN)
    assert client.request("/api/restart?service=alpha", "POST", headers={"Cookie": client.cookie})[0::2] == (
        403,
        WRONG_ORIGIN,
    )
    assert client.request("/api/restart?service=alpha", headers={"Cookie": client.cookie})[0] == 404
    assert client.restarted == []


def test_the_button_of_the_page_restarts_a_service(client: Client) -> None:
    own = {"Origin": f"http://{client.host}", "Cookie": client.cookie}
    assert client.request("/api/restart?service=alpha", "POST", own)[0] == 200
    assert client.restarted == ["alpha"]
    local = f"localhost:{urlsplit(client.link).port}"
    assert client.request("/api/restart?service=beta", "POST", own | {"Host": local})[0::2] == (403, WRONG_ORIGIN)
    assert client.request("/api/restart?service=beta", "POST", own | {"Host": client.host})[0] == 200


def texts(store: Store, **query: str) -> list[str]:
    return [line["text"] for line in store.lines(query)]


def test_lines_are_found_by_service_level_text_and_ids() -> None:
    store = Store()
    for service, line in [
        ("auth", '{"level": "info", "event": "Log-In", "request_id": "r-1", "trace_id": "t", "span_id": "s"}'),
        ("auth", '{"level": "debug", "event": "two", "request_id": "r-2", "trace_id": "t", "span_id": "u"}'),
        ("projects", '{"level": "WARN", "event": "three", "size": 3, "timestamp": "2026-01-02T03:04:05Z"}'),
        ("PostgreSQL", "2026-01-02 LOG:  ready"),
        ("PostgreSQL", "2026-01-02 ERROR:  broken"),
        ("worker", "\x1b[31mValueError: none\x1b[0m"),
        ("worker", '{"event": "\\ud800", "request_id": "\\ud800"}'),
    ]:
        store.add_line(service, line)
    assert texts(store, service="auth") == ["Log-In [r-1]", "two [r-2]"]
    assert texts(store, level="warning") == ["three size=3", "2026-01-02 ERROR:  broken", "ValueError: none"]
    assert texts(store, text="log") == ["Log-In [r-1]", "2026-01-02 LOG:  ready"]
    assert texts(store, request="r-2") == ["two [r-2]"]
    assert texts(store, trace="t") == ["Log-In [r-1]", "two [r-2]"]
    assert texts(store, trace="t", span="u") == ["two [r-2]"]
    assert texts(store, after="6") == ["\\ud800 [\\ud800]"]
    assert texts(store, level="none", after="none", limit="9") == texts(store)
    assert store.lines({"text": "three"})[0]["at"] == 1767323045


def test_the_oldest_lines_are_deleted_when_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "LARGEST_DATABASE", 1_000_000)
    store = Store()
    for number in range(3000):
        store.add_line("alpha", f"{number} {'x' * 1000}")
    size = store.size()
    assert size["bytes"] <= size["limit"] == 2_000_000
    assert 500 < size["lines"] < 1000
    found = [text.split()[0] for text in texts(store)]
    assert found == [str(number) for number in range(2500, 3000)]
    store.add_line("alpha", "x" * 1_000_000)
    assert len(texts(store)[-1]) == telemetry.LONGEST_TEXT


def trace(link: str, request: str, compression: Compression = Compression.NoCompression) -> list[str]:
    """Export a trace of two services, as OpenTelemetry's SDK does; returns the IDs of the trace and its spans."""
    made: list[Span] = []
    for service, name in (("gateway", "GET /api/things/{id}"), ("alpha", "SELECT things")):
        provider = TracerProvider(resource=Resource({"service.name": service}))
        endpoint = f"http://{urlsplit(link).netloc}/v1/traces"
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint, compression=compression)))
        parent = set_span_in_context(made[-1]) if made else None
        span = provider.get_tracer("test").start_span(name, parent, attributes={"request.id": request, "sizes": [1, 2]})
        span.set_status(Status(StatusCode.ERROR, "broken") if made else StatusCode.UNSET)
        span.add_event("exception", {"exception.type": "ValueError"} if made else {})
        made.append(span)
    for span in reversed(made):
        span.end()
    contexts = [span.get_span_context() for span in made]
    return [format_trace_id(contexts[0].trace_id), *(format_span_id(each.span_id) for each in contexts)]


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_of_the_sdk_are_received(client: Client, compression: Compression) -> None:
    trace_id, first, second = trace(client.link, "r-7", compression)
    found = json.loads(client.request(f"/api/trace?id={trace_id}", headers={"Cookie": client.cookie})[2])
    assert [(each["service"], each["name"], each["span"], each["parent"], each["failed"]) for each in found] == [
        ("gateway", "GET /api/things/{id}", first, "", 0),
        ("alpha", "SELECT things", second, first, 1),
    ]
    assert found[0]["milliseconds"] >= found[1]["milliseconds"] > 0
    assert found[1]["attributes"]["request.id"] == "r-7"
    assert found[1]["attributes"]["exception: exception.type"] == "ValueError"
    assert found[1]["attributes"]["status"] == "broken"


@pytest.mark.parametrize(
    ("headers", "body", "status", "text"),
    [
        ({"Origin": "https://evil.example"}, b"", 403, WRONG_ORIGIN),
        ({"Origin": "http://{host}"}, b"", 403, WRONG_ORIGIN),
        ({"Sec-Fetch-Site": "same-origin"}, b"", 403, WRONG_ORIGIN),
        ({"Host": "evil.example"}, b"", 403, WRONG_HOST),
        ({"Content-Type": "text/plain"}, b"", 413, WRONG_SPANS),
        ({"Content-Length": str(LARGEST_BODY + 1)}, b"", 413, WRONG_SPANS),
        ({"Content-Length": "9" * 5000}, b"", 413, WRONG_SPANS),
        ({"Content-Length": "-1"}, b"", 413, WRONG_SPANS),
        ({"Transfer-Encoding": "chunked"}, b"x\r\n", 413, WRONG_SPANS),
        ({"Transfer-Encoding": "chunked"}, b"400001\r\n", 413, WRONG_SPANS),
        ({"Transfer-Encoding": "chunked"}, b"2\r\nno\r\n6;x\r\n spans\r\n0\r\n\r\n", 400, WRONG_SPANS),
        ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\n", 200, ""),
        ({}, b"no spans", 400, WRONG_SPANS),
        ({"Content-Encoding": "gzip"}, b"no gzip", 400, WRONG_SPANS),
        ({"Content-Encoding": "gzip"}, gzip.compress(bytes(LARGEST_BODY + 1)), 400, WRONG_SPANS),
    ],
)
def test_the_receiver_refuses_browsers_and_what_is_too_large_or_broken(
    client: Client, headers: dict[str, str], body: bytes, status: int, text: str
) -> None:
    sent = {"Content-Type": PROTOBUF, **{name: value.format(host=client.host) for name, value in headers.items()}}
    found = client.request("/v1/traces", "POST", sent, body)
    assert found[0] == status
    assert found[2].endswith(text.format(host=client.host))


def test_the_oldest_spans_are_deleted_when_the_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "LARGEST_DATABASE", 1_000_000)
    store = Store()
    provider = TracerProvider()
    spans = [provider.get_tracer("test").start_span("x", attributes={"text": "x" * 1000}) for _ in range(100)]
    for span in spans:
        span.end()
    body = encode_spans([span for span in spans if isinstance(span, ReadableSpan)]).SerializeToString()
    for _ in range(20):
        store.add_spans(body)
    size = store.size()
    assert size["bytes"] <= 1_000_000 + 30_000
    assert 500 < size["spans"] < 1000
    assert len(store.traces({})) == 100


# Fills both databases, and prints the MB that this adds to a process which has imported what `dev` has anyway.
FILL = """
import psutil
from tasks.core import screen
before = psutil.Process().memory_info().rss
from tasks.dev import decoding, page, telemetry
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as Request
store = telemetry.Store()
for number in range(20_000):
    store.add_line("gateway", '{"event": "request", "request_id": "r-%d", "text": "%s"}' % (number, "x" * 1000))
request = Request()
group = request.resource_spans.add().scope_spans.add()
for _ in range(500):
    added = group.spans.add(trace_id=bytes(16), name="SELECT", start_time_unix_nano=1, end_time_unix_nano=2)
    added.attributes.add(key="text").value.string_value = "x" * 1000
body = request.SerializeToString()
for _ in range(40):
    store.add_spans(body)
assert store.size()["bytes"] > 0.8 * store.size()["limit"]
print(round((psutil.Process().memory_info().rss - before) / 2**20))
"""


def test_the_page_adds_at_most_50_mb() -> None:
    done = subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 24 < int(done.stdout) <= 50


METRICS = """\
# TYPE http_requests counter
http_requests_total{method="GET",route="/health",status="200"} 900
http_requests_total{method="GET",route="/api/x",status="200"} {ok}
http_requests_total{method="GET",route="/api/x",status="503"} {failed}
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{method="GET",route="/api/x",le="0.1"} {fast}
http_request_duration_seconds_bucket{method="GET",route="/api/x",le="0.2"} {all}
http_request_duration_seconds_bucket{method="GET",route="/api/x",le="+Inf"} {all}
"""


def sample(ok: int, failed: int, fast: int) -> Totals:
    text = METRICS
    for name, value in {"ok": ok, "failed": failed, "fast": fast, "all": ok + failed}.items():
        text = text.replace(f"{{{name}}}", str(value))
    return totals(text)


def test_points_of_charts_are_the_change_between_two_samples() -> None:
    before, after = sample(10, 0, 10), sample(26, 4, 20)
    assert point((100.0, before), (102.0, after)) == pytest.approx(
        {"at": 102.0, "requests": 10, "errors": 2, "p50": 100, "p95": 190}
    )
    idle = {"at": 104.0, "requests": 0, "errors": 0, "p50": None, "p95": None}
    assert point((102.0, after), (104.0, after)) == idle
    # After a restart.
    assert point((102.0, after), (104.0, before))["requests"] == 5


def test_what_is_no_metrics_is_ignored(client: Client) -> None:
    store = Store()
    store.add_metrics("alpha", f"http://{client.host}/page.js")
    store.add_metrics("alpha", "http://127.0.0.1:9/metrics")
    assert store.metrics({}) == {}


@pytest.mark.slow
def test_the_files_of_the_page_are_formatted(rendered: Callable[[str], Path], environments: Path) -> None:
    programs, modules = packages(rendered("everything"), environments)
    prettier = [str(programs / "node"), str(modules / ".bin/prettier"), "--no-config", "--print-width=120", "--check"]
    done = subprocess.run([*prettier, *FILES.values(), SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_page_works_in_a_browser(
    rendered: Callable[[str], Path], environments: Path, small: Path, given: dict[str, str], tmp_path: Path
) -> None:
    if not (browser := next(filter(None, map(shutil.which, e2e.CHROMIUM)), None)):
        missing("chromium", "this machine has no Chromium")
    dev = Dev(small, settings=given)
    try:
        about = dev.ready()
        ids = trace(about["page"], "r-1")
        gateway = about["services"]["gateway"]["url"]
        programs, modules = packages(rendered("everything"), environments)
        (tmp_path / "node_modules").symlink_to(modules)
        shutil.copy(SCRIPT, tmp_path)
        given_to = {"CHROMIUM": browser, "LINK": about["page"], "GATEWAY": gateway, "IDS": " ".join(ids)}
        command = [str(programs / "node"), SCRIPT.name]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **given_to}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{dev.text()}"
        assert dev.text().count("Requested in the page: restarting alpha.") == 1
        assert "restarting gateway" not in dev.text()
        assert dev.stop() == 0
        assert "Traceback" not in dev.text()
    finally:
        dev.kill()
