from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from auth.settings import AuthSettings
from shared import audit
from shared.database.engine import create_engine


async def test_event_is_logged_when_it_is_committed(auth_settings: AuthSettings) -> None:
    engine = create_engine(auth_settings, "auth")
    actor, subjects = uuid4(), [uuid4() for _ in range(3)]
    with capture_logs() as logs:
        async with AsyncSession(engine) as session:
            audit.record(session, "test.first", actor, subjects[0], email="ada@example.org")
            await session.rollback()
            audit.record(session, "test.second", actor, subjects[1], email="ada@example.org")
            await session.flush()
            assert [each for each in logs if each["event"] == "audit"] == []
            await session.commit()
            await audit.record_of(session, "test.third", subjects[2])
            await session.commit()
    await engine.dispose()
    expected = {"action": "test.second", "actor_id": str(actor), "subject_id": str(subjects[1])}
    assert [each for each in logs if each["event"] == "audit"] == [{"event": "audit", "log_level": "info", **expected}]
