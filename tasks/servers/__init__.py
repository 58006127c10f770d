"""Real PostgreSQL and Valkey servers for development and tests, from wheels, without Docker."""

from tasks.servers.persistent import persistent
from tasks.servers.running import Servers
from tasks.servers.temporary import temporary

__all__ = ["Servers", "persistent", "temporary"]
