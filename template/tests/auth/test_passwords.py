import httpx
from argon2 import extract_parameters
from psycopg import AsyncConnection

from auth.app import create_app
from auth.settings import AuthSettings
from shared.security.passwords import Passwords
from tests.support.people import PASSWORD, Person
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
    passwords = Passwords(memory_kib=8, rounds=1)
    stored = await passwords.hash(PASSWORD)
    assert await passwords.matches(stored, PASSWORD)
    assert not await passwords.matches(stored, "another")
    assert not await passwords.matches(None, PASSWORD)
    passwords.close()
