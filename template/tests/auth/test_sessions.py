import asyncio
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from psycopg import AsyncConnection
from redis.asyncio import Redis

from auth.refresh_tokens import RefreshToken
from auth.settings import AuthSettings
from shared.redis import create_redis
from tests.support.people import PASSWORD, Person, new_email
from tests.support.stores import Stores


async def refresh(auth: httpx.AsyncClient, token: str) -> httpx.Response:
    return await auth.post("/api/auth/refresh", json={"refresh_token": token})


async def me(auth: httpx.AsyncClient, access_token: str) -> int:
    answer = await auth.get("/api/auth/me", headers={"Authorization": f"Bearer {access_token}"})
    return answer.status_code


async def let_the_leeway_pass(stores: Stores, person: Person) -> None:
    """Put the time of the last refresh back."""
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "UPDATE sessions SET refreshed_at = refreshed_at - interval '1 minute' WHERE user_id = %s"
        await connection.execute(query, [person.id])


async def test_the_caller_is_told_who_they_are(auth: httpx.AsyncClient, person: Person) -> None:
    answer = await auth.get("/api/auth/me", headers=person.headers)
    assert answer.json() == {"id": person.id, "email": person.email, "name": "Someone"}


async def test_login_ignores_the_case_of_the_email(auth: httpx.AsyncClient, person: Person) -> None:
    answer = await auth.post("/api/auth/login", json={"email": person.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


async def test_wrong_password_and_unknown_email_get_the_same_answer(auth: httpx.AsyncClient, person: Person) -> None:
    wrong = await auth.post("/api/auth/login", json={"email": person.email, "password": "wrong"})
    unknown = await auth.post("/api/auth/login", json={"email": new_email(), "password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer x.y.z", "Bearer"])
async def test_without_a_good_token_nobody_gets_in(auth: httpx.AsyncClient, header: str | None) -> None:
    answer = await auth.get("/api/auth/me", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_refresh_gives_a_new_pair(auth: httpx.AsyncClient, person: Person) -> None:
    answer = await refresh(auth, person.refresh_token)
    tokens = answer.json()
    assert answer.status_code == 200
    assert tokens["refresh_token"] != person.refresh_token
    assert tokens["expires_in"] == 900
    assert await me(auth, tokens["access_token"]) == 200


async def test_two_tabs_that_refresh_at_once_get_the_same_token(auth: httpx.AsyncClient, person: Person) -> None:
    answers = await asyncio.gather(*(refresh(auth, person.refresh_token) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    (newest,) = {answer.json()["refresh_token"] for answer in answers}
    assert (await refresh(auth, newest)).status_code == 200


async def test_a_used_refresh_token_ends_the_whole_session(
    auth: httpx.AsyncClient, person: Person, stores: Stores
) -> None:
    tokens = (await refresh(auth, person.refresh_token)).json()
    await let_the_leeway_pass(stores, person)
    assert (await refresh(auth, person.refresh_token)).status_code == 401
    assert await me(auth, tokens["access_token"]) == 401
    assert (await refresh(auth, tokens["refresh_token"])).status_code == 401


async def test_a_refresh_token_older_than_the_one_before_ends_the_session_at_once(
    auth: httpx.AsyncClient, person: Person
) -> None:
    second = (await refresh(auth, person.refresh_token)).json()["refresh_token"]
    third = (await refresh(auth, second)).json()["refresh_token"]
    assert (await refresh(auth, person.refresh_token)).status_code == 401
    assert (await refresh(auth, third)).status_code == 401


async def test_the_next_token_cannot_be_made_without_the_signing_key(
    auth: httpx.AsyncClient, person: Person, auth_settings: AuthSettings
) -> None:
    token = RefreshToken.parse(person.refresh_token)
    assert token is not None
    forged = replace(auth_settings.rotation, key=bytes(32)).next(token)
    assert str(forged) != (await refresh(auth, person.refresh_token)).json()["refresh_token"]
    assert (await refresh(auth, str(forged))).status_code == 401


async def test_knowing_a_session_is_not_enough_to_end_it(auth: httpx.AsyncClient, person: Person) -> None:
    token = RefreshToken.parse(person.refresh_token)
    assert token is not None
    forged = RefreshToken.first(token.session_id)
    assert (await refresh(auth, str(forged))).status_code == 401
    assert await me(auth, person.access_token) == 200


@pytest.mark.parametrize("token", ["", "x", "ä", "A" * 107, "A" * 200, str(RefreshToken.first(UUID(int=1)))])
async def test_a_made_up_refresh_token_is_refused(auth: httpx.AsyncClient, token: str) -> None:
    assert (await refresh(auth, token)).status_code == 401


async def test_logout_ends_the_session_at_once(auth: httpx.AsyncClient, person: Person) -> None:
    assert (await auth.post("/api/auth/logout", headers=person.headers)).status_code == 204
    assert await me(auth, person.access_token) == 401
    assert (await refresh(auth, person.refresh_token)).status_code == 401


async def test_an_expired_session_cannot_be_refreshed(auth: httpx.AsyncClient, person: Person, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("UPDATE sessions SET expires_at = now() WHERE user_id = %s", [person.id])
    assert (await refresh(auth, person.refresh_token)).status_code == 401


async def test_a_deleted_user_is_nobody(auth: httpx.AsyncClient, person: Person, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [person.id])
    assert await me(auth, person.access_token) == 401
    assert (await refresh(auth, person.refresh_token)).status_code == 401
    assert (await auth.post("/api/auth/logout", headers=person.headers)).status_code == 204


async def test_what_redis_has_lost_comes_back_with_a_refresh(
    auth: httpx.AsyncClient, person: Person, auth_settings: AuthSettings
) -> None:
    token = RefreshToken.parse(person.refresh_token)
    assert token is not None
    redis: Redis = create_redis(auth_settings)
    await redis.delete(f"{auth_settings.redis_prefix}session:{token.session_id}")
    await redis.aclose()
    assert await me(auth, person.access_token) == 401
    tokens = (await refresh(auth, person.refresh_token)).json()
    assert await me(auth, tokens["access_token"]) == 200
    assert await me(auth, person.access_token) == 200


async def test_only_hashes_of_refresh_tokens_are_stored(person: Person, stores: Stores) -> None:
    token = RefreshToken.parse(person.refresh_token)
    assert token is not None
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT family_hash, token_hash FROM sessions WHERE id = %s"
        found = await (await connection.execute(query, [token.session_id])).fetchone()
    assert found is not None
    assert not {token.family, token.own} & set(found)


async def test_logins_and_reuse_are_on_record(auth: httpx.AsyncClient, person: Person, stores: Stores) -> None:
    headers = {"X-Request-ID": "reuse-on-record"}
    for _ in range(2):
        await auth.post("/api/auth/refresh", json={"refresh_token": person.refresh_token}, headers=headers)
        await let_the_leeway_pass(stores, person)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT action, request_id FROM audit_events WHERE actor_id = %s ORDER BY created_at"
        found = await (await connection.execute(query, [person.id])).fetchall()
    assert [action for action, _ in found] == ["user.register", "session.login", "session.reuse"]
    assert found[-1][1] == "reuse-on-record"
