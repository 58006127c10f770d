"""Each service can do exactly what its rights allow, whether a superuser runs the migrations or the owner."""

import secrets
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from pydantic import SecretStr

from shared.database import roles
from shared.database.engine import parse_url
from shared.database.migrate import end_rotation, upgrade
from shared.database.models import Base
from tasks.database.operations import changed_url
from tests.support.application import SERVICES
from tests.support.stores import Stores, fresh, migrate

OWN = {"SELECT", "INSERT", "UPDATE", "DELETE"}
# The rights of each service on whole tables, and on single columns.
ALLOWED = {
    "auth": {
        "users": OWN,
        "sessions": OWN,
        "registrations": {"SELECT", "INSERT", "DELETE"},
        "account_tokens": {"SELECT", "DELETE"},
        "audit_events": {"INSERT"},
        "jobs": {"INSERT"},
        "alembic_version": {"SELECT"},
    },
    "projects": {
        "projects": OWN,
        "memberships": OWN,
        "invitations": OWN,
        "audit_events": {"INSERT"},
        "project_events": {"SELECT"},
        "jobs": {"INSERT"},
        "audit_exports": {"SELECT", "INSERT", "DELETE"},
        "audit_export_parts": {"SELECT"},
        "alembic_version": {"SELECT"},
    },
    "worker": {
        "jobs": OWN,
        "registrations": {"DELETE"},
        "invitations": {"DELETE"},
        "account_tokens": {"INSERT", "DELETE"},
        "sessions": {"DELETE"},
        "audit_events": {"INSERT"},
        "project_events": {"SELECT"},
        "audit_exports": {"SELECT", "DELETE"},
        "audit_export_parts": {"INSERT", "DELETE"},
        "schedules": {"SELECT", "INSERT", "UPDATE"},
        "alembic_version": {"SELECT"},
    },
}
ALLOWED_COLUMNS = {
    "auth": {},
    "projects": {
        "users": {("SELECT", "id"), ("SELECT", "email"), ("SELECT", "name")},
        "sessions": {("SELECT", each) for each in ("id", "user_id", "expires_at", "revoked_at")},
    },
    "worker": {
        "sessions": {("SELECT", "id"), ("SELECT", "expires_at")},
        "users": {("SELECT", "id"), ("SELECT", "email"), ("SELECT", "account_version")},
        "registrations": {("SELECT", "id"), ("SELECT", "email"), ("SELECT", "created_at")},
        "invitations": {
            *(("SELECT", each) for each in ("id", "email", "expires_at")),
            ("UPDATE", "token_hash"),
        },
        "account_tokens": {("SELECT", "token_hash"), ("SELECT", "expires_at")},
        "audit_exports": {("UPDATE", each) for each in ("finished_at", "events", "size")},
        "audit_export_parts": {("SELECT", "export_id")},
    },
}
# Without functions of extensions, which everybody may call.
CALLABLE = """
    SELECT proname FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype
        AND has_function_privilege(oid, 'EXECUTE')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = oid AND deptype = 'e')
"""
HELD = """
    SELECT relname, privilege, NULL::text FROM pg_class, unnest(%(on_tables)s::text[]) AS privilege
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
        AND has_table_privilege(pg_class.oid, privilege)
    UNION ALL
    SELECT relname, privilege, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid,
        unnest(%(on_columns)s::text[]) AS privilege
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
        AND has_column_privilege(pg_class.oid, attnum, privilege) AND NOT has_table_privilege(pg_class.oid, privilege)
"""
ON_TABLES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
ON_COLUMNS = ["SELECT", "INSERT", "UPDATE", "REFERENCES"]

FORBIDDEN = {
    "auth": [
        "SELECT FROM projects",
        "INSERT INTO memberships DEFAULT VALUES",
        "SELECT FROM jobs",
        "UPDATE jobs SET name = 'x'",
    ],
    "projects": [
        "SELECT FROM jobs",
        "SELECT password_hash FROM users",
        "SELECT * FROM users",
        "UPDATE users SET name = 'x'",
        "SELECT token_hash FROM sessions",
    ],
    "worker": [
        "SELECT password_hash FROM users",
        "SELECT token_hash FROM sessions",
        "UPDATE sessions SET expires_at = now()",
        "UPDATE audit_exports SET project_id = NULL",
    ],
}
FORBIDDEN_TO_ALL = [
    "COPY alembic_version FROM PROGRAM 'echo 1'",
    "COPY alembic_version TO '/tmp/x'",
    "SELECT pg_read_file('PG_VERSION')",
    "CREATE TABLE planted ()",
    "CREATE TEMPORARY TABLE planted ()",
    "CREATE SCHEMA planted",
    "CREATE ROLE planted",
    "ALTER TABLE users ADD planted int",
    "DROP TABLE projects",
    "TRUNCATE sessions",
    "SELECT FROM audit_events",
    "UPDATE audit_events SET action = 'x'",
    "DELETE FROM audit_events",
    "UPDATE alembic_version SET version_num = 'x'",
    "SET ROLE {owner}",
]


@pytest.fixture(scope="module", params=[False, True], ids=["owner", "superuser"])
def migrated(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Stores]:
    """A database that its owner migrated, or a superuser."""
    with fresh(stores, "roles", is_superuser=request.param) as own:
        migrate(own.database_url)
        yield own


@pytest.fixture
def old(stores: Stores) -> Iterator[Stores]:
    """An empty database of a superuser, which older versions of migrations and services connected as."""
    with fresh(stores, "old", is_superuser=True) as own:
        yield own


def held(url: str) -> tuple[dict[str, set[str]], dict[str, set[tuple[str, str]]]]:
    """The rights of the user of the URL on tables, and on columns."""
    tables, columns = defaultdict[str, set[str]](set), defaultdict[str, set[tuple[str, str]]](set)
    with psycopg.connect(url) as connection:
        for table, right, column in connection.execute(HELD, {"on_tables": ON_TABLES, "on_columns": ON_COLUMNS}):
            if column is None:
                tables[table].add(right)
            else:
                columns[table].add((right, column))
    return dict(tables), dict(columns)


@pytest.mark.parametrize("service", ALLOWED)
def test_service_has_exactly_its_rights(migrated: Stores, service: str) -> None:
    assert held(migrated.service_url(service)) == (ALLOWED[service], ALLOWED_COLUMNS[service])
    with psycopg.connect(migrated.service_url(service), autocommit=True) as connection:
        functions = {name for name, caller in roles.FUNCTIONS.items() if caller == service}
        assert {name for (name,) in connection.execute(CALLABLE)} == functions
        for statement in [*FORBIDDEN[service], *FORBIDDEN_TO_ALL]:
            with pytest.raises(InsufficientPrivilege):
                connection.execute(sql.SQL(statement).format(owner=sql.Identifier(migrated.owner)))
        connection.execute("INSERT INTO audit_events (action, subject_id) VALUES ('x', gen_random_uuid())")


def test_services_with_a_database_and_tables_of_the_models_have_rights() -> None:
    settings = {name: import_module(f"{name}.settings") for name in SERVICES}
    with_database = {name for name, module in settings.items() if "DatabaseSettings" in vars(module)}
    assert with_database == set(roles.RIGHTS)
    assert {table for tables in roles.RIGHTS.values() for table in tables} <= {*Base.metadata.tables, "project_events"}


def test_objects_of_older_versions_get_the_owner_and_keep_their_rows(old: Stores) -> None:
    objects = """
        CREATE TYPE mood AS ENUM ('calm');
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TYPE pair AS (a int, b int);
        CREATE TABLE notes (id serial PRIMARY KEY, mood mood, number positive);
        CREATE VIEW calm AS SELECT * FROM notes;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM notes;
        CREATE SEQUENCE alone;
        CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE SCHEMA other;
        CREATE TABLE other.notes AS SELECT 1 AS n;
        CREATE EXTENSION citext;
        INSERT INTO notes (mood, number) VALUES ('calm', 1);
    """
    kept = """
        SELECT 'class', oid::regclass::text FROM pg_class WHERE relowner = session_user::regrole
        UNION ALL SELECT 'schema', nspname FROM pg_namespace WHERE nspowner = session_user::regrole
        UNION ALL SELECT 'database', datname FROM pg_database WHERE datdba = session_user::regrole
        UNION ALL SELECT 'type', oid::regtype::text FROM pg_type WHERE typowner = session_user::regrole
        UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE proowner = session_user::regrole
    """
    with psycopg.connect(old.database_url, autocommit=True) as connection:
        connection.execute(objects)
        assert len(connection.execute(kept).fetchall()) > 20
        migrate(old.database_url)
        assert {name for _, name in connection.execute(kept) if "citext" not in name} == set()
        assert connection.execute("SELECT mood, number FROM calm").fetchall() == [("calm", 1)]
        owner = connection.execute(
            "SELECT rolsuper, rolcanlogin FROM pg_roles WHERE rolname = %s", [f"{old.owner}_owner"]
        )
        assert owner.fetchall() == [(False, False)]
    migrate(old.database_url)


def test_rights_follow_the_list_on_every_run(old: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(old.database_url)
    monkeypatch.setitem(roles.RIGHTS, "projects", {"sessions": "SELECT (id)"})
    migrate(old.database_url)
    assert held(old.service_url("projects")) == ({"alembic_version": {"SELECT"}}, {"sessions": {("SELECT", "id")}})


def test_changed_password_is_applied_by_the_next_run(old: Stores) -> None:
    migrate(old.database_url)
    changed = changed_url(old.database_url, password="another password")
    with psycopg.connect(old.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD 'another password'").format(sql.Identifier(old.owner)))
    migrate(changed)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(old.service_url("auth"))
    psycopg.connect(changed_url(old.service_url("auth"), password="another password")).close()


def test_rotated_password_is_valid_beside_the_old_one_until_that_is_retired(old: Stores) -> None:
    migrate(old.database_url)
    url, second = old.service_url("auth"), f"{roles.SECOND}{secrets.token_urlsafe()}"
    new = changed_url(url, user=roles.login_role(old.owner, "auth", second), password=second)
    passwords = {"auth": SecretStr(second)}
    upgrade(parse_url(old.database_url), passwords)
    with psycopg.connect(url), psycopg.connect(new), pytest.MonkeyPatch.context() as impatient:
        assert held(new) == held(url)
        impatient.setattr(roles, "RETIRE_SECONDS", 0.0)
        with pytest.raises(SystemExit, match=f"^Services still connect as {old.owner}_auth_login. Restart them, then"):
            end_rotation(parse_url(old.database_url), passwords)
    end_rotation(parse_url(old.database_url), passwords)
    with pytest.raises(psycopg.OperationalError, match=r"not permitted to log in|authentication failed"):
        psycopg.connect(url)
    psycopg.connect(new).close()
    # The other services and the next rotation are not affected.
    psycopg.connect(old.service_url("projects")).close()
    migrate(old.database_url)
    psycopg.connect(url).close()


def test_owner_that_may_not_create_roles_is_reported_with_the_remedy(stores: Stores) -> None:
    with fresh(stores, "norole") as own:
        with psycopg.connect(own.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(sql.Identifier(own.owner)))
        with pytest.raises(SystemExit, match=f"As an administrator, run: ALTER ROLE {own.owner} CREATEROLE"):
            migrate(own.database_url)
