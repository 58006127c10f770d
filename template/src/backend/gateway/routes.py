"""Routes: the service that handles each path prefix."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.settings import GatewaySettings
from shared.request_body import MAX_BODY_SIZE

# Paths that URL parsers normalize: the gateway and the service would see different paths.
_AMBIGUOUS = re.compile(rb"[^\x21-\x7e]|\\|/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """A path prefix and the service that handles it; `path` is also the route in logs and metrics.

    A body of more than `max_body` bytes is refused; the service has its own limit, in its application factory.
    Only a route with `websockets` accepts WebSocket connections; a client can send messages of 64 MiB on one.
    """

    path: str
    service: str
    url: str
    verify_tokens: bool
    max_body: int = MAX_BODY_SIZE
    websockets: bool = False


def create_routes(settings: GatewaySettings) -> Sequence[Route]:
    """All routes; auth verifies tokens itself, so that a client can refresh while it still sends an expired one."""
    return (
        Route("/api/auth", "auth", settings.auth_url, verify_tokens=False, max_body=32 * 1024),
        Route("/.well-known/jwks.json", "auth", settings.auth_url, verify_tokens=False),
        Route("/api/invitations", "projects", settings.projects_url, verify_tokens=True),
        Route("/api/projects", "projects", settings.projects_url, verify_tokens=True),
    )


class RouteTable:
    """Finds the route of a path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = {route.path.encode("ascii"): route for route in routes}
        self._prefix = re.compile(rb"(?:%s)(?=/|\Z)" % b"|".join(map(re.escape, self._routes)))

    def find(self, raw_path: bytes) -> Route | None:
        """The route whose prefix is the path or a parent of it; None if there is none."""
        match = self._prefix.match(raw_path)
        return self._routes[match.group()] if match else None


def is_ambiguous(raw_path: bytes) -> bool:
    """Whether the path has dot segments (encoded or not), backslashes, or bytes that are not printable ASCII."""
    return _AMBIGUOUS.search(raw_path) is not None
