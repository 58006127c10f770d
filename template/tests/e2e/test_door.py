"""What every client of the gateway can count on: IDs, errors, sizes, health."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.application import SERVICES
from tests.support.people import Person

KIB = 1024
PART = 16 * KIB
FORGED = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}


def of_size(size: int) -> bytes:
    """A new project as JSON text of so many bytes; space between its parts is allowed and means nothing."""
    text = json.dumps({"name": "Padded"}).encode()
    return text[:-1] + b" " * (size - len(text)) + b"}"


async def in_parts(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), PART):
        yield body[start : start + PART]


async def test_a_request_keeps_its_id_or_gets_one(client: httpx.AsyncClient) -> None:
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
async def test_an_error_is_json_with_its_reason(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["detail"]
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize("size", [18, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 1000 * KIB])
@pytest.mark.parametrize("announced", [True, False])
async def test_uploads_arrive_whole_whatever_their_size(
    client: httpx.AsyncClient, ada: Person, size: int, *, announced: bool
) -> None:
    body = of_size(size)
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = await client.post("/api/projects", content=body if announced else in_parts(body), headers=headers)
    assert (answer.status_code, answer.json().get("name")) == (201, "Padded")


@pytest.mark.parametrize("announced", [True, False])
async def test_an_upload_that_is_too_big_gets_an_answer(
    client: httpx.AsyncClient, ada: Person, *, announced: bool
) -> None:
    body = of_size(4 * KIB * KIB)
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = await client.post("/api/projects", content=body if announced else in_parts(body), headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/json")


async def test_downloads_arrive_whole(client: httpx.AsyncClient, ada: Person) -> None:
    texts = [f"{number}" + "ü" * 9_990 for number in range(60)]
    for text in texts:
        body = {"name": "Long", "description": text}
        assert (await client.post("/api/projects", json=body, headers=ada.headers)).status_code == 201
    answer = await client.get("/api/projects", params={"limit": 100}, headers=ada.headers)
    assert len(answer.content) > 1000 * KIB
    assert [each["description"] for each in answer.json()["items"]] == texts[::-1]


async def test_each_of_many_at_once_gets_its_own_answer(client: httpx.AsyncClient, ada: Person, grace: Person) -> None:
    people = [ada, grace] * 20
    asked = (
        client.get("/api/auth/me", headers={**each.headers, "X-Request-ID": f"many-at-once-{number:03}"})
        for number, each in enumerate(people)
    )
    answers = await asyncio.gather(*asked)
    assert [each.json().get("email") for each in answers] == [each.email for each in people]
    assert [each.headers["x-request-id"] for each in answers] == [f"many-at-once-{n:03}" for n in range(len(people))]


async def test_the_gateway_says_how_the_application_is(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    health = await client.get("/health/detailed")
    assert health.status_code == 200, health.text
    assert {name: each["status"] for name, each in health.json()["components"].items()} == dict.fromkeys(SERVICES, "ok")
    metrics = await client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert 'http_requests_total{method="GET",route="/health"' in metrics.text


@pytest.mark.smoke
async def test_the_documentation_and_the_public_keys_are_those_of_the_application(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/api/auth/register", "/api/auth/refresh", "/api/projects", "/api/projects/{project_id}"} <= set(paths)
    [key] = (await client.get("/.well-known/jwks.json")).json()["keys"]
    assert "d" not in key
    assert key["kty"] == "OKP"
