"""An empty database of its own for whoever tries migrations out."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tasks.core.errors import UserError
from tasks.database.migrations.runner import connected, driver_url


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on the server of another one; it is dropped afterwards."""
    url = driver_url(server_url)
    name = f"scratch_{secrets.token_hex(8)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with connected(engine) as connection:
            connection.exec_driver_sql(create.as_string())
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise UserError(f"Cannot create a database to try migrations in: {reason}") from None
    try:
        yield url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(drop.as_string())
