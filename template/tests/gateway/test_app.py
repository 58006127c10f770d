import asyncio
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from time import time
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.types import Message
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.tokens import TokenVerifier
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from shared.security.tokens import InvalidTokenError, Signer, SigningKey
from shared.settings import Environment
from tests.gateway.conftest import ORIGIN
from tests.support.clients import client_of, metrics_at, problem_of
from tests.support.serving import free_port, serve
from tests.support.upstream import Upstream
from tests.support.users import User

SEED = bytes(range(32))
PREFIXES = ("nowhere", "api", "health", "metrics", "api/projects/..", "api/auth\\", "%2e", "api/projects", "docs")


def token(seed: bytes = SEED, lifetime: timedelta = timedelta(minutes=1), age: timedelta = timedelta()) -> str:
    return Signer([SigningKey(seed)], lifetime).sign(uuid4(), uuid4(), datetime.now(UTC) - age)


class Keys:
    """The key of the signer, until it is removed."""

    def __init__(self) -> None:
        self.signer: Signer | None = Signer([SigningKey(SEED)], timedelta(minutes=1))

    async def find(self, key_id: str) -> Ed25519PublicKey | None:
        return await self.signer.find(key_id) if self.signer else None


async def call(gateway: httpx.AsyncClient, authorization: str) -> int:
    return (await gateway.get("/api/projects/echo", headers={"Authorization": authorization})).status_code


async def test_valid_token_is_forwarded(gateway: httpx.AsyncClient) -> None:
    valid = f"Bearer {token()}"
    for _ in range(2):
        response = await gateway.get("/api/projects/echo", headers={"Authorization": valid})
        assert dict(response.json()["headers"])["authorization"] == valid


async def test_invalid_token_is_rejected_without_forwarding(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    invalid = [
        "Bearer nonsense",
        "Bearer \xe9",
        f"bearer {token()}x",
        f"BEARER {token(seed=bytes(32))}",
        f"Bearer {token(age=timedelta(minutes=2))}",
    ]
    for each in invalid:
        response = await gateway.get("/api/projects/echo", headers=[(b"Authorization", each.encode("latin-1"))])
        assert (each, response.status_code) == (each, 401)
        assert "invalid_token" in response.headers["www-authenticate"]
    assert upstream.requests == 0


async def test_cached_token_is_accepted_as_long_as_an_uncached_one(gateway: httpx.AsyncClient) -> None:
    expired = f"Bearer {token(lifetime=timedelta(seconds=60), age=timedelta(seconds=60))}"
    assert [await call(gateway, expired) for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(("lifetime", "accepted"), [(10, 15), (3600, 60)])
async def test_cached_token_is_verified_again_after_a_minute_or_when_it_expires(
    monkeypatch: pytest.MonkeyPatch, lifetime: int, accepted: int
) -> None:
    now = time()
    keys = Keys()
    gate = TokenVerifier(keys)
    header = b"Bearer " + token(lifetime=timedelta(seconds=lifetime)).encode()
    assert await gate.user_of(header)
    keys.signer = None
    monkeypatch.setattr("gateway.tokens.time", lambda: now + accepted - 5)
    assert await gate.user_of(header)
    monkeypatch.setattr("gateway.tokens.time", lambda: now + accepted + 10)
    with pytest.raises(InvalidTokenError):
        await gate.user_of(header)


async def test_other_authentication_schemes_are_forwarded(gateway: httpx.AsyncClient) -> None:
    assert await call(gateway, "Basic abc") == 200


async def test_token_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.tokens.CACHE_SIZE", 2)
    gate = TokenVerifier(Signer([SigningKey(SEED)], timedelta(minutes=1)))
    for _ in range(5):
        assert await gate.user_of(b"Bearer " + token().encode())
        assert len(gate._valid) <= 2


async def test_refresh_works_with_an_expired_access_token(gateway: httpx.AsyncClient, user: User) -> None:
    response = await gateway.post(
        "/api/auth/refresh",
        json={"refresh_token": user.refresh_token},
        headers={"Authorization": f"Bearer {token(age=timedelta(hours=1))}"},
    )
    assert response.status_code == 200


async def test_unavailable_services_are_a_502(unavailable_settings: GatewaySettings) -> None:
    with capture_logs() as logs:
        async with client_of(create_app(unavailable_settings)) as gateway:
            plain = await gateway.get("/api/projects")
            with_token = await gateway.get("/api/projects", headers={"Authorization": f"Bearer {token()}"})
            document = await gateway.get("/openapi.json")
            health = await gateway.get("/health/detailed")
            live = await gateway.get("/health")
    assert problem_of(plain) == (502, "The projects service is unavailable or failed")
    assert (with_token.status_code, document.status_code) == (502, 502)
    assert health.status_code == 503
    assert "refused" in health.json()["components"]["projects"]["reason"]
    assert live.json() == {"status": "ok"}
    assert any("refused" in each.get("reason", "") for each in logs)


async def test_readiness_reports_the_failed_dependency_of_a_service(
    gateway_settings: GatewaySettings, projects_settings: ProjectsSettings
) -> None:
    without_keys = projects_settings.model_copy(update={"jwks_url": f"http://127.0.0.1:{free_port()}/jwks"})
    async with serve(create_projects(without_keys)) as projects_url:
        settings = gateway_settings.model_copy(update={"projects_url": projects_url})
        async with client_of(create_app(settings)) as gateway:
            response = await gateway.get("/health/detailed")
    components = response.json()["components"]
    assert response.status_code == 503
    assert components["auth"]["status"] == "ok"
    assert components["projects"]["status"] == "failed"
    assert components["projects"]["reason"].startswith("keys: ")


async def test_cors_allows_only_the_configured_origins(gateway: httpx.AsyncClient) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    preflight = await gateway.options("/api/projects/1", headers=headers)
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    response = await gateway.get("/api/projects/echo", headers={"Origin": ORIGIN})
    assert response.headers["access-control-allow-origin"] == ORIGIN
    other = await gateway.get("/api/projects/echo", headers={"Origin": "http://evil.example.org"})
    assert "access-control-allow-origin" not in other.headers


async def test_metrics_are_on_a_port_of_their_own(gateway_settings: GatewaySettings) -> None:
    port = free_port()
    async with client_of(create_app(gateway_settings.model_copy(update={"gateway_metrics_port": port}))) as gateway:
        for path in ("/metrics", "/metrics/", "/api/projects/../metrics", "//metrics", "/%6detrics"):
            assert "http_requests" not in (await gateway.get(path)).text
        assert (await gateway.get("/metrics")).status_code == 404
        assert (await gateway.get("/metrics", headers={"Host": f"127.0.0.1:{port}"})).status_code == 404
        metrics = await metrics_at(port)
    assert 'http_requests_total{method="GET",route="unmatched",status="404"}' in metrics
    assert 'app_info{environment="development",service="gateway",version="unknown"} 1.0' in metrics


def series(metrics: str) -> set[str]:
    """The names of all series, with their labels."""
    return {line.rpartition(" ")[0] for line in metrics.splitlines()}


async def no_message() -> Message:
    """The client sends nothing more, and stays connected."""
    await asyncio.Event().wait()
    raise AssertionError


async def ignore(_message: Message) -> None:
    """Send nothing."""


async def test_clients_make_no_series(gateway_settings: GatewaySettings) -> None:
    port = free_port()
    update = {"gateway_metrics_port": port, "rate_limit_address": "2/day"}
    app = create_app(gateway_settings.model_copy(update=update))

    async def send(number: int) -> None:
        path = f"/{PREFIXES[number % len(PREFIXES)]}/{token_hex()}"
        headers = [(b"host", b"x"), (b"x-request-id", token_hex().encode()), (b"user-agent", token_hex().encode())]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": token_hex().upper() if number % 3 else "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": token_hex().encode(),
            "headers": headers,
            "client": (f"10.{number // 62_500}.{number // 250 % 250}.{number % 250}", 1),
        }
        await app(scope, no_message, ignore)

    async with client_of(app):
        # The first ones make the series that the others may add to.
        for number in range(60):
            await send(number)
        before = series(await metrics_at(port))
        for number in range(60, 10_060):
            await send(number)
        assert series(await metrics_at(port)) == before
    assert any('route="unmatched"' in each for each in before)


async def test_production_has_no_docs_and_no_cors_by_default(gateway_settings: GatewaySettings) -> None:
    production = gateway_settings.model_copy(update={"environment": Environment.PRODUCTION, "cors_origins": ()})
    async with client_of(create_app(production)) as gateway:
        response = await gateway.get("/api/projects/echo", headers={"Origin": ORIGIN})
        docs = await gateway.get("/docs")
    assert "access-control-allow-origin" not in response.headers
    assert docs.status_code == 404
