from uuid import UUID, uuid4

import httpx
import pytest
from psycopg import AsyncConnection, sql
from sqlalchemy import create_engine

from projects.repository import search_of
from tests.support.clients import problem_of
from tests.support.stores import Stores
from tests.support.users import User

# Ten thousand projects, a tenth of them of this user.
MANY_PROJECTS = """
WITH created AS (INSERT INTO projects (name) SELECT 'Moon ' || n FROM generate_series(1, 10000) AS n RETURNING id, name)
INSERT INTO memberships (project_id, user_id, role)
SELECT id, %s, 'owner' FROM created WHERE name LIKE '%%0'
"""


async def create(projects: httpx.AsyncClient, user: User, name: str = "Rockets") -> str:
    response = await projects.post("/api/projects", json={"name": name}, headers=user.headers)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def test_creator_owns_the_project(projects: httpx.AsyncClient, user: User) -> None:
    created = await projects.post("/api/projects", json={"name": "  Rockets "}, headers=user.headers)
    assert created.status_code == 201
    assert created.json()["name"] == "Rockets"
    assert created.json()["role"] == "owner"
    read = await projects.get(f"/api/projects/{created.json()['id']}", headers=user.headers)
    assert read.json() == created.json()


@pytest.mark.parametrize("invalid", [{}, {"name": " "}, {"name": "x" * 201}, {"name": "One", "colour": "red"}])
async def test_create_rejects_invalid_project(projects: httpx.AsyncClient, user: User, invalid: dict[str, str]) -> None:
    assert (await projects.post("/api/projects", json=invalid, headers=user.headers)).status_code == 422


async def test_projects_are_paginated_newest_first(projects: httpx.AsyncClient, user: User) -> None:
    created = [await create(projects, user, f"Project {number}") for number in range(5)]
    found: list[str] = []
    cursor = ""
    while True:
        query: dict[str, str | int] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await projects.get("/api/projects", params=query, headers=user.headers)).json()
        found += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        assert len(page["items"]) == 2
        cursor = page["next"]
    assert found == created[::-1]


async def test_projects_are_found_by_a_part_of_their_name(
    projects: httpx.AsyncClient, user: User, other_user: User
) -> None:
    names = ["100% Ärger", "1000 things", "Moon_1", "MOON 2", "a\\b", "moonlight"]
    for name in names:
        await create(projects, user, name)
    await create(projects, other_user, "Moon 3")

    async def found(search: str) -> list[str]:
        """The names on all pages of one project each."""
        listed: list[str] = []
        query: dict[str, str | int] = {"search": search, "limit": 1}
        while True:
            page = (await projects.get("/api/projects", params=query, headers=user.headers)).json()
            listed += [each["name"] for each in page["items"]]
            if page["next"] is None:
                return listed
            query["cursor"] = page["next"]

    searches = ["moon", " ärg ", "100%", "_", "\\", "", "sun"]
    assert [await found(each) for each in searches] == [
        ["moonlight", "MOON 2", "Moon_1"],
        ["100% Ärger"],
        ["100% Ärger"],
        ["Moon_1"],
        ["a\\b"],
        names[::-1],
        [],
    ]


async def test_search_reads_only_projects_of_the_user(user: User, stores: Stores) -> None:
    query = search_of(UUID(user.id), "moon", None, 20)
    dialect = create_engine("postgresql+psycopg://").dialect
    statement = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute(MANY_PROJECTS, [user.id])
        await connection.execute("ANALYZE projects, memberships")
        plan = [
            line
            for (line,) in await (
                await connection.execute(sql.SQL("EXPLAIN {}").format(sql.SQL(str(statement))))
            ).fetchall()
        ]
        await connection.rollback()
    assert "memberships_user_id_created_at_project_id_idx" in "".join(plan)
    assert not [line for line in plan if "Seq Scan" in line or "Sort" in line]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"cursor": "nonsense"}, {"cursor": "MjAyNg"}])
async def test_list_rejects_invalid_limit_and_cursor(
    projects: httpx.AsyncClient, user: User, query: dict[str, str | int]
) -> None:
    response = await projects.get("/api/projects", params=query, headers=user.headers)
    assert problem_of(response) == (422, "The request failed validation")
    assert [each["field"] for each in response.json()["errors"]] == [next(iter(query))]


async def test_update_keeps_omitted_fields(projects: httpx.AsyncClient, user: User) -> None:
    path = f"/api/projects/{await create(projects, user)}"
    before = (await projects.get(path, headers=user.headers)).json()
    changed = (await projects.patch(path, json={"description": "To the moon"}, headers=user.headers)).json()
    assert changed == {**before, "description": "To the moon", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > before["updated_at"]
    assert (await projects.get(path, headers=user.headers)).json() == changed


@pytest.mark.parametrize("change", [{}, {"name": ""}, {"name": None}, {"name": "x" * 201}, {"role": "owner"}])
async def test_update_rejects_empty_and_invalid_changes(
    projects: httpx.AsyncClient, user: User, change: dict[str, str | None]
) -> None:
    path = f"/api/projects/{await create(projects, user)}"
    assert (await projects.patch(path, json=change, headers=user.headers)).status_code == 422


async def test_deleted_project_is_a_404(projects: httpx.AsyncClient, user: User) -> None:
    path = f"/api/projects/{await create(projects, user)}"
    assert (await projects.delete(path, headers=user.headers)).status_code == 204
    assert (await projects.get(path, headers=user.headers)).status_code == 404
    assert (await projects.get("/api/projects", headers=user.headers)).json() == {"items": [], "next": None}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_project_is_a_404_for_others(
    projects: httpx.AsyncClient, user: User, other_user: User, method: str
) -> None:
    body = {"name": "Mine"} if method == "PATCH" else None
    path = f"/api/projects/{await create(projects, user)}"
    existing = await projects.request(method, path, headers=other_user.headers, json=body)
    unknown = await projects.request(method, f"/api/projects/{uuid4()}", headers=other_user.headers, json=body)
    assert (existing.status_code, existing.json()) == (unknown.status_code, unknown.json())
    assert existing.status_code == 404


async def test_list_requires_an_access_token(projects: httpx.AsyncClient) -> None:
    assert (await projects.get("/api/projects")).status_code == 401


async def test_audit_log_outlives_the_project(projects: httpx.AsyncClient, user: User, stores: Stores) -> None:
    project = await create(projects, user)
    await projects.patch(f"/api/projects/{project}", json={"name": "Moon"}, headers=user.headers)
    await projects.delete(f"/api/projects/{project}", headers=user.headers)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT action, actor_id::text, details FROM audit_events WHERE subject_id = %s ORDER BY created_at"
        found = await (await connection.execute(query, [project])).fetchall()
    assert found == [
        ("project.create", user.id, {"name": "Rockets"}),
        ("project.change", user.id, {"fields": ["name"]}),
        ("project.delete", user.id, {"name": "Moon"}),
    ]


async def test_deleted_user_is_not_authenticated(projects: httpx.AsyncClient, user: User, stores: Stores) -> None:
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("DELETE FROM users WHERE id = %s", [user.id])
    response = await projects.post("/api/projects", json={"name": "Rockets"}, headers=user.headers)
    assert problem_of(response) == (401, "This user no longer exists")
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
