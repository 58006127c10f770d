"""A host name whose addresses a test sets."""

import asyncio
import socket
from typing import Any, Self

import pytest

NAME = "projects.test"


class Names:
    """The addresses of the name NAME, which a test changes; other names are looked up as usual."""

    def __init__(self) -> None:
        self.ports: list[int] = []
        self.lookups = 0

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> Self:
        """Answer the lookups of the running event loop."""
        names = cls()
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
        return names

    async def getaddrinfo(self, host: str, port: int, **options: Any) -> list[Any]:
        if host != NAME:
            return socket.getaddrinfo(host, port, **options)
        self.lookups += 1
        if not self.ports:
            raise socket.gaierror(socket.EAI_NONAME, "unknown name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", each)) for each in self.ports]
