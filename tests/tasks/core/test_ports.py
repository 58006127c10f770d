"""Claims of ports."""

from __future__ import annotations

from tasks.core.ports import Ports


def test_two_processes_never_take_the_same_port() -> None:
    with Ports() as first, Ports() as second:
        port = first.take()
        assert second.take(port) != port
    with Ports() as third:
        assert third.take(port) == port
