"""What people do in a day, from registration to log-out."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support.people import PASSWORD, Person, new_email


def bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


async def create(client: httpx.AsyncClient, person: Person, name: str = "Compiler") -> str:
    """The path of a new project."""
    answer = await client.post("/api/projects", json={"name": name}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    return f"/api/projects/{answer.json()['id']}"


async def pages(client: httpx.AsyncClient, path: str, person: Person) -> list[list[dict[str, Any]]]:
    """The items of each page of two."""
    found: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, str | int] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = await client.get(path, params=query, headers=person.headers)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        cursor = answer.json()["next"]
    return found


async def test_a_new_person_registers_logs_in_and_is_known(client: httpx.AsyncClient) -> None:
    email = new_email()
    registered = await client.post("/api/auth/register", json={"email": email, "name": " Ada ", "password": PASSWORD})
    assert registered.status_code == 201
    assert registered.json() == {"id": registered.json()["id"], "email": email, "name": "Ada"}
    logged_in = await client.post("/api/auth/login", json={"email": email.upper(), "password": PASSWORD})
    assert logged_in.headers["cache-control"] == "no-store"
    me = await client.get("/api/auth/me", headers=bearer(logged_in.json()["access_token"]))
    assert (me.status_code, me.json()) == (200, registered.json())


async def test_an_email_belongs_to_one_person(client: httpx.AsyncClient, ada: Person) -> None:
    again = {"email": ada.email.upper(), "name": "Eve", "password": PASSWORD}
    assert (await client.post("/api/auth/register", json=again)).status_code == 409
    guess = {"email": ada.email, "password": "not the password"}
    assert (await client.post("/api/auth/login", json=guess)).status_code == 401


async def test_refreshing_goes_on_with_the_newest_token_and_an_old_one_ends_the_session(
    client: httpx.AsyncClient, ada: Person
) -> None:
    async def refresh(token: str) -> httpx.Response:
        return await client.post("/api/auth/refresh", json={"refresh_token": token})

    second = (await refresh(ada.refresh_token)).json()
    third = (await refresh(second["refresh_token"])).json()
    assert len({ada.refresh_token, second["refresh_token"], third["refresh_token"]}) == 3
    for tokens in (second, third):
        assert (await client.get("/api/projects", headers=bearer(tokens["access_token"]))).status_code == 200
    assert (await refresh(ada.refresh_token)).status_code == 401
    assert (await refresh(third["refresh_token"])).status_code == 401
    for path in ("/api/auth/me", "/api/projects"):
        assert (await client.get(path, headers=bearer(third["access_token"]))).status_code == 401


async def test_a_log_out_ends_this_session_everywhere_at_once_and_no_other(
    client: httpx.AsyncClient, ada: Person
) -> None:
    elsewhere = await client.post("/api/auth/login", json={"email": ada.email, "password": PASSWORD})
    assert (await client.get("/api/projects", headers=ada.headers)).status_code == 200
    assert (await client.post("/api/auth/logout", headers=ada.headers)).status_code == 204
    for path in ("/api/auth/me", "/api/projects"):
        assert (await client.get(path, headers=ada.headers)).status_code == 401
        assert (await client.get(path, headers=bearer(elsewhere.json()["access_token"]))).status_code == 200
    assert (await client.post("/api/auth/refresh", json={"refresh_token": ada.refresh_token})).status_code == 401


async def test_a_project_is_created_changed_and_deleted(client: httpx.AsyncClient, ada: Person) -> None:
    path = await create(client, ada, "A-0")
    changed = await client.patch(path, json={"name": "A-1", "description": "Zeile\nﬁn 🚀"}, headers=ada.headers)
    assert changed.status_code == 200
    read = (await client.get(path, headers=ada.headers)).json()
    assert read == changed.json()
    assert (read["name"], read["description"], read["role"]) == ("A-1", "Zeile\nﬁn 🚀", "owner")
    assert (await client.delete(path, headers=ada.headers)).status_code == 204
    assert (await client.get(path, headers=ada.headers)).status_code == 404
    assert (await pages(client, "/api/projects", ada)) == [[]]


async def test_people_see_their_own_projects_only(client: httpx.AsyncClient, ada: Person, grace: Person) -> None:
    hers = await create(client, ada)
    mine = await create(client, grace)
    for method, body in (("GET", None), ("PATCH", {"name": "Mine now"}), ("DELETE", None)):
        refused = await client.request(method, hers, json=body, headers=grace.headers)
        nothing = await client.request(method, f"/api/projects/{uuid4()}", json=body, headers=grace.headers)
        assert (refused.status_code, refused.json()) == (404, nothing.json())
    assert (await client.get(f"{hers}/members", headers=grace.headers)).status_code == 404
    listed = (await client.get("/api/projects", headers=grace.headers)).json()
    assert [f"/api/projects/{each['id']}" for each in listed["items"]] == [mine]
    assert (await client.get(hers, headers=ada.headers)).json()["name"] == "Compiler"


async def test_members_may_do_what_their_role_allows(client: httpx.AsyncClient, ada: Person, grace: Person) -> None:
    path = await create(client, ada)
    added = await client.post(f"{path}/members", json={"email": grace.email, "role": "viewer"}, headers=ada.headers)
    assert added.status_code == 201
    assert (await client.get(path, headers=grace.headers)).json()["role"] == "viewer"
    assert (await client.patch(path, json={"name": "COBOL"}, headers=grace.headers)).status_code == 403
    role = {"role": "editor"}
    assert (await client.patch(f"{path}/members/{grace.id}", json=role, headers=ada.headers)).status_code == 200
    assert (await client.patch(path, json={"name": "COBOL"}, headers=grace.headers)).status_code == 200
    assert (await client.delete(path, headers=grace.headers)).status_code == 403
    members = [(each["email"], each["role"]) for page in await pages(client, f"{path}/members", ada) for each in page]
    assert members == [(ada.email, "owner"), (grace.email, "editor")]
    assert (await client.delete(f"{path}/members/{grace.id}", headers=ada.headers)).status_code == 204
    assert (await client.get(path, headers=grace.headers)).status_code == 404


async def test_pages_hold_each_project_once_the_newest_first(client: httpx.AsyncClient, ada: Person) -> None:
    created = [await create(client, ada, f"Number {number}") for number in range(5)]
    found = await pages(client, "/api/projects", ada)
    assert [len(page) for page in found] == [2, 2, 1]
    assert [f"/api/projects/{each['id']}" for page in found for each in page] == created[::-1]
