import os

import psycopg
import pytest
from alembic.config import main as alembic

from shared.database.models import Base
from tests.support.stores import Stores, fresh


def test_alembic_upgrade_creates_the_tables_of_the_models(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh(stores, "alembic") as empty:
        passwords = {name.upper(): password.get_secret_value() for name, password in empty.passwords.items()}
        environment = {"ENVIRONMENT": "development", "DATABASE_URL": empty.database_url, **passwords}
        monkeypatch.setattr(os, "environ", {**os.environ, **environment})
        alembic(["upgrade", "head"])
        with psycopg.connect(empty.database_url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {name for (name,) in tables} == {*Base.metadata.tables, "alembic_version"}


def test_alembic_upgrade_reports_a_missing_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "ENVIRONMENT": "development", "DATABASE_URL": ""})
    with pytest.raises(SystemExit) as exited:
        alembic(["upgrade", "head"])
    assert exited.value.code == 2
    assert "DATABASE_URL" in capsys.readouterr().err


def test_every_foreign_key_has_an_index(stores: Stores) -> None:
    query = """
        SELECT conrelid::regclass::text, conname FROM pg_constraint
        WHERE contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index WHERE indrelid = conrelid AND (indkey::int2[])[0:0] = conkey[1:1]
        )
    """
    with psycopg.connect(stores.database_url) as connection:
        assert connection.execute(query).fetchall() == []
