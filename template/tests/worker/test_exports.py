import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from auth.app import create_app as create_auth
from auth.settings import AuthSettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from tests.conftest import SIGNING_KEY
from tests.support.clients import client_of, problem_of
from tests.support.mailing import mailing
from tests.support.stores import Stores
from tests.support.users import User, create_user
from tests.worker.conftest import Database, Work
from worker.jobs import JOBS, exports

EVENTS = """
INSERT INTO audit_events (action, subject_id, request_id, client, details, created_at)
SELECT 'project.change', %s, 'r-' || n, '192.0.2.1', jsonb_build_object('n', n), now() + n * interval '1 second'
FROM generate_series(1, %s) AS n
"""
EXPORT_JOBS = "SELECT count(*) FROM jobs WHERE name = 'export_audit_events'"


@pytest.fixture
async def export(database: Database) -> UUID:
    """An export that was requested, of a project with a few events."""
    project, export = uuid4(), uuid4()
    await database.execute("INSERT INTO projects (id, name) VALUES (%s, 'Apollo')", project)
    await database.execute("INSERT INTO audit_exports (id, project_id) VALUES (%s, %s)", export, project)
    await database.execute(EVENTS, project, 2500)
    await database.execute(EVENTS, uuid4(), 1)
    return export


def any_parts(stores: Stores) -> bool:
    """Whether a run has stored a part of an export."""
    with psycopg.connect(stores.database_url) as connection:
        return bool(connection.execute("SELECT FROM audit_export_parts LIMIT 1").rowcount)


async def read(database: Database, export: UUID) -> list[dict[str, Any]]:
    """The events of an export."""
    parts = await database.values("SELECT content FROM audit_export_parts WHERE export_id = %s ORDER BY number", export)
    return [json.loads(line) for line in gzip.decompress(b"".join(parts)).splitlines()]


async def test_export_has_the_events_of_the_project_in_order(
    database: Database, work: Work, export: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 10_000)
    async with work(JOBS["export_audit_events"]):
        await database.finished(await database.add("export_audit_events", export_id=export))
    events = await read(database, export)
    assert [event["details"]["n"] for event in events] == list(range(1, 2501))
    assert {name: events[0][name] for name in ("action", "actor_id", "request_id", "client")} == {
        "action": "project.change",
        "actor_id": None,
        "request_id": "r-1",
        "client": "192.0.2.1",
    }
    query = "SELECT size = (SELECT sum(length(content)) FROM audit_export_parts) AND events = 2500 FROM audit_exports"
    assert await database.values(query) == [True]


async def test_export_of_a_deleted_project_does_nothing(database: Database, work: Work, export: UUID) -> None:
    await database.execute("DELETE FROM projects")
    async with work(JOBS["export_audit_events"]):
        await database.finished(await database.add("export_audit_events", export_id=export))
    assert await database.values("SELECT 1 FROM audit_export_parts") == []


async def test_deletion_of_a_project_does_not_wait_for_its_running_export(
    database: Database, own_stores: Stores, work: Work, export: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "PART_BYTES", 100)
    monkeypatch.setattr(exports, "BATCH", 10)
    async with work(JOBS["export_audit_events"]):
        job = await database.add("export_audit_events", export_id=export)
        await database.until(job, lambda _: any_parts(own_stores))
        await database.execute("SET lock_timeout = '50ms'")
        await database.execute("DELETE FROM projects")
        await database.finished(job)
    assert await database.values("SELECT 1 FROM audit_export_parts") == []


async def test_export_is_written_again_after_a_run_that_was_lost(database: Database, work: Work, export: UUID) -> None:
    for number in (0, 7):
        query = "INSERT INTO audit_export_parts (export_id, number, content) VALUES (%s, %s, 'half')"
        await database.execute(query, export, number)
    async with work(JOBS["export_audit_events"]):
        await database.finished(await database.add("export_audit_events", export_id=export))
    assert len(await read(database, export)) == 2500


async def test_export_is_purged_after_a_day(database: Database, work: Work, export: UUID) -> None:
    async with work(JOBS["purge_exports"]):
        await database.finished(await database.add("purge_exports"))
        assert await database.values("SELECT id FROM audit_exports") == [export]
        await database.execute("UPDATE audit_exports SET created_at = created_at - interval '25 hours'")
        await database.finished(await database.add("purge_exports"))
    assert await database.values("SELECT id FROM audit_exports") == []


@pytest.fixture
async def owner(database: Database, own_common: dict[str, Any]) -> AsyncIterator[tuple[httpx.AsyncClient, User]]:
    """A client of the projects service and a user, in the database of the tests."""
    settings = AuthSettings(**own_common, auth_signing_key=SIGNING_KEY, argon2_memory_kib=8, argon2_rounds=1)
    async with client_of(create_auth(settings)) as auth:
        own = ProjectsSettings(**own_common, jwks_url=f"{auth.base_url}/.well-known/jwks.json")
        async with client_of(create_projects(own)) as projects:
            async with mailing(own_common):
                user = await create_user(auth)
                await database.drained()
            yield projects, user


async def test_owner_requests_and_downloads_an_export(
    database: Database, work: Work, owner: tuple[httpx.AsyncClient, User]
) -> None:
    projects, user = owner
    project = (await projects.post("/api/projects", json={"name": "Apollo"}, headers=user.headers)).json()["id"]
    path = f"/api/projects/{project}/audit-export"
    assert problem_of(await projects.get(path, headers=user.headers))[0] == 404
    requested = await projects.post(path, headers=user.headers)
    assert (requested.status_code, requested.json()["finished_at"]) == (202, None)
    # Nothing changes while the worker has not finished it.
    assert (await projects.post(path, headers=user.headers)).json() == requested.json()
    assert await database.values(EXPORT_JOBS) == [1]
    response = await projects.get(f"{path}/file", headers=user.headers)
    assert problem_of(response) == (409, "The export is not finished; try again in a moment")
    async with work(*JOBS.values()):
        await database.drained()
    response = await projects.get(f"{path}/file", headers=user.headers)
    assert response.headers["content-type"] == "application/gzip"
    lines = gzip.decompress(response.content).splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["project.create", "project.export"]
    assert (await projects.get(path, headers=user.headers)).json()["events"] == 2
    assert (await projects.post(path, headers=user.headers)).json()["finished_at"] is None
    # It replaces one that is lost.
    await database.execute("UPDATE audit_exports SET created_at = created_at - interval '2 hours'")
    await projects.post(path, headers=user.headers)
    assert await database.values(EXPORT_JOBS) == [2]
    assert await database.values("SELECT created_at > now() - interval '1 hour' FROM audit_exports") == [True]
