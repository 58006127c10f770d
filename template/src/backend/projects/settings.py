"""Settings of the projects service."""

from shared.database.engine import DatabaseSettings, RolePassword
from shared.mail import MailRequestSettings
from shared.rate_limits import Rate
from shared.redis import RedisSettings
from shared.security.jwks import JwksSettings
from shared.settings import Port, ServiceSettings


class ProjectsSettings(ServiceSettings, DatabaseSettings, RedisSettings, JwksSettings, MailRequestSettings):
    """Settings of the projects service."""

    projects_port: Port = 8002
    """The port to listen on."""

    projects_database_password: RolePassword
    """Secret: the password of the projects service in the database."""

    rate_limit_invitations: Rate = "100/day"
    """Invitations of a user, in all processes."""
