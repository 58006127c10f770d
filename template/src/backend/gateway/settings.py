"""Settings of the gateway."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.rate_limits import Rate
from shared.redis import RedisSettings
from shared.security.jwks import JwksSettings
from shared.settings import Environment, HttpUrl, Port, Seconds, ServiceSettings, ServiceUrl, is_loopback, refuse


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _public(origins: tuple[str, ...], _others: Mapping[str, Any]) -> str | None:
    is_public = all(each.startswith("https://") and not is_loopback(each) for each in origins)
    return None if is_public else "should be https:// addresses of other machines"


Origins = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split), refuse(_public, Environment.PRODUCTION)]


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)]


class GatewaySettings(ServiceSettings, JwksSettings, RedisSettings):
    """Settings of the gateway."""

    has_metrics = False

    gateway_port: Port = 8000
    """The port to listen on."""

    gateway_metrics_port: Port | None = None
    """The port of /metrics, which clients must not reach; none by default."""

    auth_url: ServiceUrl
    """The URL of the auth service."""

    projects_url: ServiceUrl
    """The URL of the projects service."""

    upstream_timeout: Seconds = 30
    """Seconds to wait for the start of a response, and for each following part of it."""

    upstream_slow: Seconds = 10
    """Seconds until the start of a response after which the service counts as too slow; see `gateway.breaker`."""

    upstream_connections: int = Field(default=256, ge=1)
    """Idle connections to keep open per service."""

    rate_limit_address: Rate = "6000/minute"
    """Requests of a client address, per process."""

    rate_limit_user: Rate = "1200/minute"
    """Requests of a user, per process."""

    rate_limit_credentials: Rate = "60/minute"
    """Logins, registrations, refreshes and other requests with a password, each, of a client address."""

    trusted_proxies: Networks = ()
    """Comma-separated networks of the proxies in front of the gateway, which report the address of the client."""

    trusted_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    """The header in which they report it; they must replace it or append to it."""

    cors_origins: Origins = ()
    """Comma-separated origins that may call the API from a browser."""
