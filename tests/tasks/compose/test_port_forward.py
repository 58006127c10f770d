"""Forwarding the stack's ports in a devcontainer, between real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.compose import port_forward
from tasks.compose.port_forward import PortForward
from tasks.core.ports import LOOPBACK, Ports, is_free
from tests.support import ROOT
from tests.tasks.small_project import until


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A folder from which is forwarded, until the test has ended."""
    (tmp_path / "tasks").symlink_to(ROOT / "tasks")
    yield tmp_path
    port_forward.end(tmp_path)


@pytest.fixture
def ports() -> Iterator[Ports]:
    with Ports() as free:
        yield free


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says in capitals what it was told, when it has been told all."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(whole(connection).upper())

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def ask(port: int, text: bytes) -> bytes:
    """What comes back for this."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return whole(connection)


def whole(connection: socket.socket) -> bytes:
    """All that is sent until the other side has nothing more to say."""
    return b"".join(iter(lambda: connection.recv(1024), b""))


def test_both_directions_pass_whole(project: Path, ports: Ports, echo: int) -> None:
    port = ports.take()
    port_forward.start(project, [PortForward(port, "localhost", echo)])
    until(lambda: not is_free(port))
    text = b"hello " * 50_000
    assert ask(port, text) == text.upper()


def test_a_port_that_is_taken_is_left_alone_and_the_others_serve(project: Path, ports: Ports, echo: int) -> None:
    port = ports.take()
    with socket.create_server((LOOPBACK, 0)) as taken:
        port_forward.start(
            project, [PortForward(taken.getsockname()[1], "localhost", echo), PortForward(port, LOOPBACK, echo)]
        )
        until(lambda: not is_free(port))
        assert ask(port, b"still here") == b"STILL HERE"


def test_where_nothing_listens_the_connection_is_closed(project: Path, ports: Ports) -> None:
    port, nothing = ports.take(), ports.take()
    port_forward.start(project, [PortForward(port, LOOPBACK, nothing)])
    until(lambda: not is_free(port))
    assert ask(port, b"") == b""


def test_only_what_the_project_has_forwarded_ends(project: Path, ports: Ports, echo: int, tmp_path: Path) -> None:
    port = ports.take()
    port_forward.start(project, [PortForward(port, LOOPBACK, echo)])
    until(lambda: not is_free(port))
    port_forward.end(tmp_path.parent)
    assert not is_free(port)
    port_forward.end(project)
    until(lambda: is_free(port))


@pytest.mark.parametrize("word", ["8000", "8000=gateway", "x=gateway:8000", "8000=:8000"])
def test_a_way_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(SystemExit, match=f"not PORT=HOST:PORT: {word}"):
        port_forward.main([word])
