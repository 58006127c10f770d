import asyncio
import os
import time
from collections import Counter

import pytest
from argon2 import extract_parameters
from psycopg import AsyncConnection

from auth.app import create_app
from auth.settings import AuthSettings
from shared.security.passwords import BusyError, PasswordHashing
from tests.support.clients import client_of, problem_of
from tests.support.stores import Stores
from tests.support.users import PASSWORD, User, create_user

CORES = os.cpu_count() or 1
# Takes about a quarter of a second or longer, and little memory.
SLOW = {"memory_kib": 8192, "rounds": 30}
SHORT_TIMEOUT = 0.03


async def stored_hash(user: User, stores: Stores) -> str:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        found = await (await connection.execute("SELECT password_hash FROM users WHERE id = %s", [user.id])).fetchone()
    assert found is not None
    return str(found[0])


async def test_login_rehashes_password_with_outdated_parameters(
    user: User, stores: Stores, auth_settings: AuthSettings
) -> None:
    stronger = auth_settings.model_copy(update={"argon2_rounds": 2})
    async with client_of(create_app(stronger)) as auth:
        response = await auth.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    assert response.status_code == 200
    assert extract_parameters(await stored_hash(user, stores)).time_cost == 2


async def test_verify_accepts_only_the_right_password() -> None:
    passwords = PasswordHashing(memory_kib=8, rounds=1, timeout=5)
    stored = await passwords.hash(PASSWORD)
    assert await passwords.verify(stored, PASSWORD)
    assert not await passwords.verify(stored, "another")
    assert not await passwords.verify(None, PASSWORD)
    passwords.close()


@pytest.mark.parametrize(("old_rounds", "rounds"), [(1, 10), (10, 1)])
async def test_mismatch_takes_as_long_for_unknown_users_after_the_parameters_change(
    old_rounds: int, rounds: int
) -> None:
    old = PasswordHashing(memory_kib=4096, rounds=old_rounds, timeout=5)
    stored = await old.hash(PASSWORD)
    passwords = PasswordHashing(memory_kib=4096, rounds=rounds, timeout=5)
    await passwords.verify(stored, "another")

    async def cpu_seconds(password_hash: str | None) -> float:
        """The least of several, since other threads of the process work, too."""
        found = []
        for _ in range(5):
            start = time.process_time()
            assert not await passwords.verify(password_hash, "another")
            found.append(time.process_time() - start)
        return min(found)

    # Without the fix, one takes 10 times as long as the other.
    fast, slow = sorted([await cpu_seconds(stored), await cpu_seconds(None)])
    assert slow < 4 * fast
    for each in (old, passwords):
        each.close()


async def test_queued_hash_times_out_without_blocking_later_ones() -> None:
    passwords = PasswordHashing(**SLOW, timeout=SHORT_TIMEOUT)
    outcomes = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(CORES + 20)), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {str: CORES, BusyError: 20}
    assert await passwords.hash(PASSWORD)
    passwords.close()


async def test_cancelled_hash_occupies_its_slot_until_it_finishes() -> None:
    passwords = PasswordHashing(**SLOW, timeout=SHORT_TIMEOUT)
    cancelled = [asyncio.create_task(passwords.hash(PASSWORD)) for _ in range(CORES)]
    await asyncio.sleep(0)
    for task in cancelled:
        task.cancel()
    with pytest.raises(BusyError):
        await passwords.hash(PASSWORD)
    passwords.close()


async def test_login_burst_is_limited_and_does_not_hold_database_connections(
    auth_settings: AuthSettings,
) -> None:
    slow = {"argon2_memory_kib": SLOW["memory_kib"], "argon2_rounds": SLOW["rounds"], "argon2_timeout": SHORT_TIMEOUT}
    app = create_app(auth_settings.model_copy(update={**slow, "database_pool_size": 2}))
    async with client_of(app) as auth:
        user = await create_user(auth)
        body = {"email": user.email, "password": "wrong"}
        burst = [asyncio.create_task(auth.post("/api/auth/login", json=body)) for _ in range(CORES + 10)]
        await asyncio.wait(burst, return_when=asyncio.FIRST_COMPLETED)
        others = [await auth.get("/api/auth/me", headers=user.headers) for _ in range(3)]
        responses = [await each for each in burst]
        after = await auth.post("/api/auth/login", json={**body, "password": PASSWORD})
    assert [each.status_code for each in others] == [200] * 3
    # The number of accepted logins depends on the timing of the connections.
    assert {each.status_code for each in responses} == {401, 503}
    assert {problem_of(each) for each in responses if each.status_code == 503} == {
        (503, "Too many passwords are being checked; try again")
    }
    assert after.status_code == 200
