import asyncio
from uuid import uuid4

import httpx
import pytest
from psycopg import AsyncConnection

from tests.support.clients import problem_of
from tests.support.stores import Stores, wait_until_locked
from tests.support.users import User, create_user, new_email


@pytest.fixture
async def path(projects: httpx.AsyncClient, user: User) -> str:
    """The path of a project that `user` owns."""
    response = await projects.post("/api/projects", json={"name": "Rockets"}, headers=user.headers)
    return f"/api/projects/{response.json()['id']}"


async def add(projects: httpx.AsyncClient, path: str, owner: User, member: User, role: str) -> httpx.Response:
    body = {"email": member.email.upper(), "role": role}
    return await projects.post(f"{path}/members", json=body, headers=owner.headers)


async def test_added_member_sees_the_project_with_their_role(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    added = await add(projects, path, user, other_user, "viewer")
    assert added.status_code == 201
    assert added.json()["user_id"] == other_user.id
    assert (await projects.get(path, headers=other_user.headers)).json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", {"read": 200, "change": 403, "add": 403, "delete": 403}),
        ("editor", {"read": 200, "change": 200, "add": 403, "delete": 403}),
        ("owner", {"read": 200, "change": 200, "add": 201, "delete": 204}),
    ],
)
async def test_role_permissions(
    projects: httpx.AsyncClient,
    auth: httpx.AsyncClient,
    path: str,
    user: User,
    other_user: User,
    role: str,
    expected: dict[str, int],
) -> None:
    await add(projects, path, user, other_user, role)
    third = await create_user(auth)
    found = {
        "read": (await projects.get(path, headers=other_user.headers)).status_code,
        "change": (await projects.patch(path, json={"name": "Moon"}, headers=other_user.headers)).status_code,
        "add": (await add(projects, path, other_user, third, "viewer")).status_code,
        "delete": (await projects.delete(path, headers=other_user.headers)).status_code,
    }
    assert found == expected


async def test_members_are_paginated_oldest_first(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "editor")
    first = (await projects.get(f"{path}/members", params={"limit": 1}, headers=other_user.headers)).json()
    query = {"limit": 1, "cursor": first["next"]}
    second = (await projects.get(f"{path}/members", params=query, headers=other_user.headers)).json()
    assert [each["user_id"] for each in first["items"] + second["items"]] == [user.id, other_user.id]
    assert second["next"] is None


async def test_owner_changes_role_of_a_member(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "viewer")
    member = f"{path}/members/{other_user.id}"
    assert (await projects.patch(member, json={"role": "editor"}, headers=user.headers)).json()["role"] == "editor"
    assert (await projects.get(path, headers=other_user.headers)).json()["role"] == "editor"
    assert (await projects.patch(member, json={"role": "king"}, headers=user.headers)).status_code == 422


async def test_removed_member_does_not_see_the_project(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "editor")
    assert (await projects.delete(f"{path}/members/{other_user.id}", headers=user.headers)).status_code == 204
    assert (await projects.get(path, headers=other_user.headers)).status_code == 404


async def test_members_can_leave_but_not_remove_others(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "editor")
    assert (await projects.delete(f"{path}/members/{user.id}", headers=other_user.headers)).status_code == 403
    assert (await projects.delete(f"{path}/members/{other_user.id}", headers=other_user.headers)).status_code == 204


async def test_last_owner_cannot_leave_or_lose_the_role(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "editor")
    me = f"{path}/members/{user.id}"
    assert (await projects.delete(me, headers=user.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "viewer"}, headers=user.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "owner"}, headers=user.headers)).status_code == 200


async def test_only_one_of_two_owners_can_leave_concurrently(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "owner")
    leaving = [projects.delete(f"{path}/members/{each.id}", headers=each.headers) for each in (user, other_user)]
    assert sorted(response.status_code for response in await asyncio.gather(*leaving)) == [204, 409]


async def test_member_cannot_be_added_twice(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add(projects, path, user, other_user, "viewer")
    assert (await add(projects, path, user, other_user, "owner")).status_code == 409
    assert (await projects.get(path, headers=other_user.headers)).json()["role"] == "viewer"


async def test_unregistered_user_cannot_be_added(projects: httpx.AsyncClient, path: str, user: User) -> None:
    body = {"email": new_email(), "role": "viewer"}
    response = await projects.post(f"{path}/members", json=body, headers=user.headers)
    assert response.status_code == 409
    assert "register" in problem_of(response)[1]


async def test_unknown_member_is_a_404(projects: httpx.AsyncClient, path: str, user: User) -> None:
    member = f"{path}/members/{uuid4()}"
    assert (await projects.delete(member, headers=user.headers)).status_code == 404
    assert (await projects.patch(member, json={"role": "owner"}, headers=user.headers)).status_code == 404


async def test_user_who_is_being_deleted_cannot_be_added(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User, stores: Stores
) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [other_user.id])
        adding = asyncio.create_task(add(projects, path, user, other_user, "viewer"))
        await wait_until_locked(stores)
        await connection.commit()
    assert problem_of(await adding) == (409, "No user with this email is registered")
