"""Asks the services whether they are ready."""

import json
from datetime import timedelta

from pyreqwest.client import Client

from shared.health import TIMEOUT_SECONDS
from shared.http import get_bytes


class NotReadyError(Exception):
    """A service answers, but something that it needs does not; the message says what."""


async def ask(client: Client, url: str) -> None:
    """Raise unless the service is ready."""
    status, body = await get_bytes(client, f"{url}/health/detailed", timedelta(seconds=TIMEOUT_SECONDS), check=False)
    if status == 200:
        return
    components = json.loads(body).get("components", {})
    failed = [f"{name}: {each.get('reason')}" for name, each in components.items() if each.get("status") != "ok"]
    raise NotReadyError("; ".join(failed) or f"status {status}")
