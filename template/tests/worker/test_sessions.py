from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.models import Session, User
from tests.worker.conftest import Database, Work
from worker.jobs import JOBS, sessions

DIGEST = bytes(32)


async def test_sessions_that_ended_a_day_ago_are_purged(
    database: Database, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "BATCH", 2)
    now, user = datetime.now(UTC), uuid4()
    ages = {uuid4(): timedelta(days=days) for days in (-30, 0, 2, 3, 4, 5, 6)}
    async with AsyncSession(database.engine) as added, added.begin():
        added.add(User(id=user, email=f"{user}@example.org", name="x", password_hash="x"))
        await added.flush()
        for session, age in ages.items():
            added.add(Session(id=session, user_id=user, family_hash=DIGEST, token_hash=DIGEST, expires_at=now - age))
    async with work(JOBS["purge_sessions"]):
        await database.add("purge_sessions")
        await database.drained()
    assert {*await database.values("SELECT id FROM sessions")} == {
        each for each, age in ages.items() if age < timedelta(days=1)
    }
