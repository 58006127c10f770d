import os
import signal

import httpx

from tests.support.application import SERVICES, Stack
from tests.support.people import join


async def test_people_register_share_a_project_and_log_out(client: httpx.AsyncClient) -> None:
    ada, grace = await join(client), await join(client)
    created = await client.post("/api/projects", json={"name": "Compiler"}, headers=ada.headers)
    path = f"/api/projects/{created.json()['id']}"
    assert (await client.get(path, headers=grace.headers)).status_code == 404
    added = await client.post(f"{path}/members", json={"email": grace.email, "role": "editor"}, headers=ada.headers)
    assert added.status_code == 201
    changed = await client.patch(path, json={"description": "A-0"}, headers=grace.headers)
    assert changed.json()["description"] == "A-0"
    listed = (await client.get("/api/projects", headers=grace.headers)).json()
    assert [(each["name"], each["role"]) for each in listed["items"]] == [("Compiler", "editor")]
    assert (await client.post("/api/auth/logout", headers=grace.headers)).status_code == 204
    assert (await client.get(path, headers=grace.headers)).status_code == 401
    assert (await client.get(path, headers=ada.headers)).status_code == 200


async def test_a_request_can_be_followed_through_the_logs_of_every_hop(client: httpx.AsyncClient, stack: Stack) -> None:
    person = await join(client)
    answer = await client.get("/api/projects", headers={**person.headers, "X-Request-ID": "follow-me-through"})
    assert answer.headers["x-request-id"] == "follow-me-through"
    for process, route in ((stack["gateway"], "/api/projects"), (stack["projects"], "/api/projects")):
        events = await process.events_of("follow-me-through")
        assert [(each["event"], each["route"], each["status"]) for each in events] == [("request", route, 200)]
    assert person.access_token not in stack["gateway"].log.read_text(encoding="utf-8")


async def test_the_gateway_speaks_for_the_whole_application(client: httpx.AsyncClient) -> None:
    health = (await client.get("/health/detailed")).json()
    assert {name: each["status"] for name, each in health["components"].items()} == dict.fromkeys(SERVICES, "ok")
    document = (await client.get("/openapi.json")).json()
    assert {"/api/auth/register", "/api/projects"} <= set(document["paths"])
    assert (await client.get("/docs")).status_code == 200


async def test_a_body_that_is_too_big_for_a_service_is_refused(client: httpx.AsyncClient) -> None:
    person = await join(client)
    big = {"name": "Big", "description": "x" * 1_100_000}
    assert (await client.post("/api/projects", json=big, headers=person.headers)).status_code == 413


async def test_each_service_counts_its_requests(client: httpx.AsyncClient, stack: Stack) -> None:
    await join(client)
    for process, route in ((stack["gateway"], "/api/auth"), (stack["auth"], "/api/auth/login")):
        text = (await client.get(f"{process.url}/metrics")).text
        assert f'http_requests_total{{method="POST",route="{route}",status="200"}}' in text


async def test_a_frozen_service_is_a_504_until_it_thaws(client: httpx.AsyncClient, stack: Stack) -> None:
    person = await join(client)
    os.kill(stack["projects"].popen.pid, signal.SIGSTOP)
    try:
        frozen = await client.get("/api/projects", headers=person.headers)
        assert (await client.get("/api/auth/me", headers=person.headers)).status_code == 200
    finally:
        os.kill(stack["projects"].popen.pid, signal.SIGCONT)
    assert frozen.status_code == 504
    assert frozen.headers["x-request-id"]
    assert (await client.get("/api/projects", headers=person.headers)).status_code == 200


async def test_head_and_options_come_through_the_gateway(client: httpx.AsyncClient) -> None:
    head = await client.head("/health")
    assert (head.status_code, head.content) == (200, b"")
    options = await client.options("/api/projects")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await client.head("/api/projects")).status_code == 401
