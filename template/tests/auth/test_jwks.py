import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from pydantic import SecretStr

from auth.app import create_app
from auth.settings import AuthSettings
from tests.support.clients import client_of
from tests.support.users import User, create_user

NEW_KEY = base64.urlsafe_b64encode(bytes(range(32, 64))).decode("ascii")


async def test_published_key_verifies_access_tokens(auth: httpx.AsyncClient, user: User) -> None:
    response = await auth.get("/.well-known/jwks.json")
    (key,) = response.json()["keys"]
    assert "d" not in key
    claims = jwt.decode(user.access_token, jwt.PyJWK(key).key, algorithms=["EdDSA"], audience="api", issuer="auth")
    assert claims["sub"] == user.id
    assert jwt.get_unverified_header(user.access_token)["kid"] == key["kid"]


@pytest.fixture
async def instances(auth_settings: AuthSettings) -> AsyncIterator[list[httpx.AsyncClient]]:
    """An instance that has the old key only, one that publishes the next key, and one that signs with it."""
    old, now = auth_settings.auth_signing_key.get_secret_value(), datetime.now(UTC)
    texts = [old, *(f"{old},{NEW_KEY}@{now + hours:%Y-%m-%dT%H:%M:%SZ}" for hours in (timedelta(hours=1), timedelta()))]
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                client_of(create_app(auth_settings.model_copy(update={"auth_signing_key": SecretStr(text)})))
            )
            for text in texts
        ]


async def kids(instance: httpx.AsyncClient) -> list[str]:
    return [key["kid"] for key in (await instance.get("/.well-known/jwks.json")).json()["keys"]]


async def refresh(instance: httpx.AsyncClient, token: str) -> dict[str, str]:
    response = await instance.post("/api/auth/refresh", json={"refresh_token": token})
    assert response.status_code == 200
    tokens: dict[str, str] = response.json()
    return tokens


async def statuses(instances: list[httpx.AsyncClient], token: str) -> list[int]:
    headers = {"Authorization": f"Bearer {token}"}
    return [(await each.get("/api/auth/me", headers=headers)).status_code for each in instances]


async def test_both_keys_are_published_and_accepted_during_a_rotation(instances: list[httpx.AsyncClient]) -> None:
    old, announced, rotated = instances
    assert await kids(announced) == await kids(rotated)
    assert await kids(old) == (await kids(rotated))[:1]
    tokens = [(await create_user(each)).access_token for each in instances]
    signed = [jwt.get_unverified_header(token)["kid"] for token in tokens]
    assert signed == [*(await kids(rotated))[:1] * 2, (await kids(rotated))[1]]
    assert [await statuses(instances, token) for token in tokens] == [[200] * 3, [200] * 3, [401, 200, 200]]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1, 2), (2, 1)])
async def test_refresh_repeated_at_an_instance_with_other_keys_is_not_a_reuse(
    instances: list[httpx.AsyncClient], order: tuple[int, int]
) -> None:
    first, second = (instances[index] for index in order)
    user = await create_user(first)
    tokens = [(await refresh(each, user.refresh_token))["refresh_token"] for each in (first, second)]
    assert tokens[0] == tokens[1]
    await refresh(second, tokens[0])
