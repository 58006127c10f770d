"""Runs migrations: one at a time, each in its own transaction, without waiting long for locks."""

import asyncio
import time

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.engine import DatabaseSettings, driver_url
from shared.database.models import Base
from shared.settings import load

# Any number that no other advisory lock in this database uses.
ADVISORY_LOCK = 7_300_541_229
TIMEOUT_SECONDS = 60
CONNECT_SECONDS = 10
TIMEOUTS = ("SET lock_timeout = '5s'", "SET statement_timeout = '10min'")


def run_offline() -> None:
    """Write the SQL instead of running it."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    for statement in TIMEOUTS:
        context.execute(statement)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Migrate the database that the settings name, or that `url` in the configuration's attributes does."""
    url = context.config.attributes.get("url") or driver_url(load(DatabaseSettings))
    arguments = {"connect_timeout": CONNECT_SECONDS}
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


def migrate(connection: Connection) -> None:
    """Run the migrations, with no other run beside them."""
    wait_for_lock(connection)
    for statement in TIMEOUTS:
        connection.execute(text(statement))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        on_version_apply=context.config.attributes.get("on_version_apply"),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def wait_for_lock(connection: Connection) -> None:
    """Take the lock, which ends with the connection.

    Asks again and again: a transaction that waits would hold up CREATE INDEX CONCURRENTLY in the run that has the lock.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}):
        connection.rollback()
        if time.monotonic() > deadline:
            raise SystemExit(f"Another migration has been running for {TIMEOUT_SECONDS} s; wait until it has ended.")
        time.sleep(0.2)
    connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
