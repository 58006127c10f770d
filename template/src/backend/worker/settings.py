"""Settings of the worker."""

from pydantic import Field

from shared.database.engine import DatabaseSettings, RolePassword
from shared.redis import RedisSettings
from shared.settings import Port, ServiceSettings


class WorkerSettings(ServiceSettings, DatabaseSettings, RedisSettings):
    """Settings of the worker."""

    worker_port: Port = 8003
    """The port to listen on, for health checks and metrics."""

    worker_database_password: RolePassword
    """Secret: the password of the worker in the database."""

    database_pool_size: int = Field(default=10, ge=4)
    """Connections per process; the worker runs three jobs fewer at once."""

    @property
    def jobs_at_once(self) -> int:
        """The jobs that run at once in a process; relay, notifications and health checks use a connection each."""
        return self.database_pool_size - 3
