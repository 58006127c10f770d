"""The faults: what each does to the application, and the servers and services whose calls may fail."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar

import psycopg
import redis

from tasks.deployment import rotate
from toolkit.reliability.embedded import Embedded
from toolkit.stack import POLL_SECONDS, Stack, StackFailedError, call

SERVERS = ("postgres", "redis")
SERVICES = ("auth", "projects", "worker")
ALL = frozenset({*SERVERS, *SERVICES, "gateway"})
# Longer than the timeouts for Redis, and than those for a connection to the database.
SECONDS = 10.0
# Longer than the restart of two instances, and the margin before a new key signs.
ROTATION_SECONDS = 45.0
ENGINE_SECONDS = 120.0
ENGINE = "restart the engine"
FILLER_BYTES = 1024 * 1024
MODEL = 'description: Mapped[str] = mapped_column(server_default="")\n'
MIGRATION = '''"""add colour

Revision: 5f1e7a0c0de5
Revises: {head}
"""

import sqlalchemy as sa
from alembic import op

revision = "5f1e7a0c0de5"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.add_column("projects", sa.Column("colour", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Revert this revision."""
    op.drop_column("projects", "colour")
'''


class Target(Protocol):
    """A running application."""

    @property
    def urls(self) -> list[str]:
        """The URLs of its gateways."""

    def await_healthy(self, seconds: float) -> None:
        """Wait until everything is ready. Raises UserError after so many seconds."""

    def errors(self) -> list[str]:
        """Unexpected log output since the last call."""


T = TypeVar("T", bound=Target)


@dataclass(frozen=True)
class Fault(Generic[T]):
    """A fault: `inject` returns when it is over; `recover` is what an operator does then, if anything."""

    name: str
    affects: frozenset[str]
    inject: Callable[[T], object]
    recover: Callable[[T], object] | None = None


def faults() -> list[Fault[Embedded]]:
    """All faults of the embedded application, after a run without one as a control."""
    found: list[Fault[Embedded]] = [Fault("nothing", frozenset(), lambda _: time.sleep(SECONDS))]
    found += [killed(name, name) for name in SERVERS]
    found += [killed(f"both {name}", name) for name in SERVICES]
    found += [killed(f"one of two {name}", name, 1) for name in (*SERVICES, "gateway")]
    found += [frozen(name, name) for name in SERVERS]
    found += [frozen(f"both {name}", name) for name in SERVICES]
    found += [frozen(f"one of two {name}", name, 1) for name in ("projects", "gateway")]
    found += [
        Fault(f"{name} for {SECONDS:.0f} s", frozenset({affected}), partial(lasting, during))
        for name, affected, during in (
            ("another client has all connections of PostgreSQL", "postgres", connections_taken),
            ("the table of projects is locked", "postgres", table_locked),
            ("the disk of PostgreSQL is full", "postgres", disk_full),
            ("PostgreSQL cannot write its log, as the disk is full", "postgres", log_full),
            ("PostgreSQL is read-only", "postgres", database_read_only),
            ("Redis is out of memory", "redis", partial(redis_configured, "maxmemory", "1", "0")),
            ("Redis is a replica", "redis", redis_replica),
            ("Redis lacks replicas", "redis", partial(redis_configured, "min-replicas-to-write", "1", "0")),
        )
    ]
    found.append(Fault("a migration adds a column", frozenset(), add_column))
    found.append(Fault("rolling restart of all services", frozenset(), rolling_restart))
    found.append(Fault("rotation of the signing key", frozenset(), rotate_key))
    return [*found, Fault("rotation of the database passwords", frozenset(), rotate_passwords)]


def stack_faults(restart_engine: str) -> list[Fault[Stack]]:
    """The faults of the stack; that of the engine only with the command that restarts it."""
    found: list[Fault[Stack]] = [Fault("down, then up", ALL, Stack.down, Stack.up)]
    return [*found, Fault(ENGINE, ALL, lambda _: restart(restart_engine))] if restart_engine else found


def killed(what: str, name: str, number: int = 2) -> Fault[Embedded]:
    """The death of some instances of a server or service."""
    return Fault(f"kill -9 {what}", frozenset({name}), lambda app: app.kill(*app.instances(name)[:number]))


def frozen(what: str, name: str, number: int = 2) -> Fault[Embedded]:
    """The suspension of some instances of a server or service."""

    def inject(app: Embedded) -> None:
        app.freeze(*app.instances(name)[:number], seconds=SECONDS)

    return Fault(f"freeze {what} for {SECONDS:.0f} s", frozenset({name}), inject)


def lasting(during: Callable[[Embedded], AbstractContextManager[None]], app: Embedded) -> None:
    """Inject a fault that lasts for some seconds."""
    with during(app):
        time.sleep(SECONDS)


def administer(app: Embedded) -> psycopg.Connection:
    """A connection of the superuser, which writes even if that is not the default."""
    options = "-c default_transaction_read_only=off"
    return psycopg.connect(app.database_url, autocommit=True, options=options, application_name="administrator")


def end_connections(connection: psycopg.Connection) -> None:
    """End the connections of all others."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name <> 'administrator'"
    )


@contextmanager
def connections_taken(app: Embedded) -> Iterator[None]:
    """Open connections, and end those of others, until the server has no free ones."""
    with ExitStack() as stack:
        first = stack.enter_context(administer(app))
        [maximum] = first.execute("SELECT current_setting('max_connections')::int").fetchone() or [0]
        taken = 1
        while taken < maximum:
            try:
                stack.enter_context(administer(app))
                taken += 1
            except psycopg.OperationalError:
                end_connections(first)
        yield


@contextmanager
def table_locked(app: Embedded) -> Iterator[None]:
    """Lock a table in a transaction, so that other statements wait with the connections of their pools."""
    with administer(app) as connection, connection.transaction():
        connection.execute("LOCK TABLE projects IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def disk_full(app: Embedded) -> Iterator[None]:
    """Fill the disk with a file."""
    filler = app.disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(FILLER_BYTES)) == FILLER_BYTES:
                pass
        yield
    finally:
        filler.unlink()


@contextmanager
def log_full(app: Embedded) -> Iterator[None]:
    """Fill the disk, and have PostgreSQL begin a new file of its write-ahead log: it stops, as it cannot go on."""
    with administer(app) as connection, disk_full(app):
        with suppress(psycopg.OperationalError):
            connection.execute("SELECT pg_switch_wal()")
        yield


@contextmanager
def database_read_only(app: Embedded) -> Iterator[None]:
    """Make transactions read-only and end all connections, as after a failover to a standby."""
    with administer(app) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        end_connections(connection)
        yield
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def redis_configured(name: str, value: str, normal: str, app: Embedded) -> Iterator[None]:
    """Change a setting of Redis."""
    with redis.Redis.from_url(app.redis_url) as client:
        client.config_set(name, value)
        yield
        client.config_set(name, normal)


@contextmanager
def redis_replica(app: Embedded) -> Iterator[None]:
    """Make Redis a replica of a server that does not exist, as after a failover to another one."""
    with redis.Redis.from_url(app.redis_url) as client:
        client.replicaof("127.0.0.1", 1)
        yield
        client.replicaof("NO", "ONE")


def add_column(app: Embedded) -> None:
    """Add a column to a model with a migration, and apply it while the services still have the old code."""
    database = app.project / "src/backend/shared/database"
    model, versions = database / "models/projects.py", database / "migrations/versions"
    text = model.read_text(encoding="utf-8")
    model.write_text(text.replace(MODEL, f"{MODEL}    {MODEL.replace('description', 'colour')}"), encoding="utf-8")
    with administer(app) as connection:
        [head] = connection.execute("SELECT version_num FROM alembic_version").fetchone() or [""]
    (versions / "5f1e7a0c0de5_add_colour.py").write_text(MIGRATION.format(head=head), encoding="utf-8")
    app.migrate()


def rolling_restart(app: Embedded) -> None:
    """Restart all services, one process at a time."""
    for service in (*SERVICES, "gateway"):
        for name in app.instances(service):
            app.restart(name)


def rotate_key(app: Embedded) -> None:
    """Publish a new signing key with a restart of each instance of auth, and wait until it signs."""
    since = datetime.now(UTC) + timedelta(seconds=ROTATION_SECONDS)
    app.configure({rotate.KEY: rotate.with_new_key(app.setting(rotate.KEY), since)})
    for name in app.instances("auth"):
        app.restart(name)
    time.sleep(max(0.0, (since - datetime.now(UTC)).total_seconds()))


def rotate_passwords(app: Embedded) -> None:
    """Change the passwords of services with a restart of each instance; the old ones are refused afterwards."""
    names = rotate.password_settings(app.project)
    app.configure({name: rotate.alternative(app.setting(name)) for name in names})
    app.migrate()
    for name in names:
        for instance in app.instances(name.partition("_")[0].lower()):
            app.restart(instance)
    app.retire_passwords()


def restart(command: str) -> None:
    """Restart the engine and wait until it answers. Raises StackFailedError."""
    call("sh", "-c", command)
    deadline = time.monotonic() + ENGINE_SECONDS
    while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise StackFailedError(f"the engine does not answer after: {shlex.quote(command)}")
        time.sleep(POLL_SECONDS)
