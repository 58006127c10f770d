"""Tests of the audit events that the owners of a project see."""

import httpx
from psycopg import AsyncConnection

from tests.projects.test_projects import create
from tests.support.clients import problem_of
from tests.support.stores import Stores
from tests.support.users import User, add_member


async def test_owners_see_who_did_what_and_from_where(
    projects: httpx.AsyncClient, user: User, other_user: User, stores: Stores
) -> None:
    path = f"/api/projects/{await create(projects, user)}"
    request = {"X-Request-ID": "audit-0001", "X-Forwarded-For": "203.0.113.7", "User-Agent": "curl/8.5.0"}
    await add_member(projects, path, user, other_user, "editor")
    body = {"role": "owner"}
    await projects.patch(f"{path}/members/{other_user.id}", json=body, headers={**user.headers, **request})
    await projects.patch(path, json={"name": "Moon"}, headers=other_user.headers)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [other_user.id])
    first = (await projects.get(f"{path}/events", params={"limit": 2}, headers=user.headers)).json()
    query = {"limit": 2, "cursor": first["next"]}
    second = (await projects.get(f"{path}/events", params=query, headers=user.headers)).json()
    events = [*first["items"], *second["items"]]
    assert [each["action"] for each in events] == ["project.change", "member.change", "member.accept", "member.invite"]
    assert second["next"] is not None
    assert events[0]["actor"] == {"id": other_user.id, "email": None, "name": None}
    assert events[0]["details"] == {"fields": ["name"]}
    changed = {name: value for name, value in events[1].items() if name not in {"id", "created_at"}}
    assert changed == {
        "action": "member.change",
        "actor": {"id": user.id, "email": user.email, "name": "Someone"},
        "address": "203.0.113.7",
        "device": "curl",
        "request_id": "audit-0001",
        "details": {"user_id": other_user.id, "role": "owner"},
    }


async def test_only_owners_see_events(projects: httpx.AsyncClient, user: User, other_user: User) -> None:
    path = f"/api/projects/{await create(projects, user)}"
    assert problem_of(await projects.get(f"{path}/events", headers=other_user.headers))[0] == 404
    await add_member(projects, path, user, other_user, "editor")
    assert problem_of(await projects.get(f"{path}/events", headers=other_user.headers))[0] == 403
