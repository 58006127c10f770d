import os
import signal
from secrets import token_hex
from typing import Any

import httpx

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tasks.dev import inbox
from tests.support.application import Application, gateway_urls
from tests.support.clients import client_of
from tests.support.receiver import Receiver
from tests.support.users import PASSWORD, create_user, mails


async def test_request_id_is_in_the_logs_of_every_service(client: httpx.AsyncClient, application: Application) -> None:
    user = await create_user(client)
    response = await client.get("/api/projects", headers={**user.headers, "X-Request-ID": "follow-me-through"})
    assert response.headers["x-request-id"] == "follow-me-through"
    for service in ("gateway", "projects"):
        events = await application[service].events_of("follow-me-through")
        assert [
            (each["event"], each["http.route"], each["http.response.status_code"], each["client.address"])
            for each in events
        ] == [("request", "/api/projects", 200, "127.0.0.1")]
    assert user.access_token not in application["gateway"].log.read_text(encoding="utf-8")


async def test_request_is_one_trace_through_all_services(
    client: httpx.AsyncClient, application: Application, receiver: Receiver
) -> None:
    user = await create_user(client)
    trace_id, parent_id = token_hex(16), token_hex(8)
    headers = {**user.headers, "traceparent": f"00-{trace_id}-{parent_id}-01", "x-request-id": "trace-me-through"}
    created = await client.post("/api/projects", json={"name": "Secret name"}, headers=headers)
    missing = await client.get(f"/api/projects/{user.id}", headers=headers)
    assert missing.json()["trace_id"] == trace_id
    one = "/api/projects/{project_id}"
    spans = await receiver.trace(
        trace_id,
        "gateway POST /api/projects",
        "projects POST /api/projects",
        "gateway GET /api/projects",
        f"projects GET {one}",
    )
    for method, route in (("POST", "/api/projects"), ("GET", one)):
        request, call = spans[f"gateway {method} /api/projects"], spans[f"gateway {method} projects"]
        assert request.parent_id == parent_id
        assert call.parent_id == request.span_id
        assert spans[f"projects {method} {route}"].parent_id == call.span_id
        assert (call.attributes["upstream.circuit"], call.attributes["http.request.resend_count"]) == ("closed", 0)
    insert = spans["projects INSERT projects"]
    assert insert.parent_id == spans["projects POST /api/projects"].span_id
    assert spans["projects EVALSHA"].attributes == {"db.system.name": "redis"}
    for each in (user.id, user.access_token, created.json()["id"], "Secret name"):
        assert each not in str(spans)
    for service in ("gateway", "projects"):
        events = await application[service].events_of("trace-me-through")
        assert {each["trace_id"] for each in events} == {trace_id}
        assert {each["span_id"] for each in events} <= {each.span_id for each in spans.values()}


async def test_logs_of_all_services_have_no_secrets_and_each_committed_audit_event(
    client: httpx.AsyncClient, application: Application
) -> None:
    user = await create_user(client)
    query = token_hex(16)
    await client.post("/api/auth/login", params={"q": query}, json={"email": user.email, "password": "wrong"})
    await client.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})
    await client.post("/api/auth/forgot-password", json={"email": user.email})
    reset = inbox.token(await mails(client, user.email, 2))
    headers = {**user.headers, "x-request-id": "audit-the-creation"}
    project = (await client.post("/api/projects", json={"name": "Logged"}, headers=headers)).json()["id"]
    await client.post(
        f"/api/projects/{project}/invitations", json={"email": user.email, "role": "member"}, headers=user.headers
    )
    events = await application["projects"].events_of("audit-the-creation")
    await client.get(
        "/api/projects", params={"cursor": query}, headers={**user.headers, "Authorization": f"Bearer {query}"}
    )
    logs = "".join(each.log.read_text(encoding="utf-8") for each in application.values())
    secrets = (user.email, user.email.partition("@")[0], PASSWORD, user.access_token, user.refresh_token, reset, query)
    assert [each for each in secrets if each in logs] == []
    [audited] = [each for each in events if each["event"] == "audit"]
    assert (audited["action"], audited["actor_id"], audited["subject_id"]) == ("project.create", user.id, project)


async def test_services_log_the_client_that_the_gateway_reports(
    client: httpx.AsyncClient, application: Application
) -> None:
    for service, logged in (("gateway", "127.0.0.1"), ("projects", "203.0.113.7")):
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": f"directly-to-{service}"}
        await client.get(f"{application[service].url}/api/projects", headers=headers)
        [event] = await application[service].events_of(f"directly-to-{service}")
        assert event["client.address"] == logged


async def test_each_service_counts_requests(client: httpx.AsyncClient, application: Application) -> None:
    await create_user(client)
    for service, route in (("gateway", "/api/auth"), ("auth", "/api/auth/verify")):
        text = (await client.get(application[service].metrics_url)).text
        assert f'http_requests_total{{method="POST",route="{route}",status="200"}}' in text


async def test_frozen_service_is_a_504_until_it_continues(
    client: httpx.AsyncClient, application: Application, common: dict[str, Any]
) -> None:
    user = await create_user(client)
    auth, projects = application["auth"], application["projects"]
    settings = GatewaySettings(
        **common,
        **gateway_urls(projects.url, auth=auth.url),
        upstream_timeout=2,
    )
    async with client_of(create_app(settings)) as gateway:
        os.kill(projects.popen.pid, signal.SIGSTOP)
        try:
            frozen = await gateway.get("/api/projects", headers=user.headers)
            assert (await gateway.get("/api/auth/me", headers=user.headers)).status_code == 200
        finally:
            os.kill(projects.popen.pid, signal.SIGCONT)
        assert frozen.status_code == 504
        assert frozen.headers["x-request-id"]
        assert (await gateway.get("/api/projects", headers=user.headers)).status_code == 200


async def test_head_and_options_through_the_gateway(client: httpx.AsyncClient) -> None:
    head = await client.head("/health")
    assert (head.status_code, head.content) == (200, b"")
    options = await client.options("/api/projects")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await client.head("/api/projects")).status_code == 401
