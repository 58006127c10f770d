"""Real PostgreSQL and Valkey servers for development and tests, from wheels, without Docker."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.servers.group import Group, stop
from tasks.servers.ports import Ports
from tasks.servers.postgres import Postgres
from tasks.servers.server import Server, await_answer, launch
from tasks.servers.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """Where the servers are, passwords included; the database's user is a superuser, the database exists."""

    database_url: str
    redis_url: str


@contextmanager
def temporary() -> Iterator[Servers]:
    """Servers on free ports that keep nothing; DATABASE_URL and REDIS_URL in the environment are used instead."""
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="slipway-"))
        group = stack.enter_context(Group(scratch))
        ports = Ports()
        stack.callback(ports.close)
        urls = [
            os.environ.get(name) or stack.enter_context(_running(server, group, ports))
            for name, server in (
                ("DATABASE_URL", Postgres(scratch / "postgres", durable=False)),
                ("REDIS_URL", Valkey(scratch / "valkey", durable=False)),
            )
        ]
        yield Servers(*urls)


@contextmanager
def _running(server: Server, group: Group, ports: Ports) -> Iterator[str]:
    server.prepare()
    port = ports.take()
    process = launch(server, group, port)
    try:
        await_answer(server, process, port)
        yield server.url(port)
    finally:
        stop(process, server.stop_signal)
