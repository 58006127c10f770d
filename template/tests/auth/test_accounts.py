"""Tests of what users change about themselves."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest
from psycopg import AsyncConnection
from pydantic import SecretStr
from redis.asyncio import Redis
from starlette.requests import Request

from auth.accounts import UnownedProjectsError
from auth.app import create_app
from auth.endpoints import handle_error
from auth.repository import ReleasedProject
from auth.settings import AuthSettings
from shared.security.passwords import PasswordHashing
from tests.support.clients import client_of, problem_of
from tests.support.stores import PRIMARY, REPLICA, Stores, wait_until_locked
from tests.support.users import PASSWORD, User, add_member, create_user, new_email

NEW_PASSWORD = "nobody guesses these nouns"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def log_in(auth: httpx.AsyncClient, user: User, password: str = PASSWORD, **headers: str) -> httpx.Response:
    body = {"email": user.email, "password": password}
    return await auth.post("/api/auth/login", json=body, headers=headers)


async def other_session(auth: httpx.AsyncClient, user: User, **headers: str) -> dict[str, str]:
    """The headers of another session of the user."""
    return {"Authorization": f"Bearer {(await log_in(auth, user, **headers)).json()['access_token']}"}


async def change_password(auth: httpx.AsyncClient, user: User, password: str, new_password: str) -> httpx.Response:
    body = {"password": password, "new_password": new_password}
    return await auth.post("/api/auth/change-password", json=body, headers=user.headers)


async def delete_account(auth: httpx.AsyncClient, user: User, **body: Any) -> httpx.Response:
    return await auth.post("/api/auth/delete-account", json={"password": PASSWORD, **body}, headers=user.headers)


async def me(auth: httpx.AsyncClient, *sessions: dict[str, str]) -> list[int]:
    """The status of the current user in each session."""
    return [(await auth.get("/api/auth/me", headers=each)).status_code for each in sessions]


async def actions(stores: Stores, user_id: str) -> Sequence[str]:
    """The audited actions of a user after registration and log-in, oldest first."""
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT action FROM audit_events WHERE actor_id = %s ORDER BY created_at, action"
        found = await (await connection.execute(query, [user_id])).fetchall()
    return [action for (action,) in found if action not in {"user.register", "session.login"}]


async def test_name_is_changed(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    changed = await auth.patch("/api/auth/me", json={"name": " Ada "}, headers=user.headers)
    assert (changed.status_code, changed.json()) == (200, {"id": user.id, "email": user.email, "name": "Ada"})
    assert (await auth.get("/api/auth/me", headers=user.headers)).json() == changed.json()
    assert await actions(stores, user.id) == ["user.change"]


async def test_changed_password_ends_the_other_sessions(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    other = await other_session(auth, user)
    assert (await change_password(auth, user, PASSWORD, NEW_PASSWORD)).status_code == 204
    assert await me(auth, user.headers, other) == [200, 401]
    assert [(await log_in(auth, user, each)).status_code for each in (PASSWORD, NEW_PASSWORD)] == [401, 200]
    assert await actions(stores, user.id) == ["session.end", "user.password", "session.refuse"]


async def test_password_change_requires_the_current_password(
    auth: httpx.AsyncClient, user: User, stores: Stores
) -> None:
    other = await other_session(auth, user)
    refused = await change_password(auth, user, "another", NEW_PASSWORD)
    assert (*problem_of(refused), refused.json()["code"]) == (403, "The current password is wrong", "wrong_password")
    assert (await delete_account(auth, user, password="another")).json() == refused.json()
    assert await me(auth, user.headers, other) == [200, 200]
    assert (await log_in(auth, user)).status_code == 200
    assert await actions(stores, user.id) == ["password.refuse", "password.refuse"]


@pytest.mark.parametrize("guessable", ["password" * 2, "qwertyuiop" * 2, "a" * 16, "{email}", "{name}99"])
async def test_guessable_passwords_are_refused(auth: httpx.AsyncClient, guessable: str) -> None:
    email, name = new_email(), "Ada Lovelace"
    password = guessable.format(email=email, name=name)
    body = {"email": email, "name": name, "password": password}
    refused = await auth.post("/api/auth/register", json=body)
    assert problem_of(refused) == (422, "The request failed validation")
    [error] = refused.json()["errors"]
    assert (error["field"], error["code"]) == ("password", "password_guessable")
    assert password not in refused.text


async def test_guessable_new_password_is_refused(auth: httpx.AsyncClient, user: User) -> None:
    refused = await change_password(auth, user, PASSWORD, f"{user.email}1")
    assert [each["field"] for each in refused.json()["errors"]] == ["new_password"]
    assert (await log_in(auth, user)).status_code == 200


async def test_password_is_the_same_in_all_unicode_spellings(auth: httpx.AsyncClient) -> None:
    # A decomposed e with acute, and an ideographic space.
    password = "touche\u0301\u3000correct horse battery"
    user = await create_user(auth, password)
    spellings = ["touch\u00e9 correct horse battery", password, "TOUCHE\u0301 correct horse battery"]
    assert [(await log_in(auth, user, each)).status_code for each in spellings] == [200, 200, 401]


@pytest.mark.parametrize(("password", "status"), [(NEW_PASSWORD, 401), (PASSWORD, 200)])
async def test_login_while_the_hash_changes_checks_the_new_one(
    auth: httpx.AsyncClient, user: User, stores: Stores, password: str, status: int
) -> None:
    passwords = PasswordHashing(memory_kib=8, rounds=1, timeout=5)
    changed = await passwords.hash(password)
    passwords.close()
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("SELECT FROM users WHERE id = %s FOR UPDATE", [user.id])
        login = asyncio.create_task(log_in(auth, user))
        await wait_until_locked(stores)
        await connection.execute("UPDATE users SET password_hash = %s WHERE id = %s", [changed, user.id])
        await connection.commit()
    assert (await login).status_code == status


async def test_sessions_have_device_and_address(auth: httpx.AsyncClient, user: User) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    other = await other_session(auth, user, **{"User-Agent": FIREFOX}, **forwarded)
    items = (await auth.get("/api/auth/sessions", headers=other)).json()["items"]
    assert [(each["device"], each["address"], each["is_current"]) for each in items] == [
        ("Firefox on Linux", "203.0.113.7", True),
        ("python-httpx", "127.0.0.1", False),
    ]
    refresh = {"refresh_token": user.refresh_token}
    assert (await auth.post("/api/auth/refresh", json=refresh, headers=forwarded)).status_code == 200
    [latest, _] = (await auth.get("/api/auth/sessions", headers=other)).json()["items"]
    assert (latest["id"], latest["address"]) == (items[1]["id"], "203.0.113.7")
    assert latest["created_at"] < latest["refreshed_at"] < latest["expires_at"]


async def test_user_ends_single_and_all_other_sessions(
    auth: httpx.AsyncClient, user: User, other_user: User, stores: Stores
) -> None:
    sessions = [await other_session(auth, user) for _ in range(3)]
    items = (await auth.get("/api/auth/sessions", headers=user.headers)).json()["items"]
    path = f"/api/auth/sessions/{items[0]['id']}"
    for headers, session in ((other_user.headers, path), (user.headers, f"/api/auth/sessions/{uuid4()}")):
        assert problem_of(await auth.delete(session, headers=headers)) == (404, "You have no session with this ID")
    assert [(await auth.delete(path, headers=user.headers)).status_code for _ in range(2)] == [204, 204]
    assert await me(auth, user.headers, *sessions) == [200, 200, 200, 401]
    assert (await auth.delete("/api/auth/sessions", headers=user.headers)).status_code == 204
    assert await me(auth, user.headers, *sessions) == [200, 401, 401, 401]
    [remaining] = (await auth.get("/api/auth/sessions", headers=user.headers)).json()["items"]
    assert remaining["is_current"]
    assert await actions(stores, user.id) == ["session.end"] * 3
    assert await me(auth, other_user.headers) == [200]


async def test_end_of_sessions_that_redis_misses_is_reported_and_can_be_repeated(
    own_redis: Redis, own_redis_url: str, auth_settings: AuthSettings
) -> None:
    settings = auth_settings.model_copy(update={"redis_url": SecretStr(own_redis_url)})
    async with client_of(create_app(settings)) as auth:
        user = await create_user(auth)
        other = await other_session(auth, user)
        await own_redis.replicaof(*REPLICA)
        missed = await change_password(auth, user, PASSWORD, NEW_PASSWORD)
        assert (missed.status_code, missed.json()["code"]) == (503, "access_token_active")
        assert await me(auth, other) == [200]
        await own_redis.replicaof(*PRIMARY)
        assert (await auth.delete("/api/auth/sessions", headers=user.headers)).status_code == 204
        assert await me(auth, user.headers, other) == [200, 401]
        assert (await log_in(auth, user, NEW_PASSWORD)).status_code == 200


async def test_session_ends_after_its_lifetime_however_often_it_is_refreshed(
    auth_settings: AuthSettings, stores: Stores
) -> None:
    async with client_of(create_app(auth_settings.model_copy(update={"session_lifetime": 600}))) as auth:
        user = await create_user(auth)
        refreshed = await auth.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})
        assert 0 < refreshed.json()["expires_in"] <= 600
        async with await AsyncConnection.connect(stores.database_url) as connection:
            query = "UPDATE sessions SET created_at = created_at - interval '11 minutes' WHERE user_id = %s"
            await connection.execute(query, [user.id])
        expired = await auth.post("/api/auth/refresh", json={"refresh_token": refreshed.json()["refresh_token"]})
        assert problem_of(expired)[0] == 401


async def test_deleted_account_is_gone(auth: httpx.AsyncClient, user: User, stores: Stores) -> None:
    other = await other_session(auth, user)
    assert (await delete_account(auth, user)).status_code == 204
    assert await me(auth, user.headers, other) == [401, 401]
    assert (await log_in(auth, user)).status_code == 401
    assert await actions(stores, user.id) == ["user.delete"]


async def test_projects_without_another_owner_are_only_deleted_on_request(
    auth: httpx.AsyncClient, projects: httpx.AsyncClient, user: User, other_user: User, stores: Stores
) -> None:
    async def create(owner: User, name: str, **members: str) -> str:
        response = await projects.post("/api/projects", json={"name": name}, headers=owner.headers)
        path = f"/api/projects/{response.json()['id']}"
        for role in members.values():
            await add_member(projects, path, owner, other_user if owner is user else user, role)
        return path

    own, shared = await create(user, "Own", other="editor"), await create(user, "Shared", other="owner")
    foreign = await create(other_user, "Foreign", other="viewer")

    async def seen() -> list[int]:
        return [(await projects.get(each, headers=other_user.headers)).status_code for each in (own, shared, foreign)]

    # This caches them.
    assert await seen() == [200, 200, 200]
    refused = await delete_account(auth, user)
    assert problem_of(refused)[0] == 409
    assert refused.json()["code"] == "projects_without_owner"
    assert refused.json()["projects"] == [{"id": own.rpartition("/")[2], "name": "Own"}]
    assert await me(auth, user.headers) == [200]
    assert (await delete_account(auth, user, delete_projects=True)).status_code == 204
    assert await seen() == [404, 200, 200]
    members = (await projects.get(f"{shared}/members", headers=other_user.headers)).json()["items"]
    assert [each["user_id"] for each in members] == [other_user.id]
    assert (await actions(stores, user.id))[-4:] == ["member.remove", "member.remove", "project.delete", "user.delete"]


def test_response_lists_a_limited_number_of_projects_without_an_owner() -> None:
    projects = [ReleasedProject(uuid4(), "A", is_unowned=True)] * 1000
    response = handle_error(Request({"type": "http"}), UnownedProjectsError(projects))
    found = json.loads(bytes(response.body))
    assert (len(found["projects"]), found["detail"].split(":")[0]) == (100, "Nobody else owns 1000 of your projects")


async def test_owner_cannot_leave_while_the_only_other_one_is_deleted(
    auth: httpx.AsyncClient, projects: httpx.AsyncClient, user: User, other_user: User, stores: Stores
) -> None:
    created = await projects.post("/api/projects", json={"name": "Shared"}, headers=user.headers)
    project = created.json()["id"]
    await add_member(projects, f"/api/projects/{project}", user, other_user, "owner")
    async with await AsyncConnection.connect(stores.database_url) as connection:
        # The other owner leaves, but this is not committed yet.
        await connection.execute("SELECT FROM projects WHERE id = %s FOR UPDATE", [project])
        await connection.execute("DELETE FROM memberships WHERE user_id = %s", [other_user.id])
        deleting = asyncio.create_task(delete_account(auth, user))
        await wait_until_locked(stores)
        await connection.commit()
    assert (await deleting).status_code == 409
