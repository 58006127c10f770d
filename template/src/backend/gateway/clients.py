"""Connection pools to the services."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import Client

from shared.http import create_client

LONG_TIMEOUT = timedelta(hours=1)


@dataclass(frozen=True)
class Clients:
    """A client for most requests, and one with a longer timeout for uploads and event streams.

    Two are needed because pyreqwest keeps waiting for the response headers of a cancelled request until its own
    timeout, which starts with the request and therefore includes the upload.
    """

    default: Client
    streams: Client

    @classmethod
    def create(cls, timeout: float, idle_connections: int) -> "Clients":
        """Create the clients of this process; `timeout` is in seconds and applies to most requests."""
        default, streams = (
            create_client(limit, idle_connections) for limit in (timedelta(seconds=timeout), LONG_TIMEOUT)
        )
        return cls(default, streams)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(self.default.close(), self.streams.close())
