"""The comparison of the database with the models, on which `migrate`, `migration` and `db_check` rely."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

from shared.database.comparison import describe, differences
from shared.database.models import Base
from tests.support.stores import Stores, created


@pytest.fixture
def config(stores: Stores) -> Iterator[Config]:
    """Alembic's configuration for a migrated database."""
    own = replace(stores, database=f"{stores.database}_comparison")
    with created(own):
        config = Config(toml_file="pyproject.toml")
        config.attributes["url"] = make_url(own.database_url).set(drivername="postgresql+psycopg")
        command.upgrade(config, "head")
        yield config


@pytest.fixture
def connection(config: Config) -> Iterator[Connection]:
    """A connection to the database."""
    engine = create_engine(config.attributes["url"])
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_migrations_create_what_the_models_declare(connection: Connection) -> None:
    assert differences(connection, Base.metadata) == {}


def test_differences_are_described(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE users DROP name, ALTER email DROP NOT NULL"))
    connection.execute(text("DROP TABLE audit_events CASCADE"))
    connection.execute(text("CREATE TYPE mood AS ENUM ('good')"))
    assert describe(differences(connection, Base.metadata)) == {
        "audit_events, table: exists in the models, missing in the database": True,
        "users, column email: text NOT NULL in the models, text in the database": True,
        "users, column name: text NOT NULL in the models, missing in the database": True,
        "users, constraint users_name_length_check: "
        "CHECK (((length(name) >= 1) AND (length(name) <= 200))) in the models, missing in the database": True,
        "mood, enum: missing in the models, 'good' in the database": False,
    }


def test_a_generated_migration_warns_about_lost_and_missing_values(
    config: Config, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(text("ALTER TABLE users RENAME name TO title"))
    connection.execute(text("ALTER TABLE users ALTER password_hash SET DEFAULT 'x'"))
    connection.execute(text("ALTER TABLE users DROP CONSTRAINT users_email_lower_check"))
    connection.execute(text("ALTER TABLE users ADD CONSTRAINT users_email_lower_check CHECK (email <> '')"))
    connection.execute(text("CREATE TYPE mood AS ENUM ('good')"))
    connection.execute(text("CREATE TABLE unused (mood mood)"))
    connection.commit()
    monkeypatch.setattr(ScriptDirectory, "generate_revision", lambda *_, **__: None)
    command.revision(config, "x", autogenerate=True)
    dropped, renamed, missing = config.attributes["warnings"]
    assert dropped == (
        'unused is dropped with all its rows. To rename it instead: op.rename_table("unused", "new_name")'
    )
    assert renamed.endswith('To rename it instead: op.alter_column("users", "title", new_column_name="name")')
    assert missing.startswith("users.name is NOT NULL, but existing rows have no value for it.")
