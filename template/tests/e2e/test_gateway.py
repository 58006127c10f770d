"""General behaviour of the gateway: request IDs, errors, sizes, health."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import ROUTED
from tests.support.clients import problem_of
from tests.support.users import User

KIB = 1024
PART = 16 * KIB
FORGED = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}


def of_size(size: int) -> bytes:
    """The JSON of a project, padded with spaces to this size in bytes."""
    text = json.dumps({"name": "Padded"}).encode()
    return text[:-1] + b" " * (size - len(text)) + b"}"


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PART):
        yield body[start : start + PART]


async def test_request_id_is_kept_or_generated(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/api/projects", "/nowhere"):
        given = await client.get(path, headers={"X-Request-ID": "end-to-end-0001"})
        assert given.headers.get_list("x-request-id") == ["end-to-end-0001"]
        made = [(await client.get(path)).headers["x-request-id"] for _ in range(2)]
        assert len(set(made)) == 2


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/api/nowhere", {}, 404),
        ("GET", "/api/projects", {}, 401),
        ("GET", "/api/projects", FORGED, 401),
        ("GET", "/api/auth/me", FORGED, 401),
        ("PUT", "/api/auth/login", {}, 405),
        ("POST", "/api/auth/login", {}, 422),
        ("GET", "/api/projects/%2e%2e/auth", {}, 400),
    ],
)
@pytest.mark.smoke
async def test_errors_are_problem_details(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    response = await client.request(method, path, headers=headers)
    assert problem_of(response)[0] == status
    assert ("www-authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize("size", [18, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 128 * KIB])
@pytest.mark.parametrize("announced", [True, False])
async def test_uploads_of_any_size_are_complete(
    client: httpx.AsyncClient, user: User, size: int, *, announced: bool
) -> None:
    body = of_size(size)
    headers = {**user.headers, "Content-Type": "application/json"}
    response = await client.post("/api/projects", content=body if announced else in_parts(body), headers=headers)
    assert (response.status_code, response.json().get("name")) == (201, "Padded")


@pytest.mark.parametrize("announced", [True, False])
async def test_too_large_upload_is_rejected(client: httpx.AsyncClient, user: User, *, announced: bool) -> None:
    body = of_size(4 * KIB * KIB)
    headers = {**user.headers, "Content-Type": "application/json"}
    response = await client.post("/api/projects", content=body if announced else in_parts(body), headers=headers)
    assert problem_of(response)[0] == 413


async def test_large_response_is_complete(client: httpx.AsyncClient, user: User) -> None:
    texts = [f"{number}" + "🚀" * 9_990 for number in range(30)]
    for text in texts:
        body = {"name": "Long", "description": text}
        assert (await client.post("/api/projects", json=body, headers=user.headers)).status_code == 201
    response = await client.get("/api/projects", params={"limit": 100}, headers=user.headers)
    assert len(response.content) > 1000 * KIB
    assert [each["description"] for each in response.json()["items"]] == texts[::-1]


async def test_concurrent_requests_get_their_own_responses(
    client: httpx.AsyncClient, user: User, other_user: User
) -> None:
    users = [user, other_user] * 20
    requests = (
        client.get("/api/auth/me", headers={**each.headers, "X-Request-ID": f"many-at-once-{number:03}"})
        for number, each in enumerate(users)
    )
    responses = await asyncio.gather(*requests)
    assert [each.json().get("email") for each in responses] == [each.email for each in users]
    assert [each.headers["x-request-id"] for each in responses] == [f"many-at-once-{n:03}" for n in range(len(users))]


async def test_health_of_the_application(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    health = await client.get("/health/detailed")
    assert health.status_code == 200, health.text
    statuses = {name: each["status"] for name, each in health.json()["components"].items()}
    assert set(statuses) >= set(ROUTED)
    assert set(statuses.values()) == {"ok"}


@pytest.mark.smoke
async def test_metrics_cannot_be_reached(client: httpx.AsyncClient) -> None:
    for path in ("/metrics", "/api/projects/metrics", "/api/auth/metrics", "/api/auth/../metrics"):
        assert "http_requests" not in (await client.get(path)).text
    assert (await client.get("/metrics")).status_code == 404


@pytest.mark.smoke
async def test_openapi_document_and_public_keys_are_served(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/api/auth/register", "/api/auth/refresh", "/api/projects", "/api/projects/{project_id}"} <= set(paths)
    [key] = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert "d" not in key
    assert key["kty"] == "OKP"
