"""Settings of the projects service."""

from shared.database.engine import DatabaseSettings, RolePassword
from shared.redis import RedisSettings
from shared.security.jwks import JwksSettings
from shared.settings import Port, ServiceSettings


class ProjectsSettings(ServiceSettings, DatabaseSettings, RedisSettings, JwksSettings):
    """Settings of the projects service."""

    projects_port: Port = 8002
    """The port to listen on."""

    projects_database_password: RolePassword
    """Secret: the password of the projects service in the database."""
