import asyncio
from collections import Counter

import httpx
from argon2 import extract_parameters
from psycopg import AsyncConnection

from auth.app import create_app
from auth.settings import AuthSettings
from shared.security.passwords import Passwords, QueueFullError
from tests.support.people import PASSWORD, Person, join
from tests.support.serving import serving
from tests.support.stores import Stores


async def stored_hash(person: Person, stores: Stores) -> str:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        found = await (
            await connection.execute("SELECT password_hash FROM users WHERE id = %s", [person.id])
        ).fetchone()
    assert found is not None
    return str(found[0])


async def test_a_login_renews_a_hash_of_other_costs(
    person: Person, stores: Stores, auth_settings: AuthSettings
) -> None:
    stronger = auth_settings.model_copy(update={"argon2_rounds": 2})
    async with serving(create_app(stronger)) as url, httpx.AsyncClient(base_url=url) as auth:
        answer = await auth.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert extract_parameters(await stored_hash(person, stores)).time_cost == 2


async def test_a_password_matches_its_own_hash_only() -> None:
    passwords = Passwords(memory_kib=8, rounds=1, queue=1)
    stored = await passwords.hash(PASSWORD)
    assert await passwords.matches(stored, PASSWORD)
    assert not await passwords.matches(stored, "another")
    assert not await passwords.matches(None, PASSWORD)
    passwords.close()


async def test_more_passwords_than_the_queue_holds_are_refused_and_make_room_when_done() -> None:
    passwords = Passwords(memory_kib=8192, rounds=2, queue=2)
    outcomes = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in outcomes] == [str, str, QueueFullError, QueueFullError, QueueFullError]
    assert await passwords.matches(await passwords.hash(PASSWORD), PASSWORD)
    passwords.close()


async def test_a_flood_of_logins_is_refused_in_part_and_takes_no_connection_from_others(
    auth_settings: AuthSettings,
) -> None:
    costly = {"argon2_memory_kib": 65_536, "argon2_rounds": 6, "argon2_queue": 6}
    narrow = {"database_pool_size": 2, "database_pool_timeout": 1}
    app = create_app(auth_settings.model_copy(update=costly | narrow))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as auth:
        person = await join(auth)
        body = {"email": person.email, "password": "wrong"}
        flood = [asyncio.create_task(auth.post("/api/auth/login", json=body)) for _ in range(20)]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
        others = [await auth.get("/api/auth/me", headers=person.headers) for _ in range(3)]
        under_way = [each for each in flood if not each.done()]
        answers = [await each for each in flood]
        after = await auth.post("/api/auth/login", json={**body, "password": PASSWORD})
    assert under_way
    assert [each.status_code for each in others] == [200] * 3
    assert Counter(each.status_code for each in answers) == {401: 6, 503: 14}
    assert {each.headers["retry-after"] for each in answers if each.status_code == 503} == {"1"}
    assert after.status_code == 200
