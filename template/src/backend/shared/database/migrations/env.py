"""Alembic environment: one run at a time, each migration in its own transaction, with a short lock timeout."""

import asyncio
import time

from alembic import context
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database.comparison import describe, differences, include, review
from shared.database.engine import DatabasePasswords, MigrationSettings, owner_url
from shared.database.extensions import EXTENSIONS, create_extensions, statement
from shared.database.models import Base
from shared.database.roles import grant, prepare
from shared.settings import load

# An arbitrary number; no other advisory lock in this database may use it.
ADVISORY_LOCK = 7_300_541_229
TIMEOUT_SECONDS = 60
CONNECT_SECONDS = 10
TIMEOUTS = ("SET lock_timeout = '5s'", "SET statement_timeout = '10min'")


def run_offline() -> None:
    """Print the SQL instead of executing it."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    for sql in (*TIMEOUTS, *map(statement, EXTENSIONS)):
        context.execute(sql)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Migrate the database at `url` of the configuration's attributes, or else the one in the settings.

    The signal in the attribute `cancel_on`, if any, cancels the current statement and the run. The attribute
    `passwords` has those of the services' roles; True stands for those in the settings.
    """
    attributes = context.config.attributes
    if number := attributes.get("cancel_on"):
        task = asyncio.current_task()
        asyncio.get_running_loop().add_signal_handler(number, lambda: task and task.cancel())
    url, passwords = attributes.get("url"), attributes.get("passwords") or {}
    if url is None:
        settings = load(MigrationSettings)
        url, passwords = owner_url(settings), settings.by_service
    elif passwords is True:
        passwords = load(DatabasePasswords).by_service
    arguments = {"connect_timeout": CONNECT_SECONDS}
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    async with engine.connect() as connection:
        await connection.run_sync(migrate, passwords)
    await engine.dispose()


def migrate(connection: Connection, passwords: dict[str, SecretStr]) -> None:
    """Run the migrations as the owner of the database, holding the advisory lock, and grant the rights."""
    wait_for_lock(connection)
    for sql in TIMEOUTS:
        connection.execute(text(sql))
    create_extensions(connection)
    prepare(connection, passwords)
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        compare_server_default=True,
        include_object=include,
        on_version_apply=context.config.attributes.get("on_version_apply"),
        process_revision_directives=review,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    grant(connection)
    connection.commit()
    if (report := context.config.attributes.get("differences")) is not None:
        report |= describe(differences(connection, Base.metadata))


def wait_for_lock(connection: Connection) -> None:
    """Acquire the advisory lock, which is released with the connection.

    This polls, because a waiting transaction would block CREATE INDEX CONCURRENTLY in the run that holds the lock.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}):
        connection.rollback()
        if time.monotonic() > deadline:
            raise SystemExit(
                f"Another migration has been running for {TIMEOUT_SECONDS} s; try again when it has finished."
            )
        time.sleep(0.2)
    connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
