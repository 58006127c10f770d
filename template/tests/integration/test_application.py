import os
import signal
from typing import Any

import httpx

from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.application import Application, gateway_urls
from tests.support.clients import client_of
from tests.support.users import create_user


async def test_request_id_is_in_the_logs_of_every_service(client: httpx.AsyncClient, application: Application) -> None:
    user = await create_user(client)
    response = await client.get("/api/projects", headers={**user.headers, "X-Request-ID": "follow-me-through"})
    assert response.headers["x-request-id"] == "follow-me-through"
    for service in ("gateway", "projects"):
        events = await application[service].events_of("follow-me-through")
        assert [(each["event"], each["route"], each["status"], each["client"]) for each in events] == [
            ("request", "/api/projects", 200, "127.0.0.1")
        ]
    assert user.access_token not in application["gateway"].log.read_text(encoding="utf-8")


async def test_services_log_the_client_that_the_gateway_reports(
    client: httpx.AsyncClient, application: Application
) -> None:
    for service, logged in (("gateway", "127.0.0.1"), ("projects", "203.0.113.7")):
        headers = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": f"directly-to-{service}"}
        await client.get(f"{application[service].url}/api/projects", headers=headers)
        [event] = await application[service].events_of(f"directly-to-{service}")
        assert event["client"] == logged


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
