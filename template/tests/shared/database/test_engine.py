from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database.engine import DatabaseSettings, create_engine, parse_url
from shared.database.pending import check_migrated
from shared.settings import Environment
from tests.support.stores import Stores


@pytest.fixture
def settings(stores: Stores) -> DatabaseSettings:
    return DatabaseSettings(
        environment=Environment.DEVELOPMENT,
        database_url=SecretStr(stores.database_url),
        database_pool_size=1,
        database_pool_timeout=0.2,
        database_statement_timeout=0.2,
    )


@pytest.fixture
async def engine(settings: DatabaseSettings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings, "tested")
    yield engine
    await engine.dispose()


async def test_connections_have_an_application_name_and_use_utc(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("SHOW application_name")) == "tested"
        assert await connection.scalar(text("SHOW timezone")) == "UTC"


async def test_options_of_the_url_apply_and_the_second_host_is_used_if_the_first_is_down(
    settings: DatabaseSettings,
) -> None:
    url = parse_url(settings.database_url.get_secret_value())
    several = {"host": f"127.0.0.1,{url.query['host']}", "port": f"9,{url.query['port']}", "options": "-csearch_path=x"}
    login = {"user": url.username, "password": url.password, "dbname": url.database}
    text_of_url = f"postgresql:///?{urlencode({**login, **several})}"
    engine = create_engine(settings.model_copy(update={"database_url": SecretStr(text_of_url)}), "tested")
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


async def test_lost_connection_is_replaced(engine: AsyncEngine, settings: DatabaseSettings) -> None:
    async with engine.connect() as connection:
        lost = await connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(settings, "other")
    async with other.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": lost})
    await other.dispose()
    await check_migrated(engine)


async def test_errors_do_not_contain_parameter_values(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(text("SELECT :secret FROM nowhere"), {"secret": "hunter2"})
    assert "hunter2" not in str(failed.value)
