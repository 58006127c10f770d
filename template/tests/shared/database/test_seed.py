import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, NullPool, create_engine, select, text

from auth.app import create_app as create_auth
from auth.settings import AuthSettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from shared.database import seed as module
from shared.database.engine import parse_url
from shared.database.models import Base, Project
from shared.database.seed import PHRASE, person, seed
from shared.security.passwords import PasswordHashing
from tasks.database.operations import changed_url
from tests.support.clients import client_of, http_client
from tests.support.serving import serve
from tests.support.stores import Stores, fresh, migrate

TABLES = ("users", "projects", "memberships", "invitations", "audit_events")

Run = Callable[..., str]


@pytest.fixture(scope="module")
def own(stores: Stores) -> Iterator[Stores]:
    """A migrated database without users."""
    with fresh(stores, "seed") as own:
        migrate(own.database_url)
        yield own


@pytest.fixture
def connection(own: Stores) -> Iterator[Connection]:
    """A connection whose changes are rolled back."""
    with create_engine(parse_url(own.database_url), poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def emptied(own: Stores) -> Iterator[Connection]:
    """A connection; the database is emptied in the end."""
    engine = create_engine(parse_url(own.database_url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
        connection.execute(text("TRUNCATE users, projects, memberships, audit_events CASCADE"))


@pytest.fixture
def run(own: Stores, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command; returns its output, and the error with which it exits."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "DATABASE_URL": changed_url(own.database_url, password=""),
        "DATABASE_PASSWORD": str(parse_url(own.owner_url).password),
        **{name.upper(): each.get_secret_value() for name, each in own.passwords.items()},
    }

    def main(*arguments: str, environment: str = "development") -> str:
        monkeypatch.setattr(os, "environ", {**settings, "ENVIRONMENT": environment})
        monkeypatch.setattr(sys, "argv", ["seed", *arguments])
        error = ""
        try:
            module.main()
        except SystemExit as exited:
            error = str(exited)
        captured = capsys.readouterr()
        return captured.out + captured.err + error

    return main


def rows(connection: Connection) -> dict[str, list[str]]:
    """All rows."""
    return {name: sorted(map(str, connection.execute(select(Base.metadata.tables[name])))) for name in TABLES}


def test_same_number_of_people_gives_the_same_rows(connection: Connection) -> None:
    seed(connection, 40)
    first = rows(connection)
    connection.rollback()
    module.person.cache_clear()
    assert seed(connection, 15)["users"] == 15
    assert seed(connection, 40)["users"] == 25
    assert rows(connection) == first
    assert min(map(len, first.values())) > 20
    assert seed(connection, 40) == dict.fromkeys(TABLES, 0)


def test_missing_people_are_added_again_and_others_stay_as_they_are(connection: Connection) -> None:
    seed(connection, 20)
    connection.execute(text("UPDATE users SET name = 'Changed' WHERE id = :id"), {"id": person(1).id})
    connection.execute(text("DELETE FROM users WHERE id = :id"), {"id": person(2).id})
    before = rows(connection)
    assert seed(connection, 20)["users"] == 1
    assert {name: set(before[name]) - set(after) for name, after in rows(connection).items()} == {
        name: set() for name in TABLES
    }


def test_history_is_in_order(connection: Connection) -> None:
    seed(connection, 40)
    for impossible in (
        "SELECT FROM audit_events e JOIN users ON users.id = actor_id WHERE e.created_at < users.created_at",
        "SELECT FROM audit_events WHERE created_at > '2027-01-01'",
        "SELECT FROM memberships m JOIN users ON id = user_id WHERE m.created_at < users.created_at",
        "SELECT FROM memberships m JOIN projects ON id = project_id WHERE m.created_at < projects.created_at",
        "SELECT FROM projects WHERE NOT EXISTS (SELECT FROM memberships WHERE project_id = id AND role = 'owner')",
    ):
        assert connection.execute(text(impossible)).rowcount == 0, impossible


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_deployed_database_is_not_seeded(run: Run, connection: Connection, environment: str) -> None:
    assert run(environment=environment) == f"Only a development database can be seeded; ENVIRONMENT is {environment}."
    assert connection.scalar(text("SELECT count(*) FROM users")) == 0


def test_number_of_people_is_positive(run: Run) -> None:
    assert "error: people should be 1 or more\n" in run("0")


def test_database_with_other_users_is_seeded_on_request(run: Run, emptied: Connection) -> None:
    added = run("3")
    assert added.startswith("Added 3 users, ")
    assert added.endswith(f"Log in as {person(0).email} with the password: {PHRASE}\n")
    assert run("3").startswith("Nothing to add")
    emptied.execute(text("INSERT INTO users (email, name, password_hash) VALUES ('a@example.org', 'A', '')"))
    assert run("4") == ("The database has users who are not seeded (1). To add seeded ones:\nnox -s db -- seed 4 --add")
    assert run("4", "--add").startswith("Added 1 users, ")


def test_error_of_the_database_is_two_lines(run: Run, emptied: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = tuple(each.replace("name", "title") for each in module.COLUMNS[Project])
    monkeypatch.setattr(module, "COLUMNS", module.COLUMNS | {Project: columns})
    assert run("3") == (
        'Nothing was added: column "title" does not exist\nThe rows are made in src/backend/shared/database/seed.py.'
    )
    assert emptied.scalar(text("SELECT count(*) FROM users")) == 0


async def test_first_person_logs_in_and_sees_projects(
    own: Stores, emptied: Connection, auth_settings: AuthSettings, projects_settings: ProjectsSettings
) -> None:
    with create_engine(parse_url(own.database_url), poolclass=NullPool).begin() as connection:
        seed(connection, 3)
    stores = {"database_url": SecretStr(own.database_url), **own.passwords}
    async with serve(create_auth(auth_settings.model_copy(update=stores))) as url, http_client(url) as auth:
        tokens = await auth.post("/api/auth/login", json={"email": person(0).email, "password": PHRASE})
        headers = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
        settings = projects_settings.model_copy(update={**stores, "jwks_url": f"{url}/.well-known/jwks.json"})
        async with client_of(create_projects(settings)) as projects:
            listed = (await projects.get("/api/projects", headers=headers)).json()
    assert len(listed["items"]) >= 3
    assert {each["role"] for each in listed["items"]} >= {"owner"}


def test_hash_has_the_parameters_of_the_auth_service(connection: Connection) -> None:
    seed(connection, 1)
    fields = AuthSettings.model_fields
    memory, rounds, timeout = (fields[f"argon2_{name}"].default for name in ("memory_kib", "rounds", "timeout"))
    password_hash = str(connection.scalar(text("SELECT password_hash FROM users")))
    assert not PasswordHashing(memory, rounds, timeout).needs_rehash(password_hash)
