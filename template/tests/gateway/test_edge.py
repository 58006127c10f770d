from datetime import UTC, datetime, timedelta
from time import time
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.settings import GatewaySettings
from gateway.tokens import TokenGate
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from shared.security.tokens import Signer
from shared.settings import Environment
from tests.gateway.conftest import ORIGIN
from tests.support.people import Person
from tests.support.serving import free_port, serving
from tests.support.upstream import Upstream

SEED = bytes(range(32))


def token(seed: bytes = SEED, lifetime: timedelta = timedelta(minutes=1), age: timedelta = timedelta()) -> str:
    return Signer(seed, lifetime).sign(uuid4(), uuid4(), datetime.now(UTC) - age)


async def call(gateway: httpx.AsyncClient, authorization: str) -> int:
    return (await gateway.get("/api/projects/echo", headers={"Authorization": authorization})).status_code


async def test_a_good_token_passes_and_reaches_the_service(gateway: httpx.AsyncClient) -> None:
    good = f"Bearer {token()}"
    for _ in range(2):
        answer = await gateway.get("/api/projects/echo", headers={"Authorization": good})
        assert dict(answer.json()["headers"])["authorization"] == good


async def test_a_bad_token_is_refused_at_the_edge(gateway: httpx.AsyncClient, upstream: Upstream) -> None:
    bad = [
        "Bearer nonsense",
        "Bearer \xe9",
        f"bearer {token()}x",
        f"BEARER {token(seed=bytes(32))}",
        f"Bearer {token(age=timedelta(minutes=2))}",
    ]
    for each in bad:
        answer = await gateway.get("/api/projects/echo", headers=[(b"Authorization", each.encode("latin-1"))])
        assert (each, answer.status_code) == (each, 401)
        assert "invalid_token" in answer.headers["www-authenticate"]
    assert upstream.requests == 0


async def test_a_remembered_token_still_expires(gateway: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock skew of five seconds is for the signature; what is remembered ends on time.
    good = f"Bearer {token(lifetime=timedelta(seconds=60))}"
    assert await call(gateway, good) == 200
    monkeypatch.setattr("gateway.tokens.time", lambda: time() + 61)
    assert await call(gateway, good) == 401


async def test_other_schemes_are_not_the_gateways_business(gateway: httpx.AsyncClient) -> None:
    assert await call(gateway, "Basic abc") == 200


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.tokens.REMEMBERED", 2)
    gate = TokenGate(Signer(SEED, timedelta(minutes=1)))
    for _ in range(5):
        assert await gate.admits([(b"authorization", b"Bearer " + token().encode())])
        assert len(gate._expiry) <= 2


async def test_an_expired_token_does_not_keep_anybody_from_refreshing(
    gateway: httpx.AsyncClient, person: Person
) -> None:
    answer = await gateway.post(
        "/api/auth/refresh",
        json={"refresh_token": person.refresh_token},
        headers={"Authorization": f"Bearer {token(age=timedelta(hours=1))}"},
    )
    assert answer.status_code == 200


async def test_services_that_are_down_are_a_502(dead_settings: GatewaySettings) -> None:
    with capture_logs() as logs:
        async with serving(create_app(dead_settings)) as url, httpx.AsyncClient(base_url=url) as gateway:
            plain = await gateway.get("/api/projects")
            with_token = await gateway.get("/api/projects", headers={"Authorization": f"Bearer {token()}"})
            document = await gateway.get("/openapi.json")
            health = await gateway.get("/health/detailed")
            alive = await gateway.get("/health")
    assert (plain.status_code, plain.json()["detail"]) == (502, "The projects service cannot be reached or failed")
    assert (with_token.status_code, document.status_code) == (502, 502)
    assert health.status_code == 503
    assert "refused" in health.json()["components"]["projects"]["reason"]
    assert alive.json() == {"status": "ok"}
    assert any("refused" in each.get("reason", "") for each in logs)


async def test_readiness_names_what_a_service_lacks(
    gateway_settings: GatewaySettings, projects_settings: ProjectsSettings
) -> None:
    lacking = projects_settings.model_copy(update={"jwks_url": f"http://127.0.0.1:{free_port()}/jwks"})
    async with serving(create_projects(lacking)) as projects_url:
        settings = gateway_settings.model_copy(update={"projects_url": projects_url})
        async with serving(create_app(settings)) as url, httpx.AsyncClient(base_url=url) as gateway:
            answer = await gateway.get("/health/detailed")
    components = answer.json()["components"]
    assert answer.status_code == 503
    assert components["auth"]["status"] == "ok"
    assert components["projects"]["status"] == "failed"
    assert components["projects"]["reason"].startswith("keys: ")


async def test_pages_of_the_origins_in_the_settings_may_call(gateway: httpx.AsyncClient) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    preflight = await gateway.options("/api/projects/1", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    answer = await gateway.get("/api/projects/echo", headers={"Origin": ORIGIN})
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    stranger = await gateway.get("/api/projects/echo", headers={"Origin": "http://evil.example.org"})
    assert "access-control-allow-origin" not in stranger.headers


async def test_metrics_have_few_labels_whatever_is_asked(gateway: httpx.AsyncClient) -> None:
    for path in ("/api/projects/1", "/api/projects/2/members", "/nowhere/1", "/nowhere/2"):
        await gateway.request("BREW", path)
    metrics = (await gateway.get("/metrics")).text
    counted = {line.rpartition(" ")[0] for line in metrics.splitlines() if line.startswith("http_requests_total")}
    assert counted == {
        'http_requests_total{method="OTHER",route="/api/projects",status="200"}',
        'http_requests_total{method="OTHER",route="unmatched",status="404"}',
    }


async def test_without_origins_there_is_no_cors_and_in_production_no_docs(gateway_settings: GatewaySettings) -> None:
    production = gateway_settings.model_copy(update={"environment": Environment.PRODUCTION, "cors_origins": ()})
    async with serving(create_app(production)) as url, httpx.AsyncClient(base_url=url) as gateway:
        answer = await gateway.get("/api/projects/echo", headers={"Origin": ORIGIN})
        docs = await gateway.get("/docs")
    assert "access-control-allow-origin" not in answer.headers
    assert docs.status_code == 404
