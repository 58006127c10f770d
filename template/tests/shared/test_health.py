import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from psycopg import AsyncConnection, sql
from sqlalchemy.exc import OperationalError

from projects.app import create_app
from projects.settings import ProjectsSettings
from shared.audit import check_writable
from shared.database.engine import create_engine
from shared.health import run_checks
from shared.security.tokens import Signer, SigningKey
from tests.support.clients import client_of, problem_of
from tests.support.serving import free_port
from tests.support.stores import Stores
from tests.support.users import User


async def test_reason_is_the_first_line_of_the_innermost_cause() -> None:
    async def check() -> None:
        raise RuntimeError("something failed") from ValueError("the substance\nand more")

    health = await run_checks({"part": check})
    assert health.status == "failed"
    assert health.components["part"].reason == "the substance"


async def test_slow_check_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.health.TIMEOUT_SECONDS", 0.05)
    health = await run_checks({"stuck": lambda: asyncio.sleep(10), "fine": lambda: asyncio.sleep(0)})
    assert health.components["stuck"].reason == "no response in 0.05 s"
    assert 50 <= health.components["stuck"].latency_ms < 10_000
    assert health.components["fine"].status == "ok"


async def test_failure_of_an_optional_part_is_only_degraded() -> None:
    async def fail() -> None:
        raise RuntimeError("gone")

    health = await run_checks({"part": lambda: asyncio.sleep(0)}, {"extra": fail})
    assert (health.status, health.components["extra"].status) == ("degraded", "degraded")
    assert (await run_checks({"part": fail}, {"extra": fail})).status == "failed"
    assert (await run_checks({}, {})).status == "ok"


async def test_service_is_ready_when_all_dependencies_are(projects: httpx.AsyncClient) -> None:
    response = await projects.get("/health/detailed")
    assert response.status_code == 200
    assert {name: each["status"] for name, each in response.json()["components"].items()} == {
        "database": "ok",
        "redis": "ok",
        "keys": "ok",
    }
    assert all(set(each) == {"status", "latency_ms"} for each in response.json()["components"].values())


async def test_service_without_dependencies_is_live_and_reports_them(common: dict[str, Any]) -> None:
    port = free_port()
    unavailable = {
        "database_url": f"postgresql://someone:hunter2@127.0.0.1:{port}/app",
        "redis_url": f"redis://:hunter2@127.0.0.1:{port}/0",
        "jwks_url": f"http://127.0.0.1:{port}/jwks.json",
    }
    token = Signer([SigningKey(bytes(32))], timedelta(minutes=1)).sign(uuid4(), uuid4(), datetime.now(UTC))
    app = create_app(ProjectsSettings(**{**common, **unavailable}))
    async with client_of(app) as client:
        live = await client.get("/health")
        ready = await client.get("/health/detailed")
        malformed = await client.get("/api/projects", headers={"Authorization": "Bearer a.b.c"})
        listed = await client.get("/api/projects", headers={"Authorization": f"Bearer {token}"})
    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert ready.status_code == 503
    assert "hunter2" not in ready.text
    components = ready.json()["components"]
    # Without Redis, the service only works more slowly.
    assert {name: each["status"] for name, each in components.items()} == {
        "database": "failed",
        "keys": "failed",
        "redis": "degraded",
    }
    for component in components.values():
        assert "refused" in component["reason"] or "Connect call failed" in component["reason"], component
    assert malformed.status_code == 401
    assert (listed.status_code, listed.headers["retry-after"]) == (503, "5")


# What PostgreSQL reports when its disk is full, it is read-only, out of memory or connections, or shutting down.
REFUSALS = ["53100", "25006", "53200", "53300", "57P01", "57P02", "57P03"]


@pytest.fixture
async def refuse(stores: Stores) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Makes the database refuse writes with an error; in the end, it accepts them again."""
    async with await AsyncConnection.connect(stores.database_url, autocommit=True) as connection:

        async def fail(code: str) -> None:
            await connection.execute(
                sql.SQL(
                    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
                    "BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = {}; END $$"
                ).format(sql.Literal(code))
            )
            await connection.execute(
                "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON audit_events EXECUTE FUNCTION refuse()"
            )

        yield fail
        await connection.execute("DROP FUNCTION IF EXISTS refuse CASCADE")


async def test_database_that_refuses_writes_is_a_503_while_it_lasts(
    projects: httpx.AsyncClient, user: User, stores: Stores, refuse: Callable[[str], Awaitable[None]]
) -> None:
    for code in REFUSALS:
        await refuse(code)
        created = await projects.post("/api/projects", json={"name": "Rockets"}, headers=user.headers)
        health = await projects.get("/health/detailed")
        assert (problem_of(created)[0], created.headers["retry-after"]) == (503, "5"), code
        assert (health.status_code, health.json()["components"]["database"]["status"]) == (503, "failed"), code
    async with await AsyncConnection.connect(stores.database_url, autocommit=True) as connection:
        await connection.execute("DROP FUNCTION refuse CASCADE")
    assert (await projects.get("/health/detailed")).status_code == 200
    assert (await projects.post("/api/projects", json={"name": "Rockets"}, headers=user.headers)).status_code == 201


async def test_readiness_leaves_nothing_in_the_audit_log(projects: httpx.AsyncClient, stores: Stores) -> None:
    assert (await projects.get("/health/detailed")).status_code == 200
    async with await AsyncConnection.connect(stores.database_url) as connection:
        found = await (await connection.execute("SELECT FROM audit_events WHERE action = 'health'")).fetchall()
    assert found == []


async def test_readiness_needs_space_on_the_disk(stores: Stores, projects_settings: ProjectsSettings) -> None:
    async with await AsyncConnection.connect(stores.admin_url, autocommit=True) as connection:
        name = sql.Identifier(stores.database)
        engine = create_engine(projects_settings, "projects")
        try:
            await connection.execute(sql.SQL("ALTER DATABASE {} SET temp_file_limit = 0").format(name))
            with pytest.raises(OperationalError, match="temporary file size exceeds"):
                await check_writable(engine)
        finally:
            await connection.execute(sql.SQL("ALTER DATABASE {} RESET temp_file_limit").format(name))
            await engine.dispose()
