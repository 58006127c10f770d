"""What the gateway is told."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from shared.security.jwks import JwksSettings
from shared.settings import HttpUrl, Port, Seconds, ServiceSettings


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class GatewaySettings(ServiceSettings, JwksSettings):
    """What the gateway is told."""

    gateway_port: Port = 8000
    """The port to listen on."""

    auth_url: HttpUrl
    """Where the auth service is."""

    projects_url: HttpUrl
    """Where the projects service is."""

    upstream_timeout: Seconds = 30
    """Seconds that a service may take to begin an answer, and between two parts of one."""

    upstream_connections: int = Field(default=256, ge=1)
    """Idle connections to keep per service."""

    cors_origins: Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(_split)] = ()
    """Origins, separated by commas, whose pages may call the API from a browser."""
