"""The roles of the database: the owner, which migrations use, and a role of each service with the rights below."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from psycopg import sql
from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

OWN = "SELECT, INSERT, UPDATE, DELETE"
# The start of a password of the second login role.
SECOND = "b:"
# Until the connections of a role have ended.
RETIRE_SECONDS = 60.0

# What the queries of each service need. A run of the migrations grants exactly this; so remove a right only when no
# running version of the service needs it. Every service can also read which migrations are applied.
RIGHTS: dict[str, dict[str, str]] = {
    "auth": {
        "users": OWN,
        "sessions": OWN,
        "registrations": "SELECT, INSERT, DELETE",
        "account_tokens": "SELECT, DELETE",
        "audit_events": "INSERT",
        "jobs": "INSERT",
    },
    "projects": {
        "projects": OWN,
        "memberships": OWN,
        "invitations": OWN,
        "users": "SELECT (id, email, name)",
        # While Redis is away.
        "sessions": "SELECT (id, user_id, expires_at, revoked_at)",
        "audit_events": "INSERT",
        "project_events": "SELECT",
        "jobs": "INSERT",
        "audit_exports": "SELECT, INSERT, DELETE",
        "audit_export_parts": "SELECT",
    },
    "worker": {
        "jobs": OWN,
        "schedules": "SELECT, INSERT, UPDATE",
        "users": "SELECT (id, email, account_version)",
        "registrations": "SELECT (id, email, created_at), DELETE",
        "invitations": "SELECT (id, email, expires_at), UPDATE (token_hash), DELETE",
        "account_tokens": "SELECT (token_hash, expires_at), INSERT, DELETE",
        "audit_exports": "SELECT, UPDATE (finished_at, events, size), DELETE",
        "audit_export_parts": "SELECT (export_id), INSERT, DELETE",
        "project_events": "SELECT",
        "sessions": "SELECT (id, expires_at), DELETE",
        "audit_events": "INSERT",
    },
}

# Functions that do something with the rights of the owner, and the only service that can call each.
FUNCTIONS = {"release_projects": "auth", "delete_audit_events": "worker"}

# Statements that give the objects of the current user to the owner. REASSIGN OWNED refuses the first superuser's.
# Sequences of columns belong to their tables.
TRANSFER = text(r"""
WITH mine AS (
    SELECT 'pg_class'::regclass AS catalog, oid, 'TABLE' AS kind, relnamespace AS namespace, oid::regclass::text AS name
    FROM pg_class WHERE relowner = current_user::regrole AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, 'ROUTINE', pronamespace, oid::regprocedure::text
    FROM pg_proc WHERE proowner = current_user::regrole
    UNION ALL
    SELECT 'pg_type'::regclass, oid, 'TYPE', typnamespace, oid::regtype::text
    FROM pg_type WHERE typowner = current_user::regrole AND (
        typtype IN ('e', 'd', 'r') OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
    )
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 'SCHEMA', oid, quote_ident(nspname)
    FROM pg_namespace WHERE nspowner = current_user::regrole
    UNION ALL
    SELECT 'pg_database'::regclass, oid, 'DATABASE', 0, quote_ident(datname)
    FROM pg_database WHERE datdba = current_user::regrole AND datname = current_database()
)
SELECT format('ALTER %s %s OWNER TO %I', kind, name, CAST(:owner AS text)) FROM mine
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE oid = namespace AND nspname ~ '^(pg_|information_schema$)')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = mine.oid AND deptype IN ('e', 'a', 'i'))
""")


def rights_role(user: str, service: str) -> str:
    """The role with the rights of a service; `user` is the one of DATABASE_URL."""
    return f"{user}_{service}"


def login_role(user: str, service: str, password: str = "") -> str:
    """The role that a service connects as, a member of `rights_role`.

    There are two, with which rotations of the password alternate: a password that starts with b: is of the second.
    """
    suffix = "_b" if password.startswith(SECOND) else ""
    return f"{rights_role(user, service)}_login{suffix}"


def owner_role(user: str) -> str:
    """The owner of the database, if the user of DATABASE_URL is a superuser; otherwise that user is the owner."""
    return f"{user}_owner"


def prepare(connection: Connection, passwords: Mapping[str, SecretStr]) -> None:
    """Create missing roles, set the passwords of these services, and go on as the owner.

    A superuser gives the owner what it owns itself in this database, such as the tables of older versions.
    """
    query = "SELECT rolname, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = session_user"
    user, is_superuser, may_create = connection.execute(text(query)).one()
    if not may_create:
        raise SystemExit(
            f"{user} may not create the roles of the services. As an administrator, run: ALTER ROLE {user} CREATEROLE"
        )
    exists = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    for service in RIGHTS:
        rights = rights_role(user, service)
        create(connection, rights, exists, "CREATE ROLE {} NOLOGIN")
        for prefix in ("", SECOND):
            create(connection, login_role(user, service, prefix), exists, "CREATE ROLE {} LOGIN IN ROLE {}", rights)
    for service, secret in passwords.items():
        password = secret.get_secret_value()
        set_password(connection, login_role(user, service, password), password)
    if is_superuser:
        owner = owner_role(user)
        create(connection, owner, exists, "CREATE ROLE {} NOLOGIN")
        for statement in connection.scalars(TRANSFER, {"owner": owner}).all():
            connection.exec_driver_sql(statement)
        execute(connection, "SET ROLE {}", owner)


def create(connection: Connection, role: str, exists: set[str], statement: str, *names: str) -> None:
    """Create a role, unless it exists, or a run for another database of the server has created it meanwhile."""
    if role not in exists:
        with suppress(IntegrityError, ProgrammingError), connection.begin_nested():
            execute(connection, statement, role, *names)


def set_password(connection: Connection, role: str, password: str) -> None:
    """Set a password; the server only gets its hash, so that no log can contain it."""
    client: Any = connection.connection.driver_connection
    hashed = client.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    execute(connection, f"ALTER ROLE {{}} LOGIN PASSWORD '{hashed}'", role)


def retire(connection: Connection, passwords: Mapping[str, SecretStr]) -> None:
    """Disable the login roles that these passwords are not of, when their connections have ended.

    SystemExit names the roles that still have some after a while; nothing has changed then.
    """
    user = connection.scalar(text("SELECT session_user"))
    used = {login_role(user, service, each.get_secret_value()) for service, each in passwords.items()}
    unused = {login_role(user, service, prefix) for service in passwords for prefix in ("", SECOND)} - used
    query = text("SELECT DISTINCT usename FROM pg_stat_activity WHERE usename = ANY(:roles)")
    deadline = time.monotonic() + RETIRE_SECONDS
    while connected := sorted(connection.scalars(query, {"roles": sorted(unused)})):
        connection.rollback()
        if time.monotonic() > deadline:
            raise SystemExit(f"Services still connect as {', '.join(connected)}. Restart them, then try again.")
        time.sleep(0.2)
    exists = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    for role in sorted(unused & exists):
        execute(connection, "ALTER ROLE {} NOLOGIN PASSWORD NULL", role)
    connection.commit()


def grant(connection: Connection) -> None:
    """Give each service exactly its rights, and nobody else the right to create tables."""
    query = "SELECT session_user, current_database(), current_schema()"
    user, database, schema = connection.execute(text(query)).one()
    execute(connection, "REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC", database)
    execute(connection, "REVOKE CREATE ON SCHEMA {} FROM PUBLIC", schema)
    for service, tables in RIGHTS.items():
        role = rights_role(user, service)
        execute(connection, "GRANT USAGE ON SCHEMA {} TO {}", schema, role)
        execute(connection, "REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}", schema, role)
        for table, rights in {"alembic_version": "SELECT", **tables}.items():
            execute_if_exists(connection, f"GRANT {rights} ON {{}} TO {{}}", table, role)
    for function, caller in FUNCTIONS.items():
        execute_if_exists(connection, "REVOKE ALL ON FUNCTION {} FROM PUBLIC", function)
        for service in RIGHTS:
            change = "GRANT EXECUTE ON FUNCTION {} TO {}" if service == caller else "REVOKE ALL ON FUNCTION {} FROM {}"
            execute_if_exists(connection, change, function, rights_role(user, service))


def execute_if_exists(connection: Connection, statement: str, *names: str) -> None:
    """The same as `execute`, without an effect for what a migration that is not written yet creates, or was undone."""
    try:
        with connection.begin_nested():
            execute(connection, statement, *names)
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn | UndefinedFunction):
            raise


def execute(connection: Connection, statement: str, *names: str) -> None:
    """Run a statement with these names in it."""
    connection.exec_driver_sql(sql.SQL(statement).format(*map(sql.Identifier, names)).as_string())
