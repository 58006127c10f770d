"""Which service answers which paths."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.settings import GatewaySettings

# What a URL parser would rewrite on the way, so that service and gateway would see different paths.
_AMBIGUOUS = re.compile(rb"[^\x21-\x7e]|\\|/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """A prefix of paths and the service behind it; `path` is its name in logs and metrics."""

    path: str
    service: str
    url: str
    checks_tokens: bool


def routes(settings: GatewaySettings) -> Sequence[Route]:
    """The table; auth looks at its own tokens, as an expired one must not keep anybody from refreshing it."""
    return (
        Route("/api/auth", "auth", settings.auth_url, checks_tokens=False),
        Route("/.well-known/jwks.json", "auth", settings.auth_url, checks_tokens=False),
        Route("/api/projects", "projects", settings.projects_url, checks_tokens=True),
    )


class Table:
    """Finds the route of a path."""

    def __init__(self, table: Sequence[Route]) -> None:
        self._routes = {route.path.encode("ascii"): route for route in table}
        self._prefix = re.compile(rb"(?:%s)(?=/|\Z)" % b"|".join(map(re.escape, self._routes)))

    def find(self, raw_path: bytes) -> Route | None:
        """The route whose prefix is the path, or the path up to one of its slashes."""
        found = self._prefix.match(raw_path)
        return self._routes[found.group()] if found else None


def is_ambiguous(raw_path: bytes) -> bool:
    """Whether the path has dot segments, encoded or not, backslashes, or bytes that are not printable ASCII."""
    return _AMBIGUOUS.search(raw_path) is not None
