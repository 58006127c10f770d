"""Database settings and the connection pool."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import OperationalError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.security.weak_credentials import separate_password_weakness, url_weakness
from shared.settings import Seconds, Settings, refuse, url_scheme

# The exceptions that mean that the database is unavailable.
UNAVAILABLE_ERRORS = (OperationalError, PoolTimeoutError)

DatabaseUrl = Annotated[SecretStr, AfterValidator(url_scheme("postgresql", "postgres")), refuse(url_weakness)]
DatabasePassword = Annotated[SecretStr | None, refuse(partial(separate_password_weakness, "database_url"))]


class DatabaseSettings(Settings):
    """Settings of the database connection."""

    database_url: DatabaseUrl
    """postgresql://user[:password]@host:port/name"""

    database_password: DatabasePassword = Field(default=None, validate_default=True)
    """Secret: the password, if the URL has none."""

    database_pool_size: int = Field(default=10, ge=1)
    """Connections per process."""

    database_pool_timeout: Seconds = 5
    """Seconds to wait for a new connection to the server, and for a free one in the pool."""

    database_statement_timeout: Seconds = 10
    """Seconds until the server cancels a statement."""


def driver_url(settings: DatabaseSettings) -> URL:
    """The URL for SQLAlchemy: with the driver, and with the password if that is a separate setting."""
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
    password = settings.database_password
    return url.set(password=password.get_secret_value()) if password and url.password is None else url


def create_engine(settings: DatabaseSettings, application_name: str) -> AsyncEngine:
    """Create an engine with a connection pool; it connects on first use and does not log parameter values."""
    return create_async_engine(
        driver_url(settings),
        hide_parameters=True,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=settings.database_pool_timeout,
        pool_pre_ping=True,
        connect_args={
            "application_name": application_name,
            "connect_timeout": max(2, round(settings.database_pool_timeout)),
            "options": f"-c statement_timeout={round(settings.database_statement_timeout * 1000)} -c timezone=UTC",
        },
    )


async def ping(engine: AsyncEngine) -> None:
    """Run a query; raises if the database is unavailable."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
