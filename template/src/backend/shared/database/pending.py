"""Detects migrations of this code that the database lacks."""

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATIONS = Path(__file__).with_name("migrations")
COMMAND = "nox -s migrate, or in a container python -m shared.database.migrate"


class PendingMigrationsError(Exception):
    """The database lacks migrations of this code."""


async def check_migrated(engine: AsyncEngine) -> None:
    """Raise if the database is unavailable, or lacks a migration of this code; it may have newer ones."""
    async with engine.connect() as connection:
        exists = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
        heads = (await connection.scalars(text("SELECT version_num FROM alembic_version"))).all() if exists else []
    if pending := await asyncio.to_thread(find_pending, heads):
        missing = ", ".join(f"{each.revision} ({each.doc})" for each in pending)
        raise PendingMigrationsError(f"the database lacks migrations: {missing}; apply them: {COMMAND}")


def find_pending(heads: Sequence[str]) -> list[Script]:
    """The migrations that are not among these and their ancestors, oldest first; none if a head is unknown."""
    scripts = _scripts()
    try:
        applied = {each.revision for each in scripts.iterate_revisions(tuple(heads), "base")}
    except RevisionError:
        return []
    return [each for each in scripts.walk_revisions() if each.revision not in applied][::-1]


@cache
def _scripts() -> ScriptDirectory:
    """The migrations of this code, read once."""
    return ScriptDirectory(str(MIGRATIONS))
