import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from projects.app import create_app
from projects.settings import ProjectsSettings
from shared.health import examine
from shared.security.tokens import Signer
from tests.support.serving import free_port, serving


async def test_the_reason_is_the_innermost_causes_first_line() -> None:
    async def check() -> None:
        raise RuntimeError("something failed") from ValueError("the substance\nand more")

    health = await examine({"part": check})
    assert health.status == "failed"
    assert health.components["part"].reason == "the substance"


async def test_a_check_that_does_not_end_fails_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.health.TIMEOUT_SECONDS", 0.05)
    health = await examine({"stuck": lambda: asyncio.sleep(10), "fine": lambda: asyncio.sleep(0)})
    assert health.components["stuck"].reason == "no answer in 0.05 s"
    assert 50 <= health.components["stuck"].latency_ms < 10_000
    assert health.components["fine"].status == "ok"


async def test_a_service_is_ready_when_all_that_it_needs_answers(projects: httpx.AsyncClient) -> None:
    answer = await projects.get("/health/detailed")
    assert answer.status_code == 200
    assert {name: each["status"] for name, each in answer.json()["components"].items()} == {
        "database": "ok",
        "redis": "ok",
        "keys": "ok",
    }
    assert all(set(each) == {"status", "latency_ms"} for each in answer.json()["components"].values())


async def test_a_service_that_lacks_everything_is_alive_and_says_what_it_lacks(common: dict[str, Any]) -> None:
    port = free_port()
    dead = {
        "database_url": f"postgresql://someone:hunter2@127.0.0.1:{port}/app",
        "redis_url": f"redis://:hunter2@127.0.0.1:{port}/0",
        "jwks_url": f"http://127.0.0.1:{port}/jwks.json",
    }
    token = Signer(bytes(32), timedelta(minutes=1)).sign(uuid4(), uuid4(), datetime.now(UTC))
    app = create_app(ProjectsSettings(**{**common, **dead}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        alive = await client.get("/health")
        ready = await client.get("/health/detailed")
        made_up = await client.get("/api/projects", headers={"Authorization": "Bearer a.b.c"})
        listed = await client.get("/api/projects", headers={"Authorization": f"Bearer {token}"})
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert ready.status_code == 503
    assert "hunter2" not in ready.text
    for component in ready.json()["components"].values():
        assert component["status"] == "failed"
        assert "refused" in component["reason"] or "Connect call failed" in component["reason"], component
    assert made_up.status_code == 401
    assert (listed.status_code, listed.headers["retry-after"]) == (503, "5")
