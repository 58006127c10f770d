"""Tests of registration, and of links that are mailed to users."""

import json

import httpx
import pytest
from psycopg import AsyncConnection
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.app import create_app
from auth.settings import AuthSettings
from tasks.dev import inbox
from tests.support.clients import client_of, problem_of
from tests.support.stores import PRIMARY, REPLICA, Stores, statements_of
from tests.support.users import PASSWORD, User, create_user, mailed_token, mails, new_email, register, verify

NEW_PASSWORD = "nobody guesses this sentence"


async def statuses(auth: httpx.AsyncClient, email: str, *passwords: str) -> list[int]:
    """The statuses of log-ins with these passwords."""
    bodies = [{"email": email, "password": each} for each in passwords]
    return [(await auth.post("/api/auth/login", json=each)).status_code for each in bodies]


async def use(auth: httpx.AsyncClient, path: str, **body: str) -> str:
    """The code of the error of a link that cannot be used."""
    response = await auth.post(f"/api/auth/{path}", json=body)
    assert problem_of(response)[0] == 422
    [error] = response.json()["errors"]
    assert error["field"] == "token"
    return str(error["code"])


async def test_registration_is_completed_with_the_mailed_link_and_the_password(auth: httpx.AsyncClient) -> None:
    email = new_email()
    await register(auth, email.upper())
    assert await statuses(auth, email, PASSWORD) == [401]
    token = await mailed_token(auth, email)
    wrong = await auth.post("/api/auth/verify", json={"token": token, "password": NEW_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    tokens = await verify(auth, token)
    me = await auth.get("/api/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert (me.json()["email"], me.json()["name"]) == (email, "Someone")
    assert await statuses(auth, email, PASSWORD) == [200]
    assert await use(auth, "verify", token=token, password=PASSWORD) == "link_invalid"


async def test_register_responds_after_the_commit(auth: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_session: AsyncSession) -> None:
        raise OperationalError("COMMIT", None, Exception("connection lost"))

    monkeypatch.setattr(AsyncSession, "commit", fail)
    body = {"email": new_email(), "name": "Ada", "password": PASSWORD}
    assert (await auth.post("/api/auth/register", json=body)).status_code == 503


async def test_login_before_verification_answers_as_for_an_unknown_user(auth: httpx.AsyncClient) -> None:
    email = new_email()
    await register(auth, email)
    known, unknown = [
        await auth.post("/api/auth/login", json={"email": each, "password": PASSWORD}) for each in (email, new_email())
    ]
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


async def test_each_registration_has_its_own_password(auth: httpx.AsyncClient) -> None:
    email = new_email()
    await register(auth, email, NEW_PASSWORD)
    foreign = await mailed_token(auth, email)
    await register(auth, email)
    refused = await auth.post("/api/auth/verify", json={"token": foreign, "password": PASSWORD})
    assert refused.status_code == 401, "Who registers first cannot choose the password of somebody else."


async def test_link_can_be_mailed_again(auth: httpx.AsyncClient) -> None:
    email = new_email()
    await register(auth, email)
    first = await mailed_token(auth, email)
    response = await auth.post("/api/auth/resend-verification", json={"email": email})
    assert (response.status_code, response.content) == (202, b"")
    await mails(auth, email, 2)
    second = await mailed_token(auth, email)
    assert first != second
    await verify(auth, second)
    assert await use(auth, "verify", token=first, password=PASSWORD) == "link_invalid"


async def test_responses_and_statements_do_not_reveal_who_has_an_account(auth: httpx.AsyncClient, user: User) -> None:
    body = {"name": "Eve", "password": NEW_PASSWORD}
    for path in ("register", "forgot-password", "resend-verification"):
        found = []
        for email in (user.email.upper(), new_email()):
            with statements_of("auth") as statements:
                response = await auth.post(f"/api/auth/{path}", json={**body, "email": email})
            found.append((response.status_code, response.content, statements))
        assert found[0] == found[1]
        assert found[0][:2] == (202, b"")
        assert "INSERT INTO jobs" in str(found)
    received = await mails(auth, user.email, 4)
    subjects = {str(each["subject"]).partition(" - ")[0] for each in received}
    assert subjects == {"Confirm your email address", "You already have an account", "Choose a new password"}
    assert await statuses(auth, user.email, NEW_PASSWORD, PASSWORD) == [401, 200]


async def test_forgotten_password_is_reset_and_all_sessions_end(auth: httpx.AsyncClient, user: User) -> None:
    for _ in range(2):
        await auth.post("/api/auth/forgot-password", json={"email": user.email})
    newest, other, _ = await mails(auth, user.email, 3)
    tokens = [inbox.token([each]) for each in (newest, other)]
    guessable = await auth.post("/api/auth/reset-password", json={"token": tokens[0], "new_password": user.email})
    assert [each["field"] for each in guessable.json()["errors"]] == ["new_password"]
    reset = await auth.post("/api/auth/reset-password", json={"token": tokens[0], "new_password": NEW_PASSWORD})
    assert reset.status_code == 204
    assert (await auth.get("/api/auth/me", headers=user.headers)).status_code == 401
    assert await statuses(auth, user.email, PASSWORD, NEW_PASSWORD) == [401, 200]
    for token in tokens:
        assert await use(auth, "reset-password", token=token, new_password=PASSWORD) == "link_invalid"
    notice = (await mails(auth, user.email, 4))[0]
    assert str(notice["subject"]).startswith("Your password was changed")


async def test_reset_that_redis_misses_says_what_to_do_as_its_link_is_used(
    auth_settings: AuthSettings, own_redis: Redis, own_redis_url: str
) -> None:
    settings = auth_settings.model_copy(update={"redis_url": SecretStr(own_redis_url)})
    async with client_of(create_app(settings)) as auth:
        user = await create_user(auth)
        await auth.post("/api/auth/forgot-password", json={"email": user.email})
        await mails(auth, user.email, 2)
        body = {"token": await mailed_token(auth, user.email), "new_password": NEW_PASSWORD}
        await own_redis.replicaof(*REPLICA)
        missed = await auth.post("/api/auth/reset-password", json=body)
        assert (missed.status_code, missed.json()["code"]) == (503, "access_token_active")
        assert "retry-after" not in missed.headers
        assert "until they expire or you log in again" in missed.json()["detail"]
        await own_redis.replicaof(*PRIMARY)
        assert (await auth.get("/api/auth/me", headers=user.headers)).status_code == 200
        assert await statuses(auth, user.email, NEW_PASSWORD) == [200]
        assert (await auth.get("/api/auth/me", headers=user.headers)).status_code == 401


async def test_link_is_invalid_after_a_change_of_the_password_or_its_time(
    auth: httpx.AsyncClient, user: User, stores: Stores
) -> None:
    await auth.post("/api/auth/forgot-password", json={"email": user.email})
    await mails(auth, user.email, 2)
    token = await mailed_token(auth, user.email)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        hidden = await (await connection.execute("SELECT * FROM account_tokens")).fetchall()
        assert token not in str(hidden)
        await connection.execute("UPDATE account_tokens SET expires_at = now() WHERE user_id = %s", [user.id])
    assert await use(auth, "reset-password", token=token, new_password=NEW_PASSWORD) == "link_invalid"
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute(
            "UPDATE account_tokens SET expires_at = now() + interval '1 hour' WHERE user_id = %s", [user.id]
        )
        await connection.execute("UPDATE users SET account_version = account_version + 1 WHERE id = %s", [user.id])
    assert await use(auth, "reset-password", token=token, new_password=NEW_PASSWORD) == "link_invalid"
    assert await use(auth, "confirm-email", token=token) == "link_invalid"


async def test_new_address_is_confirmed_and_the_old_one_notified(
    auth: httpx.AsyncClient, user: User, other_user: User
) -> None:
    new = new_email()
    wrong = {"email": new, "password": NEW_PASSWORD}
    assert (await auth.post("/api/auth/change-email", json=wrong, headers=user.headers)).status_code == 403
    for email in (new, other_user.email):
        body = {"email": email, "password": PASSWORD}
        response = await auth.post("/api/auth/change-email", json=body, headers=user.headers)
        assert (response.status_code, response.content) == (202, b"")
    taken = (await mails(auth, other_user.email, 2))[0]
    assert taken["links"] == []
    assert "another account" in taken["text"]
    own = {"email": user.email, "password": PASSWORD}
    await auth.post("/api/auth/change-email", json=own, headers=user.headers)
    assert "your account, which has it already" in (await mails(auth, user.email, 2))[0]["text"]
    token = await mailed_token(auth, new)
    assert await statuses(auth, user.email, PASSWORD) == [200]
    assert (await auth.post("/api/auth/confirm-email", json={"token": token})).status_code == 204
    assert (await auth.get("/api/auth/me", headers=user.headers)).json()["email"] == new
    assert [*await statuses(auth, user.email, PASSWORD), *await statuses(auth, new, PASSWORD)] == [401, 200]
    assert await use(auth, "confirm-email", token=token) == "link_invalid"
    notice = (await mails(auth, user.email, 3))[0]
    assert str(notice["subject"]).startswith("Your email address was changed")
    assert notice["links"] == [], "The old address can no longer reset the password."


async def test_mails_to_an_address_are_limited(auth_settings: AuthSettings) -> None:
    limited = auth_settings.model_copy(update={"rate_limit_mail": "2/hour"})
    async with client_of(create_app(limited)) as auth:
        email = new_email()
        paths = ["register", "forgot-password", "resend-verification", "register"]
        body = {"email": email, "name": "Ada", "password": PASSWORD}
        responses = [await auth.post(f"/api/auth/{each}", json=body) for each in paths]
        assert (await auth.post("/api/auth/register", json=body | {"email": new_email()})).status_code == 202
        assert (await auth.post("/api/auth/forgot-password", json={"email": email})).status_code == 202
    assert [each.status_code for each in responses] == [202, 202, 202, 429]


async def test_routes_that_need_mail_report_that_it_is_not_configured(auth_settings: AuthSettings) -> None:
    deployed = auth_settings.model_copy(update={"environment": "production"})
    async with client_of(create_app(deployed)) as auth:
        body = {"email": new_email(), "name": "Ada", "password": PASSWORD}
        paths = ["register", "resend-verification", "forgot-password"]
        responses = [await auth.post(f"/api/auth/{each}", json=body) for each in paths]
    assert {(each.status_code, each.json()["code"]) for each in responses} == {(501, "mail_not_configured")}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"name": "   "}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"password": "too short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "lone surrogate \ud800"}, "password"),
    ],
)
async def test_register_names_invalid_field_without_the_password(
    auth: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    # httpx cannot encode a lone surrogate; json.dumps escapes it.
    body = json.dumps({"email": new_email(), "name": "Ada", "password": PASSWORD, **change})
    response = await auth.post("/api/auth/register", content=body, headers={"Content-Type": "application/json"})
    assert problem_of(response) == (422, "The request failed validation")
    assert [each["field"] for each in response.json()["errors"]] == [field]
    assert json.dumps(change.get("password", PASSWORD))[1:-1] not in response.text


async def test_register_rejects_too_large_body(auth: httpx.AsyncClient) -> None:
    response = await auth.post(
        "/api/auth/register", content=b" " * 1_100_000, headers={"Content-Type": "application/json"}
    )
    assert problem_of(response) == (413, "The body is too large")
