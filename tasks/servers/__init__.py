"""Real PostgreSQL and Valkey servers for development and tests, from wheels, without Docker."""

from tasks.servers.embedded import Servers, persistent, temporary

__all__ = ["Servers", "persistent", "temporary"]
