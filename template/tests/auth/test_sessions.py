import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from psycopg import AsyncConnection
from pydantic import SecretStr
from redis.asyncio import Redis

from auth.app import create_app
from auth.refresh_tokens import RefreshToken
from auth.settings import AuthSettings
from shared.redis import create_redis
from shared.security.tokens import SigningKey
from tests.support.clients import client_of, problem_of
from tests.support.processes import frozen
from tests.support.stores import PRIMARY, REPLICA, Stores
from tests.support.users import PASSWORD, User, create_user, new_email


async def refresh(auth: httpx.AsyncClient, token: str) -> httpx.Response:
    return await auth.post("/api/auth/refresh", json={"refresh_token": token})


async def get_me_status(auth: httpx.AsyncClient, access_token: str) -> int:
    response = await auth.get("/api/auth/me", headers={"Authorization": f"Bearer {access_token}"})
    return response.status_code


async def log_in(auth: httpx.AsyncClient, user: User) -> dict[str, str]:
    response = await auth.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    assert response.status_code == 200
    tokens: dict[str, str] = response.json()
    return tokens


def session_key(settings: AuthSettings, user: User) -> str:
    """The key of the session in Redis."""
    return f"{settings.redis_prefix}session:{user.session_id}"


async def end_leeway(stores: Stores, user: User) -> None:
    """Move the last refresh back in time, so that the leeway is over."""
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "UPDATE sessions SET refreshed_at = refreshed_at - interval '1 minute' WHERE user_id = %s"
        await connection.execute(query, [user.id])


async def test_me_returns_the_current_user(auth: httpx.AsyncClient, user: User) -> None:
    response = await auth.get("/api/auth/me", headers=user.headers)
    assert response.json() == {"id": user.id, "email": user.email, "name": "Someone"}


async def test_login_ignores_case_of_email(auth: httpx.AsyncClient, user: User) -> None:
    response = await auth.post("/api/auth/login", json={"email": user.email.upper(), "password": PASSWORD})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


async def test_login_response_is_the_same_for_wrong_password_and_unknown_email(
    auth: httpx.AsyncClient, user: User
) -> None:
    wrong = await auth.post("/api/auth/login", json={"email": user.email, "password": "wrong"})
    unknown = await auth.post("/api/auth/login", json={"email": new_email(), "password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer x.y.z", "Bearer"])
async def test_me_requires_a_valid_access_token(auth: httpx.AsyncClient, header: str | None) -> None:
    response = await auth.get("/api/auth/me", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_refresh_returns_new_tokens(auth: httpx.AsyncClient, user: User) -> None:
    response = await refresh(auth, user.refresh_token)
    tokens = response.json()
    assert response.status_code == 200
    assert tokens["refresh_token"] != user.refresh_token
    assert tokens["expires_in"] == 900
    assert await get_me_status(auth, tokens["access_token"]) == 200


async def test_concurrent_refreshes_return_the_same_refresh_token(auth: httpx.AsyncClient, user: User) -> None:
    responses = await asyncio.gather(*(refresh(auth, user.refresh_token) for _ in range(3)))
    assert [response.status_code for response in responses] == [200, 200, 200]
    (latest,) = {response.json()["refresh_token"] for response in responses}
    assert (await refresh(auth, latest)).status_code == 200


async def test_reused_refresh_token_ends_the_session(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    tokens = (await refresh(auth, user.refresh_token)).json()
    await end_leeway(stores, user)
    assert (await refresh(auth, user.refresh_token)).status_code == 401
    assert await get_me_status(auth, tokens["access_token"]) == 401
    assert (await refresh(auth, tokens["refresh_token"])).status_code == 401


async def test_refresh_token_replaced_twice_ends_the_session_within_the_leeway(
    auth: httpx.AsyncClient, user: User
) -> None:
    second = (await refresh(auth, user.refresh_token)).json()["refresh_token"]
    third = (await refresh(auth, second)).json()["refresh_token"]
    assert (await refresh(auth, user.refresh_token)).status_code == 401
    assert (await refresh(auth, third)).status_code == 401


async def test_next_refresh_token_cannot_be_forged_without_the_signing_key(
    auth: httpx.AsyncClient, user: User, auth_settings: AuthSettings
) -> None:
    token = RefreshToken.parse(user.refresh_token)
    assert token is not None
    forged = replace(auth_settings.rotation, keys=[SigningKey(bytes(32))]).next(token, datetime.now(UTC))
    assert str(forged) != (await refresh(auth, user.refresh_token)).json()["refresh_token"]
    assert (await refresh(auth, str(forged))).status_code == 401


async def test_session_id_alone_cannot_end_the_session(auth: httpx.AsyncClient, user: User) -> None:
    token = RefreshToken.parse(user.refresh_token)
    assert token is not None
    forged = RefreshToken.first(token.session_id)
    assert (await refresh(auth, str(forged))).status_code == 401
    assert await get_me_status(auth, user.access_token) == 200


@pytest.mark.parametrize("token", ["", "x", "ä", "A" * 107, "A" * 200, str(RefreshToken.first(UUID(int=1)))])
async def test_refresh_rejects_malformed_token(auth: httpx.AsyncClient, token: str) -> None:
    assert (await refresh(auth, token)).status_code == 401


async def test_logout_ends_the_session_immediately(auth: httpx.AsyncClient, user: User) -> None:
    assert (await auth.post("/api/auth/logout", headers=user.headers)).status_code == 204
    assert await get_me_status(auth, user.access_token) == 401
    assert (await refresh(auth, user.refresh_token)).status_code == 401


async def test_refresh_rejects_expired_session(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("UPDATE sessions SET expires_at = now() WHERE user_id = %s", [user.id])
    assert (await refresh(auth, user.refresh_token)).status_code == 401


async def test_deleted_user_is_not_authenticated(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [user.id])
    assert await get_me_status(auth, user.access_token) == 401
    assert (await refresh(auth, user.refresh_token)).status_code == 401
    assert (await auth.post("/api/auth/logout", headers=user.headers)).status_code == 204
    assert (await auth.post("/api/auth/logout", headers=user.headers)).status_code == 204


async def test_logout_ends_a_session_that_only_redis_has(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM sessions WHERE user_id = %s", [user.id])
    assert await get_me_status(auth, user.access_token) == 200
    assert (await auth.post("/api/auth/logout", headers=user.headers)).status_code == 204
    assert await get_me_status(auth, user.access_token) == 401


async def test_entry_in_redis_expires_with_the_access_token(
    auth: httpx.AsyncClient, user: User, auth_settings: AuthSettings
) -> None:
    async with create_redis(auth_settings) as redis:
        seconds = await redis.ttl(session_key(auth_settings, user))
    assert 0 < seconds <= auth_settings.access_token_lifetime + 5


@pytest.fixture
def own_settings(own_redis_url: str, auth_settings: AuthSettings) -> AuthSettings:
    """Settings of an auth service whose Redis the test can change; at most two sessions per user."""
    return auth_settings.model_copy(update={"redis_url": SecretStr(own_redis_url), "sessions_per_user": 2})


@pytest.fixture
async def own_auth(own_settings: AuthSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    async with client_of(create_app(own_settings)) as client:
        yield client


async def test_logout_that_redis_misses_ends_the_session_and_is_reported(
    own_auth: httpx.AsyncClient, own_redis: Redis
) -> None:
    user = await create_user(own_auth)
    await own_redis.replicaof(*REPLICA)
    response = await own_auth.post("/api/auth/logout", headers=user.headers)
    assert problem_of(response)[0] == 503
    assert (response.json()["code"], response.headers["retry-after"]) == ("access_token_active", "5")
    assert await get_me_status(own_auth, user.access_token) == 200
    assert (await refresh(own_auth, user.refresh_token)).status_code == 401
    await own_redis.replicaof(*PRIMARY)
    assert (await own_auth.post("/api/auth/logout", headers=user.headers)).status_code == 204
    assert await get_me_status(own_auth, user.access_token) == 401


async def test_logout_ends_the_session_while_redis_does_not_respond(
    own_auth: httpx.AsyncClient, own_redis: Redis, own_settings: AuthSettings
) -> None:
    user = await create_user(own_auth)
    pid = (await own_redis.info("server"))["process_id"]
    async with client_of(create_app(own_settings.model_copy(update={"redis_timeout": 0.1}))) as auth:
        with frozen(pid):
            response = await auth.post("/api/auth/logout", headers=user.headers)
        assert (response.status_code, response.json()["code"]) == (503, "access_token_active")
    assert (await refresh(own_auth, user.refresh_token)).status_code == 401


async def test_reused_refresh_token_ends_the_session_also_if_redis_misses_it(
    own_auth: httpx.AsyncClient, own_redis: Redis, stores: Stores
) -> None:
    user = await create_user(own_auth)
    latest = (await refresh(own_auth, user.refresh_token)).json()["refresh_token"]
    await end_leeway(stores, user)
    await own_redis.replicaof(*REPLICA)
    assert (await refresh(own_auth, user.refresh_token)).status_code == 401
    await own_redis.replicaof(*PRIMARY)
    assert await get_me_status(own_auth, user.access_token) == 200
    assert (await refresh(own_auth, latest)).status_code == 401
    assert await get_me_status(own_auth, user.access_token) == 401, "The refresh has repeated the removal."


async def test_login_beyond_the_limit_ends_the_oldest_session(
    own_auth: httpx.AsyncClient, own_redis: Redis, stores: Stores
) -> None:
    first = await create_user(own_auth)
    second = await log_in(own_auth, first)
    await refresh(own_auth, first.refresh_token)
    third = await log_in(own_auth, first)
    tokens = [first.access_token, second["access_token"], third["access_token"]]
    assert [await get_me_status(own_auth, each) for each in tokens] == [200, 401, 200]
    assert (await refresh(own_auth, second["refresh_token"])).status_code == 401
    await asyncio.gather(*(log_in(own_auth, first) for _ in range(5)))
    assert len(await own_redis.keys("*session:*")) == 2
    async with await AsyncConnection.connect(stores.database_url) as connection:
        count = "SELECT count(*) FROM sessions WHERE user_id = %s"
        replaced = "SELECT count(*) FROM audit_events WHERE actor_id = %s AND action = 'session.replace'"
        found = [await (await connection.execute(query, [first.id])).fetchone() for query in (count, replaced)]
    assert found == [(2,), (6,)]


async def test_login_deletes_ended_sessions_of_the_user(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    await auth.post("/api/auth/logout", headers=user.headers)
    await log_in(auth, user)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT revoked_at FROM sessions WHERE user_id = %s"
        found = await (await connection.execute(query, [user.id])).fetchall()
    assert found == [(None,)]


async def test_refresh_restores_session_lost_by_redis(
    auth: httpx.AsyncClient, user: User, auth_settings: AuthSettings
) -> None:
    async with create_redis(auth_settings) as redis:
        await redis.delete(session_key(auth_settings, user))
    assert await get_me_status(auth, user.access_token) == 401
    tokens = (await refresh(auth, user.refresh_token)).json()
    assert await get_me_status(auth, tokens["access_token"]) == 200
    assert await get_me_status(auth, user.access_token) == 200


async def test_refresh_tokens_are_stored_as_hashes(user: User, stores: Stores) -> None:
    token = RefreshToken.parse(user.refresh_token)
    assert token is not None
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT family_hash, token_hash FROM sessions WHERE id = %s"
        found = await (await connection.execute(query, [token.session_id])).fetchone()
    assert found is not None
    assert not {token.family, token.unique} & set(found)


async def test_audit_log_records_login_and_token_reuse(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    headers = {"X-Request-ID": "token-reuse-0001"}
    for _ in range(2):
        await auth.post("/api/auth/refresh", json={"refresh_token": user.refresh_token}, headers=headers)
        await end_leeway(stores, user)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT action, request_id FROM audit_events WHERE actor_id = %s ORDER BY created_at"
        found = await (await connection.execute(query, [user.id])).fetchall()
    assert [action for action, _ in found] == ["user.register", "session.login", "session.reuse"]
    assert found[-1][1] == "token-reuse-0001"


@pytest.mark.parametrize(
    ("reported", "recorded"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
async def test_audit_log_has_the_address_of_the_client(
    auth: httpx.AsyncClient, user: User, stores: Stores, reported: str | None, recorded: str
) -> None:
    headers = user.headers | ({"X-Forwarded-For": reported} if reported else {})
    assert (await auth.post("/api/auth/logout", headers=headers)).status_code == 204
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT host(client) FROM audit_events WHERE actor_id = %s AND action = 'session.logout'"
        found = await (await connection.execute(query, [user.id])).fetchall()
    assert found == [(recorded,)]


async def test_failed_logins_of_users_are_audited_with_a_limit(own_auth: httpx.AsyncClient, stores: Stores) -> None:
    user = await create_user(own_auth)
    for email in (user.email, new_email()):
        for _ in range(12):
            body = {"email": email, "password": "wrong"}
            response = await own_auth.post("/api/auth/login", json=body, headers={"X-Forwarded-For": "203.0.113.7"})
            assert response.status_code == 401
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = (
            "SELECT actor_id::text, subject_id::text FROM audit_events "
            "WHERE host(client) = '203.0.113.7' AND action = 'session.refuse'"
        )
        found = await (await connection.execute(query)).fetchall()
    assert found == [(user.id, user.id)] * 10
