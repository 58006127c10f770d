import asyncio
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, ConnectionError as RedisConnectionError, ResponseError

from auth.app import create_app
from auth.settings import AuthSettings
from shared.metrics import Metrics
from shared.redis import RedisCollector, RedisSettings, create_redis
from shared.security.active_sessions import ActiveSessions
from shared.settings import Environment
from tests.support.clients import SETTINGS, client_of
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.stores import PRIMARY, REPLICA, Stores
from tests.support.users import PASSWORD, create_user

# The error with which a server refuses a write: an option, its value then, and its default.
REFUSALS = {
    "OOM": ("maxmemory", "1", "0"),
    "NOREPLICAS": ("min-replicas-to-write", "1", "0"),
    "READONLY": ("replica-serve-stale-data", "yes", "yes"),
    "MASTERDOWN": ("replica-serve-stale-data", "no", "yes"),
}


@pytest.fixture
def settings(stores: Stores) -> RedisSettings:
    return RedisSettings(
        environment=Environment.DEVELOPMENT,
        redis_url=stores.redis_url,
        redis_pool_size=2,
        redis_timeout=TIMEOUT_SECONDS,
    )


async def test_commands_beyond_the_pool_wait_for_a_connection(settings: RedisSettings) -> None:
    async with create_redis(settings) as redis:
        assert await asyncio.gather(*(redis.ping() for _ in range(100))) == [True] * 100


async def test_exhausted_pool_times_out(settings: RedisSettings) -> None:
    short = settings.model_copy(update={"redis_pool_size": 1, "redis_timeout": 0.3})
    async with create_redis(short) as redis, redis.client():
        with pytest.raises(RedisConnectionError, match="No connection available"):
            await redis.ping()


async def test_commands_and_connections_are_measured(settings: RedisSettings, stores: Stores) -> None:
    metrics = Metrics("test", SETTINGS)
    async with create_redis(settings) as redis:
        metrics.watch(RedisCollector(redis))
        key = f"{stores.redis_prefix}measured"
        await redis.set(key, "text")
        async with redis.pipeline() as commands:
            for _ in range(2):
                commands.get(key)
            await commands.execute()
        await redis.register_script("return 1")()
        assert await redis.blpop([f"{key}:none"], 0.01) is None
        with pytest.raises(ResponseError):
            await redis.incr(key)
        async with redis.client():
            text = metrics.render().decode()
    assert 'redis_pool_connections{state="idle"} 0.0' in text
    assert 'redis_pool_connections{state="in use"} 1.0' in text
    # A script is sent by its hash, and if that is not known whole, and again.
    count = re.search(r"redis_command_duration_seconds_count (\d+)", text)
    assert count
    assert int(count[1]) in {4, 6}
    assert "redis_errors_total 1.0" in text


async def test_without_an_engine_active_sessions_are_those_of_redis(settings: RedisSettings) -> None:
    session, user = uuid4(), uuid4()
    async with create_redis(settings) as redis:
        sessions = ActiveSessions(redis, settings)
        await sessions.add(session, user, timedelta(minutes=1))
        assert await sessions.is_active(session, user)
        assert not await sessions.is_active(session, uuid4())
        await sessions.remove(session)
        assert not await sessions.is_active(session, user)
    nowhere = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:9/0")})
    async with create_redis(nowhere) as redis:
        with pytest.raises(RedisConnectionError):
            await ActiveSessions(redis, nowhere).is_active(session, user)


async def test_password_is_read_from_its_file_for_each_new_connection(
    own_redis_url: str, own_redis: Redis, settings: RedisSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.settings.SECRETS", tmp_path)
    password = str(urlsplit(own_redis_url).password)
    url, file = own_redis_url.replace(f":{password}@", ""), tmp_path / "redis_password"
    update = {"redis_url": SecretStr(url), "redis_password": SecretStr(password)}
    async with create_redis(settings.model_copy(update=update)) as redis, redis.client() as first:
        assert await first.ping()
        await own_redis.config_set("requirepass", "changed")
        with pytest.raises(AuthenticationError):
            await redis.ping()
        file.write_text("changed\n", encoding="utf-8")
        assert await redis.ping()
        assert await first.ping()
        await own_redis.config_set("requirepass", password)


async def test_server_that_refuses_writes_is_a_503_while_it_lasts(
    own_redis_url: str, own_redis: Redis, auth_settings: AuthSettings
) -> None:
    settings = auth_settings.model_copy(update={"redis_url": SecretStr(own_redis_url)})
    async with client_of(create_app(settings)) as auth:
        user = await create_user(auth)
        for name, (option, refuse, accept) in REFUSALS.items():
            await own_redis.config_set(option, refuse)
            await own_redis.replicaof(*(REPLICA if name in {"READONLY", "MASTERDOWN"} else PRIMARY))
            login = await auth.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
            health = await auth.get("/health/detailed")
            await own_redis.replicaof(*PRIMARY)
            await own_redis.config_set(option, accept)
            assert (login.status_code, login.headers.get("retry-after")) == (503, "5"), name
            assert (health.status_code, health.json()["components"]["redis"]["status"]) == (503, "failed"), name
            assert (await auth.get("/health/detailed")).status_code == 200, name
            assert (await auth.get("/api/auth/me", headers=user.headers)).status_code == 200, name


async def test_password_is_replaced_while_the_server_runs(own_redis: Redis, own_redis_url: str) -> None:
    """The steps of the README."""
    old, new = str(urlsplit(own_redis_url).password), uuid4().hex
    for change, accepted in ((f"+{new}", [True, True]), (f"-{old}", [False, True]), (f"+{old}", [True, True])):
        await own_redis.acl_setuser("default", enabled=True, passwords=change)
        assert [await accepts(own_redis_url, each) for each in (old, new)] == accepted
    await own_redis.acl_setuser("default", enabled=True, passwords=f"-{new}")


async def accepts(url: str, password: str) -> bool:
    """Whether the server accepts the password in a new connection."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    async with Redis(host=str(host), port=port or 0, password=password) as redis:
        try:
            return bool(await redis.ping())
        except AuthenticationError:
            return False
