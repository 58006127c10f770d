import asyncio
from uuid import uuid4

import httpx
import pytest

from tests.support.users import User, add_member, new_email


async def test_added_member_sees_the_project_with_their_role(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "viewer")
    assert (await projects.get(path, headers=other_user.headers)).json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", {"read": 200, "change": 403, "invite": 403, "delete": 403}),
        ("editor", {"read": 200, "change": 200, "invite": 403, "delete": 403}),
        ("owner", {"read": 200, "change": 200, "invite": 202, "delete": 204}),
    ],
)
async def test_role_permissions(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User, role: str, expected: dict[str, int]
) -> None:
    await add_member(projects, path, user, other_user, role)
    third = {"email": new_email(), "role": "viewer"}
    found = {
        "read": (await projects.get(path, headers=other_user.headers)).status_code,
        "change": (await projects.patch(path, json={"name": "Moon"}, headers=other_user.headers)).status_code,
        "invite": (await projects.post(f"{path}/members", json=third, headers=other_user.headers)).status_code,
        "delete": (await projects.delete(path, headers=other_user.headers)).status_code,
    }
    assert found == expected


async def test_members_are_paginated_oldest_first(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "editor")
    first = (await projects.get(f"{path}/members", params={"limit": 1}, headers=other_user.headers)).json()
    query = {"limit": 1, "cursor": first["next"]}
    second = (await projects.get(f"{path}/members", params=query, headers=other_user.headers)).json()
    assert [each["user_id"] for each in first["items"] + second["items"]] == [user.id, other_user.id]
    assert second["next"] is None


async def test_owner_changes_role_of_a_member(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "viewer")
    member = f"{path}/members/{other_user.id}"
    assert (await projects.patch(member, json={"role": "editor"}, headers=user.headers)).json()["role"] == "editor"
    assert (await projects.get(path, headers=other_user.headers)).json()["role"] == "editor"
    assert (await projects.patch(member, json={"role": "king"}, headers=user.headers)).status_code == 422


async def test_removed_member_does_not_see_the_project(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "editor")
    assert (await projects.delete(f"{path}/members/{other_user.id}", headers=user.headers)).status_code == 204
    assert (await projects.get(path, headers=other_user.headers)).status_code == 404


async def test_members_can_leave_but_not_remove_others(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "editor")
    assert (await projects.delete(f"{path}/members/{user.id}", headers=other_user.headers)).status_code == 403
    assert (await projects.delete(f"{path}/members/{other_user.id}", headers=other_user.headers)).status_code == 204


async def test_last_owner_cannot_leave_or_lose_the_role(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "editor")
    me = f"{path}/members/{user.id}"
    assert (await projects.delete(me, headers=user.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "viewer"}, headers=user.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "owner"}, headers=user.headers)).status_code == 200


async def test_only_one_of_two_owners_can_leave_concurrently(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await add_member(projects, path, user, other_user, "owner")
    leaving = [projects.delete(f"{path}/members/{each.id}", headers=each.headers) for each in (user, other_user)]
    assert sorted(response.status_code for response in await asyncio.gather(*leaving)) == [204, 409]


async def test_unknown_member_is_a_404(projects: httpx.AsyncClient, path: str, user: User) -> None:
    member = f"{path}/members/{uuid4()}"
    assert (await projects.delete(member, headers=user.headers)).status_code == 404
    assert (await projects.patch(member, json={"role": "owner"}, headers=user.headers)).status_code == 404
