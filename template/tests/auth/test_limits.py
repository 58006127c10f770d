"""Limits of credentials by account."""

from typing import Any

import httpx
import pytest

from auth.app import create_app
from auth.settings import AuthSettings
from shared.security.passwords import PasswordHashing
from tests.support.clients import client_of
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.users import create_user, new_email

LIMIT = 5


@pytest.fixture
def limited(auth_settings: AuthSettings) -> AuthSettings:
    return auth_settings.model_copy(update={"rate_limit_account": f"{LIMIT}/hour", "redis_timeout": TIMEOUT_SECONDS})


async def log_in(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/api/auth/login", json={"email": email, "password": "wrong password"})


async def test_logins_of_an_account_are_limited_before_the_password_is_hashed(
    limited: AuthSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = 0
    verify = PasswordHashing.verify

    async def count(*arguments: Any) -> bool:
        nonlocal checked
        checked += 1
        return await verify(*arguments)

    monkeypatch.setattr(PasswordHashing, "verify", count)
    email = new_email()
    # Two processes, with different spellings of the address.
    async with client_of(create_app(limited)) as one, client_of(create_app(limited)) as other:
        responses = [await log_in(client, each) for each in (email, email.upper()) for client in (one, other) * 3]
        metrics = (await one.get("/metrics")).text + (await other.get("/metrics")).text
        assert (await log_in(one, new_email())).status_code == 401
    assert [each.status_code for each in responses] == [401] * LIMIT + [429] * (len(responses) - LIMIT)
    assert checked == LIMIT + 1
    rejected = responses[-1]
    assert rejected.json()["code"] == "too_many_requests"
    assert rejected.headers["ratelimit-policy"] == f'"login-account";q={LIMIT};w=3600'
    assert rejected.headers["ratelimit"].startswith('"login-account";r=0;t=')
    assert 0 < int(rejected.headers["retry-after"]) <= 3600
    assert metrics.count('rate_limited_requests_total{limit="login-account"}') == 2
    assert email not in rejected.text


async def test_refreshes_are_limited(limited: AuthSettings) -> None:
    async with client_of(create_app(limited)) as client:
        user = await create_user(client)
        refresh = {"refresh_token": user.refresh_token}
        refreshed = [await client.post("/api/auth/refresh", json=refresh) for _ in range(LIMIT + 1)]
        unknown = [await client.post("/api/auth/refresh", json={"refresh_token": "x"}) for _ in range(LIMIT + 1)]
    assert [each.status_code for each in refreshed] == [200] * LIMIT + [429]
    assert [each.status_code for each in unknown] == [401] * (LIMIT + 1)
