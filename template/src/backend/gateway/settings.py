"""What the gateway is told."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.security.jwks import JwksSettings
from shared.settings import Environment, HttpUrl, Port, Seconds, ServiceSettings, ServiceUrl, is_this_machine, refuse


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _public(origins: tuple[str, ...], _others: Mapping[str, Any]) -> str | None:
    is_public = all(each.startswith("https://") and not is_this_machine(each) for each in origins)
    return None if is_public else "should be https:// addresses of other machines"


Origins = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split), refuse(_public, Environment.PRODUCTION)]


class GatewaySettings(ServiceSettings, JwksSettings):
    """What the gateway is told."""

    gateway_port: Port = 8000
    """The port to listen on."""

    auth_url: ServiceUrl
    """Where the auth service is."""

    projects_url: ServiceUrl
    """Where the projects service is."""

    upstream_timeout: Seconds = 30
    """Seconds that a service may take to begin an answer, and between two parts of one."""

    upstream_connections: int = Field(default=256, ge=1)
    """Idle connections to keep per service."""

    cors_origins: Origins = ()
    """Origins, separated by commas, whose pages may call the API from a browser."""
