"""The pools of connections to the services."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import Client

from shared.http import create_client

UPLOAD_LIMIT = timedelta(hours=1)


@dataclass(frozen=True)
class Clients:
    """One client for requests, and one for uploads, which may take longer than any answer.

    The client library goes on waiting for the headers of a request that was cancelled, until its own timeout, which
    runs from the start of the request, ends that.
    """

    plain: Client
    uploads: Client

    @classmethod
    def create(cls, timeout: float, idle_connections: int) -> "Clients":
        """The clients of a process, for services that have `timeout` seconds to answer."""
        plain, uploads = (
            create_client(limit, idle_connections) for limit in (timedelta(seconds=timeout), UPLOAD_LIMIT)
        )
        return cls(plain, uploads)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(self.plain.close(), self.uploads.close())
