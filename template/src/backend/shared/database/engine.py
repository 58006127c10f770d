"""The pool of database connections and its settings."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import OperationalError, TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.security.credentials import weak_beside, weak_in_url
from shared.settings import Seconds, Settings, refuse, url_of

# What it means when the database does not answer.
UNAVAILABLE = (OperationalError, PoolTimeoutError)

DatabaseUrl = Annotated[SecretStr, AfterValidator(url_of("postgresql", "postgres")), refuse(weak_in_url)]
DatabasePassword = Annotated[SecretStr | None, refuse(partial(weak_beside, "database_url"))]


class DatabaseSettings(Settings):
    """Where the database is and how it is used."""

    database_url: DatabaseUrl
    """postgresql://user[:password]@host:port/name"""

    database_password: DatabasePassword = Field(default=None, validate_default=True)
    """Secret: the password, where the URL has none."""

    database_pool_size: int = Field(default=10, ge=1)
    """Connections per process."""

    database_pool_timeout: Seconds = 5
    """Seconds to wait for a connection: for the server to accept it, and for one of the pool to be free."""

    database_statement_timeout: Seconds = 10
    """Seconds after which the server ends a statement."""


def driver_url(settings: DatabaseSettings) -> URL:
    """The URL with the driver that SQLAlchemy is to use, and with the password if that is set apart."""
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+psycopg")
    password = settings.database_password
    return url.set(password=password.get_secret_value()) if password and url.password is None else url


def create_engine(settings: DatabaseSettings, application_name: str) -> AsyncEngine:
    """A pooled engine; connects on first use, and never logs the values of parameters."""
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
    """Raise unless the database answers."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
