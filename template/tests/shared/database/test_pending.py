import asyncio
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from structlog.testing import capture_logs

from auth.app import create_app
from auth.settings import AuthSettings
from shared.database.pending import MIGRATIONS, find_pending
from tests.support.clients import client_of, problem_of
from tests.support.stores import Stores, created, migrate
from tests.support.users import PASSWORD, new_email

REVISIONS = [each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]


@pytest.fixture
def empty(stores: Stores) -> Iterator[str]:
    """The URL of a database without tables."""
    own = replace(stores, database=f"{stores.database}_pending")
    with created(own):
        yield own.database_url


def test_migrations_after_the_heads_are_pending() -> None:
    for applied in range(len(REVISIONS) + 1):
        found = find_pending(REVISIONS[applied - 1 : applied] if applied else [])
        assert [each.revision for each in found] == REVISIONS[applied:]


def test_unknown_head_is_that_of_a_newer_database() -> None:
    assert find_pending(["0123456789ab"]) == []


async def test_missing_migrations_are_reported_with_the_command_until_they_are_applied(
    auth_settings: AuthSettings, empty: str
) -> None:
    settings = auth_settings.model_copy(update={"database_url": SecretStr(empty)})
    user = {"email": new_email(), "name": "Someone", "password": PASSWORD}
    with capture_logs() as logs:
        async with client_of(create_app(settings)) as auth:
            unready = await auth.get("/health/detailed")
            refused = await auth.post("/api/auth/register", json=user)
            await asyncio.to_thread(migrate, empty)
            ready = await auth.get("/health/detailed")
            registered = await auth.post("/api/auth/register", json=user)
        reported = [each["reason"] for each in logs if each["event"] == "dependency unavailable"]
        # A missing table without a missing migration is an error of the service.
        with psycopg.connect(empty) as connection:
            connection.execute("DROP TABLE registrations CASCADE")
        async with client_of(create_app(settings)) as auth:
            failed = await auth.post("/api/auth/register", json=user)
    reason = unready.json()["components"]["database"]["reason"]
    assert reason.startswith(f"the database lacks migrations: {REVISIONS[0]} (")
    assert "; apply them: nox -s migrate" in reason
    assert unready.status_code == 503
    assert problem_of(refused) == (503, "A dependency is unavailable; try again")
    assert reported == [reason]
    assert (ready.status_code, registered.status_code, failed.status_code) == (200, 202, 500)
