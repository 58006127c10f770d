from uuid import uuid4

import httpx
import pytest
from psycopg import AsyncConnection

from tests.support.people import Person
from tests.support.stores import Stores


async def create(projects: httpx.AsyncClient, person: Person, name: str = "Rockets") -> str:
    answer = await projects.post("/api/projects", json={"name": name}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_who_creates_a_project_owns_it(projects: httpx.AsyncClient, person: Person) -> None:
    created = await projects.post("/api/projects", json={"name": "  Rockets "}, headers=person.headers)
    assert created.status_code == 201
    assert created.json()["name"] == "Rockets"
    assert created.json()["role"] == "owner"
    read = await projects.get(f"/api/projects/{created.json()['id']}", headers=person.headers)
    assert read.json() == created.json()


@pytest.mark.parametrize("wrong", [{}, {"name": " "}, {"name": "x" * 201}, {"name": "One", "colour": "red"}])
async def test_a_project_of_nonsense_is_refused(
    projects: httpx.AsyncClient, person: Person, wrong: dict[str, str]
) -> None:
    assert (await projects.post("/api/projects", json=wrong, headers=person.headers)).status_code == 422


async def test_pages_hold_each_project_once_newest_first(projects: httpx.AsyncClient, person: Person) -> None:
    created = [await create(projects, person, f"Project {number}") for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        query: dict[str, str | int] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await projects.get("/api/projects", params=query, headers=person.headers)).json()
        seen += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        assert len(page["items"]) == 2
        cursor = page["next"]
    assert seen == created[::-1]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"cursor": "nonsense"}, {"cursor": "MjAyNg"}])
async def test_a_page_that_cannot_be_is_refused(
    projects: httpx.AsyncClient, person: Person, query: dict[str, str | int]
) -> None:
    assert (await projects.get("/api/projects", params=query, headers=person.headers)).status_code == 422


async def test_a_change_leaves_the_rest_as_it_is(projects: httpx.AsyncClient, person: Person) -> None:
    path = f"/api/projects/{await create(projects, person)}"
    before = (await projects.get(path, headers=person.headers)).json()
    changed = (await projects.patch(path, json={"description": "To the moon"}, headers=person.headers)).json()
    assert changed == {**before, "description": "To the moon", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > before["updated_at"]
    assert (await projects.get(path, headers=person.headers)).json() == changed


@pytest.mark.parametrize("change", [{}, {"name": ""}, {"name": None}, {"name": "x" * 201}, {"role": "owner"}])
async def test_a_change_of_nothing_or_to_nonsense_is_refused(
    projects: httpx.AsyncClient, person: Person, change: dict[str, str | None]
) -> None:
    path = f"/api/projects/{await create(projects, person)}"
    assert (await projects.patch(path, json=change, headers=person.headers)).status_code == 422


async def test_a_deleted_project_is_gone(projects: httpx.AsyncClient, person: Person) -> None:
    path = f"/api/projects/{await create(projects, person)}"
    assert (await projects.delete(path, headers=person.headers)).status_code == 204
    assert (await projects.get(path, headers=person.headers)).status_code == 404
    assert (await projects.get("/api/projects", headers=person.headers)).json() == {"items": [], "next": None}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_who_is_no_member_cannot_tell_that_a_project_exists(
    projects: httpx.AsyncClient, person: Person, other: Person, method: str
) -> None:
    body = {"name": "Mine"} if method == "PATCH" else None
    path = f"/api/projects/{await create(projects, person)}"
    real = await projects.request(method, path, headers=other.headers, json=body)
    unreal = await projects.request(method, f"/api/projects/{uuid4()}", headers=other.headers, json=body)
    assert (real.status_code, real.json()) == (unreal.status_code, unreal.json())
    assert real.status_code == 404


async def test_without_a_token_nothing_is_shown(projects: httpx.AsyncClient) -> None:
    assert (await projects.get("/api/projects")).status_code == 401


async def test_what_is_done_is_on_record_even_of_a_deleted_project(
    projects: httpx.AsyncClient, person: Person, stores: Stores
) -> None:
    project = await create(projects, person)
    await projects.patch(f"/api/projects/{project}", json={"name": "Moon"}, headers=person.headers)
    await projects.delete(f"/api/projects/{project}", headers=person.headers)
    async with await AsyncConnection.connect(stores.database_url) as connection:
        query = "SELECT action, actor_id::text, details FROM audit_events WHERE subject_id = %s ORDER BY created_at"
        found = await (await connection.execute(query, [project])).fetchall()
    assert found == [
        ("project.create", person.id, {"name": "Rockets"}),
        ("project.change", person.id, {"fields": ["name"]}),
        ("project.delete", person.id, {"name": "Moon"}),
    ]
