import asyncio
from uuid import uuid4

import httpx
import pytest

from tests.support.people import Person, join, new_email


@pytest.fixture
async def path(projects: httpx.AsyncClient, person: Person) -> str:
    """A project of `person`."""
    answer = await projects.post("/api/projects", json={"name": "Rockets"}, headers=person.headers)
    return f"/api/projects/{answer.json()['id']}"


async def add(projects: httpx.AsyncClient, path: str, owner: Person, member: Person, role: str) -> httpx.Response:
    body = {"email": member.email.upper(), "role": role}
    return await projects.post(f"{path}/members", json=body, headers=owner.headers)


async def test_a_member_sees_the_project_in_their_role(
    projects: httpx.AsyncClient, path: str, person: Person, other: Person
) -> None:
    added = await add(projects, path, person, other, "viewer")
    assert added.status_code == 201
    assert added.json()["user_id"] == other.id
    assert (await projects.get(path, headers=other.headers)).json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("viewer", {"read": 200, "change": 403, "add": 403, "delete": 403}),
        ("editor", {"read": 200, "change": 200, "add": 403, "delete": 403}),
        ("owner", {"read": 200, "change": 200, "add": 201, "delete": 204}),
    ],
)
async def test_each_role_may_do_so_much(
    projects: httpx.AsyncClient,
    auth: httpx.AsyncClient,
    path: str,
    person: Person,
    other: Person,
    role: str,
    expected: dict[str, int],
) -> None:
    await add(projects, path, person, other, role)
    third = await join(auth)
    found = {
        "read": (await projects.get(path, headers=other.headers)).status_code,
        "change": (await projects.patch(path, json={"name": "Moon"}, headers=other.headers)).status_code,
        "add": (await add(projects, path, other, third, "viewer")).status_code,
        "delete": (await projects.delete(path, headers=other.headers)).status_code,
    }
    assert found == expected


async def test_members_are_listed_page_by_page(
    projects: httpx.AsyncClient, path: str, person: Person, other: Person
) -> None:
    await add(projects, path, person, other, "editor")
    first = (await projects.get(f"{path}/members", params={"limit": 1}, headers=other.headers)).json()
    query = {"limit": 1, "cursor": first["next"]}
    second = (await projects.get(f"{path}/members", params=query, headers=other.headers)).json()
    assert [each["user_id"] for each in first["items"] + second["items"]] == [person.id, other.id]
    assert second["next"] is None


async def test_a_role_can_be_changed(projects: httpx.AsyncClient, path: str, person: Person, other: Person) -> None:
    await add(projects, path, person, other, "viewer")
    member = f"{path}/members/{other.id}"
    assert (await projects.patch(member, json={"role": "editor"}, headers=person.headers)).json()["role"] == "editor"
    assert (await projects.get(path, headers=other.headers)).json()["role"] == "editor"
    assert (await projects.patch(member, json={"role": "king"}, headers=person.headers)).status_code == 422


async def test_a_removed_member_no_longer_sees_the_project(
    projects: httpx.AsyncClient, path: str, person: Person, other: Person
) -> None:
    await add(projects, path, person, other, "editor")
    assert (await projects.delete(f"{path}/members/{other.id}", headers=person.headers)).status_code == 204
    assert (await projects.get(path, headers=other.headers)).status_code == 404


async def test_members_can_leave_but_not_remove_others(
    projects: httpx.AsyncClient, path: str, person: Person, other: Person
) -> None:
    await add(projects, path, person, other, "editor")
    assert (await projects.delete(f"{path}/members/{person.id}", headers=other.headers)).status_code == 403
    assert (await projects.delete(f"{path}/members/{other.id}", headers=other.headers)).status_code == 204


async def test_the_last_owner_stays(projects: httpx.AsyncClient, path: str, person: Person, other: Person) -> None:
    await add(projects, path, person, other, "editor")
    me = f"{path}/members/{person.id}"
    assert (await projects.delete(me, headers=person.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "viewer"}, headers=person.headers)).status_code == 409
    assert (await projects.patch(me, json={"role": "owner"}, headers=person.headers)).status_code == 200


async def test_two_owners_who_leave_at_once_leave_an_owner(
    projects: httpx.AsyncClient, path: str, person: Person, other: Person
) -> None:
    await add(projects, path, person, other, "owner")
    leaving = [projects.delete(f"{path}/members/{each.id}", headers=each.headers) for each in (person, other)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*leaving)) == [204, 409]


async def test_nobody_is_added_twice(projects: httpx.AsyncClient, path: str, person: Person, other: Person) -> None:
    await add(projects, path, person, other, "viewer")
    assert (await add(projects, path, person, other, "owner")).status_code == 409
    assert (await projects.get(path, headers=other.headers)).json()["role"] == "viewer"


async def test_who_has_not_registered_cannot_be_added(projects: httpx.AsyncClient, path: str, person: Person) -> None:
    body = {"email": new_email(), "role": "viewer"}
    answer = await projects.post(f"{path}/members", json=body, headers=person.headers)
    assert answer.status_code == 409
    assert "register" in answer.json()["detail"]


async def test_a_member_who_is_none_is_not_found(projects: httpx.AsyncClient, path: str, person: Person) -> None:
    member = f"{path}/members/{uuid4()}"
    assert (await projects.delete(member, headers=person.headers)).status_code == 404
    assert (await projects.patch(member, json={"role": "owner"}, headers=person.headers)).status_code == 404
