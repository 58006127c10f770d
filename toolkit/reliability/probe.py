"""Measures when each kind of call succeeds again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from toolkit.reliability.client import READINESS, Client, Refused, http_client

EVERY_SECONDS = 0.2
# Long, as a service continues with a call whose client has timed out, and so has more load.
TIMEOUT_SECONDS = 10.0


async def first_successes(client: Client, urls: list[str], seconds: float) -> dict[str, float]:
    """The monotonic time of the first success of readiness and of each kind of call through every gateway.

    Each is retried, and those without a success within so many seconds are missing.
    """
    found = await asyncio.gather(*(_through(client, url, seconds) for url in urls))
    common = set.intersection(*map(set, found))
    return {name: max(moments[name] for moments in found) for name in common}


async def _through(client: Client, url: str, seconds: float) -> dict[str, float]:
    async with http_client([url], TIMEOUT_SECONDS) as http:
        other = client.copy(http)
        actions = {READINESS: other.readiness} | {kind.name: action for kind, action in other.actions.items()}
        deadline = time.monotonic() + seconds
        moments = await asyncio.gather(*(_first(action, deadline) for action in actions.values()))
    return {name: moment for name, moment in zip(actions, moments, strict=True) if moment is not None}


async def _first(action: Callable[[], Awaitable[None]], deadline: float) -> float | None:
    while (started := time.monotonic()) < deadline:
        try:
            await action()
        except Refused:
            await asyncio.sleep(max(0.0, started + EVERY_SECONDS - time.monotonic()))
        else:
            return time.monotonic()
    return None
