"""Rate limits of the gateway, and the client addresses that they count."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.client_address import TrustedProxies, bucket
from gateway.settings import GatewaySettings
from tests.gateway.test_app import token
from tests.support.clients import client_of, metrics_at
from tests.support.serving import TIMEOUT_SECONDS, free_port

PATH = "/api/projects/echo"
NETWORKS = [ip_network("10.0.0.0/8")]
Limited = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def limited(gateway_settings: GatewaySettings, request: pytest.FixtureRequest) -> Limited:
    """Serves a gateway with other settings and with keys of its own in Redis."""

    def serve_with(**changed: Any) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        prefix = f"{gateway_settings.redis_prefix}{request.node.name}:"
        values = {**gateway_settings.model_dump(), "redis_prefix": prefix, "redis_timeout": TIMEOUT_SECONDS, **changed}
        return client_of(create_app(GatewaySettings(**values)))

    return serve_with


async def test_requests_of_an_address_are_limited(limited: Limited) -> None:
    port = free_port()
    async with limited(rate_limit_address="3/hour", gateway_metrics_port=port) as gateway:
        responses = [await gateway.get(PATH) for _ in range(5)]
        own = await gateway.get("/openapi.json")
        probe = await gateway.get("/health")
        metrics = await metrics_at(port)
    assert [each.status_code for each in responses] == [200] * 3 + [429] * 2
    assert (own.status_code, probe.status_code) == (429, 200)
    assert responses[0].headers["ratelimit-policy"] == '"address";q=3;w=3600, "user";q=1200;w=60'
    assert [each.headers["ratelimit"].split(";")[1] for each in responses] == ["r=2", "r=1", "r=0", "r=0", "r=0"]
    rejected = responses[-1]
    assert rejected.json()["code"] == "too_many_requests"
    assert 0 < int(rejected.headers["retry-after"]) <= 1200
    assert rejected.headers["x-request-id"]
    assert 'rate_limited_requests_total{limit="address"} 3.0' in metrics


async def test_requests_of_a_user_are_limited_whatever_the_token(limited: Limited) -> None:
    ada, bob = token(), token()
    async with limited(rate_limit_user="2/hour") as gateway:
        call = partial(gateway.get, PATH)
        statuses = [
            (await call(headers={"Authorization": f"Bearer {each}"})).status_code for each in (ada, ada, ada, bob)
        ]
        anonymous = await call()
    assert statuses == [200, 200, 429, 200]
    assert anonymous.status_code == 200


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("login", "login"),
        ("%6cogin", "login"),
        ("register", "register"),
        ("refresh", "refresh"),
        ("change-password", "password"),
        ("delete-account", "password"),
    ],
)
async def test_credentials_are_limited_by_address(limited: Limited, path: str, name: str) -> None:
    async with limited(rate_limit_credentials="2/hour") as one, limited(rate_limit_credentials="2/hour") as other:
        responses = [await gateway.post(f"/api/auth/{path}", json={}) for gateway in (one, other) * 2]
        assert (await one.get(f"/api/auth/{path}")).status_code == 405
        assert (await one.get(PATH)).status_code == 200
    assert [each.status_code for each in responses][2:] == [429, 429]
    assert {each.status_code for each in responses[:2]} <= {401, 422}
    assert responses[0].headers["ratelimit"].startswith(f'"{name}";r=1;t=')
    assert responses[-1].headers["ratelimit-policy"] == f'"{name}";q=2;w=3600'
    assert int(responses[-1].headers["retry-after"]) > 3000


async def test_limits_of_credentials_hold_without_redis_and_health_reports_it(limited: Limited) -> None:
    away = f"redis://127.0.0.1:{free_port()}"
    port = free_port()
    async with limited(rate_limit_credentials="2/hour", redis_url=away, gateway_metrics_port=port) as gateway:
        responses = [await gateway.post("/api/auth/login", json={}) for _ in range(4)]
        health = (await gateway.get("/health/detailed")).json()
        metrics = await metrics_at(port)
    assert [each.status_code for each in responses] == [422, 422, 429, 429]
    assert health["components"]["rate limits"]["status"] == "degraded"
    assert "rate_limit_redis 0.0" in metrics


async def test_forged_headers_do_not_change_the_address(limited: Limited) -> None:
    async with limited(rate_limit_address="2/hour") as gateway:
        forged = [{name: f"1.2.3.{number}"} for number in range(2) for name in ("X-Forwarded-For", "Forwarded")]
        statuses = [(await gateway.get(PATH, headers=each)).status_code for each in forged]
    assert statuses == [200, 200, 429, 429]


async def test_header_of_a_proxy_that_is_not_trusted_is_reported_once(limited: Limited) -> None:
    async with limited() as gateway:
        with capture_logs() as logs:
            for headers in ({}, {"X-Forwarded-For": "198.51.100.7"}, {"Forwarded": "for=198.51.100.7"}):
                assert (await gateway.get("/health", headers=headers)).status_code == 200
    assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["proxy not trusted"]


async def test_clients_behind_a_trusted_proxy_have_limits_of_their_own(limited: Limited) -> None:
    async with limited(rate_limit_address="1/hour", trusted_proxies="127.0.0.0/8,::1/128") as gateway:
        headers = {"X-Forwarded-For": "9.9.9.9, 1.2.3.4", "X-Forwarded-Proto": "https"}
        first = await gateway.get(PATH, headers=headers)
        assert (await gateway.get(PATH, headers=headers)).status_code == 429
        assert (await gateway.get(PATH, headers={"X-Forwarded-For": "1.2.3.5"})).status_code == 200
    received = dict(first.json()["headers"])
    assert (received["x-forwarded-for"], received["x-forwarded-proto"]) == ("1.2.3.4", "https")


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, 1.2.3.4, 10.0.0.2"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("10.0.0.1", ["[2001:db8::1]:5678"], "2001:db8::1"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["\xff"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["::ffff:1.2.3.4"], "1.2.3.4"),
        ("9.9.9.9", ["1.2.3.4"], "9.9.9.9"),
        ("no address", ["1.2.3.4"], "no address"),
    ],
)
def test_client_is_the_last_address_that_is_not_a_proxy(peer: str, lines: list[str], client: str) -> None:
    scope = scope_of(peer, [("x-forwarded-for", each) for each in lines])
    TrustedProxies(no_app, NETWORKS, use_forwarded=False).apply(scope)
    assert (scope["client"], scope["scheme"]) == ((client, 1), "http")


@pytest.mark.parametrize(
    ("lines", "client", "scheme"),
    [
        (["for=1.2.3.4;proto=https"], "1.2.3.4", "https"),
        (["for=6.6.6.6", 'For="1.2.3.4:80";by=10.0.0.2;Proto=HTTPS'], "1.2.3.4", "https"),
        (['for="[2001:db8::1]:4711"'], "2001:db8::1", "http"),
        (["for=6.6.6.6, for=_hidden, for=10.0.0.2"], "10.0.0.2", "http"),
        # A quote that the client has opened does not hide what the proxy has appended.
        (['for="6.6.6.6', "for=1.2.3.4"], "1.2.3.4", "http"),
        (["proto=gopher"], "10.0.0.1", "http"),
        ([], "10.0.0.1", "http"),
    ],
)
def test_forwarded_is_read_if_it_is_the_trusted_header(lines: list[str], client: str, scheme: str) -> None:
    headers = [("forwarded", each) for each in lines] + [("x-forwarded-for", "7.7.7.7"), ("x-forwarded-proto", "ftp")]
    scope = scope_of("10.0.0.1", headers)
    TrustedProxies(no_app, NETWORKS, use_forwarded=True).apply(scope)
    assert (scope["client"], scope["scheme"]) == ((client, 1), scheme)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2::", "20010db800010002"),
        ("fe80::1%eth0", "fe80000000000000"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_ipv6_addresses_are_counted_by_network(address: str, counted: str) -> None:
    assert bucket(address) == counted


async def no_app(*_: object) -> None:
    pytest.fail("The application was called.")


def scope_of(peer: str, headers: list[tuple[str, str]]) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"client": (peer, 1), "scheme": "http", "headers": pairs}
