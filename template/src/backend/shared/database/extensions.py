"""The extensions of PostgreSQL that the database has."""

from sqlalchemy import Connection, text

# Created by the owner of the database before the first migration, for example ("citext", "pg_trgm").
EXTENSIONS: tuple[str, ...] = ()

# Servers with an extension that others lack; those in CONTRIB have the modules that come with PostgreSQL.
CONTRIB = "the image postgres or Amazon RDS"
SERVERS = {
    "postgis": "the image postgis/postgis or Amazon RDS",
    "uuid-ossp": f"{CONTRIB}; gen_random_uuid() and uuidv7() need no extension",
    "vector": "the image pgvector/pgvector or Amazon RDS",
}


def create_extensions(connection: Connection) -> None:
    """Create the extensions that the database lacks; exit with an error if the server does not have one."""
    available = set(connection.scalars(text("SELECT name FROM pg_available_extensions")))
    for name in EXTENSIONS:
        if name not in available:
            raise SystemExit(describe_missing(name))
        connection.execute(text(statement(name)))


def statement(name: str) -> str:
    """The SQL that creates an extension, with those that it requires."""
    return f'CREATE EXTENSION IF NOT EXISTS "{name}" CASCADE'


def describe_missing(name: str) -> str:
    """The error for a server without the extension, and servers that have it."""
    servers = SERVERS.get(name, f"{CONTRIB}, if it is a module that comes with PostgreSQL")
    return f"The PostgreSQL server has no extension {name}. Use a server that has it: {servers}."
