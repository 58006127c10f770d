"""Servers for one run of tests: quick, on free ports, and forgotten afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tasks.core.ports import Ports
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.running import Servers, running
from tasks.servers.server import Server
from tasks.servers.valkey import Valkey


@contextmanager
def temporary() -> Iterator[Servers]:
    """Servers on free ports that keep nothing; DATABASE_URL and REDIS_URL in the environment are used instead."""
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="slipway-"))
        group = stack.enter_context(Group(scratch))
        ports = stack.enter_context(Ports())
        servers: dict[str, Server] = {
            "DATABASE_URL": Postgres(scratch / "postgres", durable=False),
            "REDIS_URL": Valkey(scratch / "valkey", durable=False),
        }
        urls = [
            os.environ.get(name) or stack.enter_context(running(server, group, ports, on_usual=False))
            for name, server in servers.items()
        ]
        yield Servers(*urls)
