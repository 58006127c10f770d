"""A database for each test worker, cloned from a migrated one, and Redis keys with a prefix of its own.

As on a managed server, the owner of the databases is no superuser: it creates the roles of the services.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from pydantic import SecretStr
from redis import Redis
from sqlalchemy import event
from sqlalchemy.engine import Engine

from shared.database.engine import parse_url
from shared.database.roles import RIGHTS, login_role
from tasks.database.operations import changed_url
from tasks.servers import temporary
from tests.support.serving import TIMEOUT_SECONDS

# Arguments of REPLICAOF: a replica refuses writes. Nothing listens on this port.
REPLICA = ("127.0.0.1", "9")
PRIMARY = ("NO", "ONE")


@dataclass(frozen=True)
class Stores:
    """The database and Redis keys of a run or a worker."""

    admin_url: str
    owner_url: str
    database: str
    redis_url: str
    redis_prefix: str

    @property
    def database_url(self) -> str:
        """The URL of the database for its owner."""
        return changed_url(self.owner_url, dbname=self.database)

    @property
    def owner(self) -> str:
        """The owner of the database."""
        return str(parse_url(self.owner_url).username)

    def service_url(self, service: str) -> str:
        """The URL of the database for a service."""
        return changed_url(self.database_url, user=login_role(self.owner, service))

    @property
    def passwords(self) -> dict[str, SecretStr]:
        """The settings with the passwords of the services' roles; all are that of the owner."""
        password = SecretStr(str(parse_url(self.owner_url).password))
        return {f"{service}_database_password": password for service in RIGHTS}

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@contextmanager
def template() -> Iterator[Stores]:
    """Servers for a run, with a migrated database to clone."""
    run = secrets.token_hex(4)
    with temporary() as servers, owner(servers.database_url, f"test_{run}") as owner_url:
        stores = Stores(servers.database_url, owner_url, f"test_{run}", servers.redis_url, f"test:{run}:")
        with created(stores):
            migrate(stores.database_url)
            yield stores


@contextmanager
def owner(admin_url: str, name: str, *, is_superuser: bool = False) -> Iterator[str]:
    """The URL of a new owner of databases; it is dropped in the end, with the roles that it created."""
    password = secrets.token_urlsafe()
    kind = "SUPERUSER" if is_superuser else "CREATEDB CREATEROLE"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(sql.Identifier(name), sql.SQL(kind), password)
        )
    try:
        yield changed_url(admin_url, user=name, password=password)
    finally:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            query = "SELECT rolname FROM pg_roles WHERE rolname ~ %s ORDER BY length(rolname) DESC"
            for (role,) in connection.execute(query, [f"^{name}(_|$)"]).fetchall():
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@contextmanager
def clone(stores: Stores, worker: str) -> Iterator[Stores]:
    """A worker's own database and keys."""
    own = replace(stores, database=f"{stores.database}_{worker}", redis_prefix=f"{stores.redis_prefix}{worker}:")
    with created(own, stores.database):
        yield own
    with Redis.from_url(own.redis_url) as redis:
        for key in redis.scan_iter(f"{own.redis_prefix}*"):
            redis.delete(key)


@contextmanager
def fresh(stores: Stores, suffix: str, *, is_superuser: bool = False) -> Iterator[Stores]:
    """An empty database with an owner of its own, and no roles of services yet."""
    name = f"{stores.database}_{suffix}"
    with owner(stores.admin_url, name, is_superuser=is_superuser) as owner_url:
        own = replace(stores, owner_url=owner_url, database=name)
        with created(own):
            yield own


@contextmanager
def created(stores: Stores, source: str = "template1") -> Iterator[None]:
    """Create the database, and drop it in the end together with its connections."""
    name, role = sql.Identifier(stores.database), sql.Identifier(stores.owner)
    with psycopg.connect(stores.admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(name, role, sql.Identifier(source))
        )
    try:
        yield
    finally:
        with psycopg.connect(stores.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def migrate(database_url: str) -> None:
    """Migrate a database to the newest revision."""
    config = Config(toml_file="pyproject.toml")
    url = parse_url(database_url)
    config.attributes |= {"url": url, "passwords": dict.fromkeys(RIGHTS, SecretStr(str(url.password)))}
    command.upgrade(config, "head")


@contextmanager
def statements_of(service: str) -> Iterator[list[str]]:
    """The statements that a service of this process executes in the block; other services execute others."""
    statements: list[str] = []

    def record(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if f"_{service}_login" in connection.connection.driver_connection.info.user:
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", record)


async def wait_until_locked(stores: Stores) -> None:
    """Return when a statement in the database waits for a lock; the owner would see its own statements only."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    url = changed_url(stores.admin_url, dbname=stores.database)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                if (await connection.execute(query)).rowcount:
                    return
                await asyncio.sleep(0.01)
