"""Finds the moment from which on the application does everything again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from toolkit.reliability.client import READINESS, Client, Refused, http_client

EVERY_SECONDS = 0.2
# A service goes on with a call that is given up, so that impatience would add to the load that it waits for.
TIMEOUT_SECONDS = 10.0


async def answers(client: Client, url: str, seconds: float) -> dict[str, float]:
    """When readiness and a call of each kind first succeeded, by the monotonic clock, each tried again and again.

    What has not succeeded in so many seconds is missing.
    """
    async with http_client(url, TIMEOUT_SECONDS) as http:
        other = client.aside(http)
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
