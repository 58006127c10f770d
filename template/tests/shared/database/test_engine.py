import asyncio
import os
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from auth.settings import AuthSettings
from shared.database.connection import LimitedConnection
from shared.database.engine import PoolCollector, create_engine, parse_url
from shared.database.models import User
from shared.database.pending import check_migrated
from shared.database.roles import login_role
from shared.metrics import Metrics
from tests.support.clients import SETTINGS
from tests.support.processes import frozen
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.stores import Stores, fresh, migrate

EXTERNAL = "DATABASE_URL" in os.environ
PID = text("SELECT pg_backend_pid()")


@pytest.fixture
def settings(auth_settings: AuthSettings) -> AuthSettings:
    impatient = {"database_pool_size": 1, "database_pool_timeout": 0.2, "database_statement_timeout": 0.2}
    return auth_settings.model_copy(update=impatient)


@pytest.fixture
async def engine(settings: AuthSettings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings, "auth")
    yield engine
    await engine.dispose()


@pytest.fixture
async def slow_engine(settings: AuthSettings) -> AsyncIterator[AsyncEngine]:
    """An engine with long timeouts."""
    timeouts = {"database_pool_timeout": TIMEOUT_SECONDS, "database_statement_timeout": TIMEOUT_SECONDS}
    engine = create_engine(settings.model_copy(update=timeouts), "auth")
    yield engine
    await engine.dispose()


async def test_connections_and_waits_are_measured(engine: AsyncEngine) -> None:
    metrics = Metrics("test", SETTINGS)
    metrics.watch(PoolCollector(engine))
    async with engine.connect() as connection:
        await connection.scalar(PID)
        in_use = metrics.render().decode()
        with pytest.raises(PoolTimeoutError):
            await engine.connect().start()
    text = metrics.render().decode()
    assert 'db_pool_connections{state="in use"} 1.0' in in_use
    assert 'db_pool_connections{state="idle"} 1.0' in text
    assert "db_pool_connections_max 1.0" in text
    assert "db_pool_wait_seconds_count 2.0" in text
    assert "db_pool_timeouts_total 1.0" in text


async def limited(connection: AsyncConnection) -> int:
    """Shorten the limits of an open connection; returns the PID of its server process."""
    pid: int = await connection.scalar(PID)
    limits = (await connection.get_raw_connection()).driver_connection
    assert isinstance(limits, LimitedConnection)
    limits.ping_limit = limits.statement_limit = 0.1
    return pid


async def test_connections_have_an_application_name_and_use_utc(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("SHOW application_name")) == "auth"
        assert await connection.scalar(text("SHOW timezone")) == "UTC"


async def test_options_of_the_url_apply_and_the_second_host_is_used_if_the_first_is_down(
    settings: AuthSettings,
) -> None:
    url = parse_url(settings.database_url.get_secret_value())
    several = {"host": f"127.0.0.1,{url.query['host']}", "port": f"9,{url.query['port']}", "options": "-csearch_path=x"}
    login = {"user": url.username, "password": url.password, "dbname": url.database}
    text_of_url = f"postgresql:///?{urlencode({**login, **several})}"
    engine = create_engine(settings.model_copy(update={"database_url": SecretStr(text_of_url)}), "auth")
    async with engine.connect() as connection:
        assert await connection.scalar(text("SHOW search_path")) == "x"
        assert await connection.scalar(text("SHOW timezone")) == "UTC"
    await engine.dispose()


async def test_slow_statement_is_cancelled(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(OperationalError, match="statement timeout"):
            await connection.execute(text("SELECT pg_sleep(5)"))


async def test_exhausted_pool_times_out(engine: AsyncEngine) -> None:
    async with engine.connect():
        with pytest.raises(PoolTimeoutError):
            await check_migrated(engine)


async def test_lost_connection_is_replaced(engine: AsyncEngine, settings: AuthSettings) -> None:
    async with engine.connect() as connection:
        lost = await connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(settings, "auth")
    async with other.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lost})
    await other.dispose()
    await check_migrated(engine)


async def test_errors_do_not_contain_parameter_values(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "hunter2"})
    assert "hunter2" not in str(failed.value)


async def test_requests_beyond_the_pool_wait_for_a_connection(slow_engine: AsyncEngine) -> None:
    async def select() -> Any:
        async with slow_engine.connect() as connection:
            return await connection.scalar(text("SELECT 1"))

    assert await asyncio.gather(*(select() for _ in range(60))) == [1] * 60


@pytest.mark.skipif(EXTERNAL, reason="The process of another server cannot be frozen.")
async def test_frozen_server_is_reported_after_the_limits(slow_engine: AsyncEngine) -> None:
    async with slow_engine.connect() as connection:
        with frozen(await limited(connection)), pytest.raises(OperationalError, match=r"not responded in 0\.1 s"):
            await connection.execute(text("SELECT 1"))
    async with slow_engine.connect() as connection:
        pid = await limited(connection)
    with frozen(pid):
        # The ping of the pool takes too long, so it opens another connection.
        async with slow_engine.connect() as connection:
            assert await connection.scalar(PID) != pid


@pytest.mark.skipif(EXTERNAL, reason="The process of another server cannot be frozen.")
async def test_cancelled_statement_of_a_frozen_server_ends_at_once(slow_engine: AsyncEngine) -> None:
    async with slow_engine.connect() as connection:
        with frozen(await connection.scalar(PID)):
            statement = asyncio.create_task(connection.execute(text("SELECT 1")))
            await asyncio.sleep(0)
            statement.cancel()
            await asyncio.wait([statement], timeout=TIMEOUT_SECONDS)
    assert statement.cancelled()


async def test_connection_to_a_server_that_became_read_only_is_replaced(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        pid = await connection.scalar(PID)
        await connection.execute(text("SET default_transaction_read_only = on"))
        await connection.commit()
        with pytest.raises(OperationalError, match="read-only"):
            await connection.execute(text("DELETE FROM sessions"))
    async with engine.connect() as connection:
        assert await connection.scalar(PID) != pid
        await connection.execute(text("DELETE FROM sessions WHERE false"))


async def test_read_only_server_is_unavailable(settings: AuthSettings) -> None:
    url = settings.database_url.get_secret_value()
    read_only = SecretStr(f"{url}&options=-cdefault_transaction_read_only%3Don")
    engine = create_engine(settings.model_copy(update={"database_url": read_only}), "auth")
    with pytest.raises(OperationalError, match="read-only"):
        await check_migrated(engine)
    await engine.dispose()


async def test_errors_do_not_contain_values_of_the_row(engine: AsyncEngine) -> None:
    row = {"email": "ada@example.org", "name": "", "password_hash": "hunter2"}
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError) as failed:
            await connection.execute(insert(User).values(row))
    printed = "".join(traceback.format_exception(failed.value))
    assert "users_name_length_check" in printed
    assert not [value for value in row.values() if value and value in printed]


@pytest.fixture
def own(stores: Stores) -> Iterator[Stores]:
    """A database with roles that no other test uses."""
    with fresh(stores, "password") as own:
        migrate(own.database_url)
        yield own


async def test_password_is_read_from_its_file_for_each_new_connection(
    auth_settings: AuthSettings, own: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.settings.SECRETS", tmp_path)
    name = "auth_database_password"
    update = {"database_url": SecretStr(own.database_url), name: own.passwords[name]}
    engine = create_engine(auth_settings.model_copy(update=update), "auth")
    async with engine.connect():
        with psycopg.connect(own.database_url, autocommit=True) as owner:
            role = sql.Identifier(login_role(own.owner, "auth"))
            owner.execute(sql.SQL("ALTER ROLE {} PASSWORD 'changed'").format(role))
        with pytest.raises(OperationalError, match="password authentication failed"):
            await engine.connect()
        (tmp_path / name).write_text("changed\n", encoding="utf-8")
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()
