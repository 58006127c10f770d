"""Readiness checks of the services."""

import json
from datetime import timedelta

from pyreqwest.client import Client

from shared.health import TIMEOUT_SECONDS
from shared.http import get_bytes


class NotReadyError(Exception):
    """A service is running, but a dependency of it is not available; the message names it."""


async def check_ready(client: Client, url: str) -> None:
    """Raise unless the service is ready."""
    status, body = await get_bytes(
        client, f"{url}/health/detailed", timedelta(seconds=TIMEOUT_SECONDS), raise_for_status=False
    )
    if status == 200:
        return
    components = json.loads(body).get("components", {})
    failed = [f"{name}: {each.get('reason')}" for name, each in components.items() if each.get("status") != "ok"]
    raise NotReadyError("; ".join(failed) or f"status {status}")
