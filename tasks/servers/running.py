"""Runs embedded servers for as long as a `with` block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.core.ports import Ports
from tasks.servers.group import Group, stop
from tasks.servers.server import Server, await_answer, launch


@dataclass(frozen=True)
class Servers:
    """Where the servers are, passwords included; the database's user is a superuser, the database exists."""

    database_url: str
    redis_url: str


@contextmanager
def running(server: Server, group: Group, ports: Ports, *, on_usual: bool) -> Iterator[str]:
    """The URL of the server, on its usual port if that is wanted and free."""
    server.prepare(group)
    port = ports.take(server.usual_port if on_usual else None)
    process = launch(server, group, port)
    try:
        await_answer(server, process, port)
        yield server.url(port)
    finally:
        stop(process, server.stop_signal)
