import asyncio
import os
from collections import Counter

import httpx
import pytest
from argon2 import extract_parameters
from psycopg import AsyncConnection

from auth.app import create_app
from auth.settings import AuthSettings
from shared.security.passwords import BusyError, Passwords
from tests.support.people import PASSWORD, Person, join
from tests.support.serving import serving
from tests.support.stores import Stores

CORES = os.cpu_count() or 1
# Takes about half a second or longer, and little memory.
COSTLY = {"memory_kib": 8192, "rounds": 60}


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
    passwords = Passwords(memory_kib=8, rounds=1, timeout=5)
    stored = await passwords.hash(PASSWORD)
    assert await passwords.matches(stored, PASSWORD)
    assert not await passwords.matches(stored, "another")
    assert not await passwords.matches(None, PASSWORD)
    passwords.close()


async def test_who_waits_too_long_is_refused_and_leaves_no_work_behind() -> None:
    passwords = Passwords(**COSTLY, timeout=0.05)
    outcomes = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(CORES + 20)), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {str: CORES, BusyError: 20}
    assert await passwords.hash(PASSWORD)
    passwords.close()


async def test_a_hash_whose_caller_has_gone_counts_until_it_ends() -> None:
    passwords = Passwords(**COSTLY, timeout=0.05)
    given_up = [asyncio.create_task(passwords.hash(PASSWORD)) for _ in range(CORES)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    with pytest.raises(BusyError):
        await passwords.hash(PASSWORD)
    passwords.close()


async def test_a_flood_of_logins_is_refused_in_part_and_takes_no_connection_from_others(
    auth_settings: AuthSettings,
) -> None:
    costs = {"argon2_memory_kib": COSTLY["memory_kib"], "argon2_rounds": COSTLY["rounds"], "argon2_timeout": 0.05}
    app = create_app(auth_settings.model_copy(update={**costs, "database_pool_size": 2}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as auth:
        person = await join(auth)
        body = {"email": person.email, "password": "wrong"}
        flood = [asyncio.create_task(auth.post("/api/auth/login", json=body)) for _ in range(CORES + 10)]
        await asyncio.wait(flood, return_when=asyncio.FIRST_COMPLETED)
        others = [await auth.get("/api/auth/me", headers=person.headers) for _ in range(3)]
        answers = [await each for each in flood]
        after = await auth.post("/api/auth/login", json={**body, "password": PASSWORD})
    assert [each.status_code for each in others] == [200] * 3
    # How many are let in depends on when each one's connection was made.
    assert {each.status_code for each in answers} == {401, 503}
    assert {each.json()["detail"] for each in answers if each.status_code == 503} == {
        "Too many passwords are being checked; try again"
    }
    assert after.status_code == 200
