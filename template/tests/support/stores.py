"""A database for each test worker, cloned from a migrated one, and Redis keys with a prefix of its own."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from redis import Redis

from shared.database.engine import parse_url
from tasks.database.operations import with_database
from tasks.servers import temporary
from tests.support.serving import TIMEOUT_SECONDS

# Arguments of REPLICAOF: a replica refuses writes. Nothing listens on this port.
REPLICA = ("127.0.0.1", "9")
PRIMARY = ("NO", "ONE")


@dataclass(frozen=True)
class Stores:
    """The database and Redis keys of a run or a worker."""

    admin_url: str
    database: str
    redis_url: str
    redis_prefix: str

    @property
    def database_url(self) -> str:
        return with_database(self.admin_url, self.database)

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


@contextmanager
def template() -> Iterator[Stores]:
    """Servers for a run, with a migrated database to clone."""
    run = secrets.token_hex(4)
    with temporary() as servers:
        stores = Stores(servers.database_url, f"test_{run}", servers.redis_url, f"test:{run}:")
        with created(stores):
            migrate(stores.database_url)
            yield stores


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
def created(stores: Stores, source: str = "template1") -> Iterator[None]:
    """Create the database, and drop it in the end together with its connections."""
    name = sql.Identifier(stores.database)
    with psycopg.connect(stores.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(source)))
    try:
        yield
    finally:
        with psycopg.connect(stores.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def migrate(database_url: str) -> None:
    """Migrate a database to the newest revision."""
    config = Config(toml_file="pyproject.toml")
    config.attributes["url"] = parse_url(database_url)
    command.upgrade(config, "head")


async def wait_until_locked(stores: Stores) -> None:
    """Return when a statement in the database waits for a lock."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with await psycopg.AsyncConnection.connect(stores.database_url, autocommit=True) as connection:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                if (await connection.execute(query)).rowcount:
                    return
                await asyncio.sleep(0.01)
