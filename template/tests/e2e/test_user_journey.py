"""User journeys from registration to logout."""

from typing import Any
from uuid import uuid4

import httpx

from tests.support.users import PASSWORD, User, add_member, mailed_token, mails, new_email, register, verify


def bearer(access_token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token}"}


async def create(client: httpx.AsyncClient, user: User, name: str = "Compiler") -> str:
    """Create a project; returns its path."""
    response = await client.post("/api/projects", json={"name": name}, headers=user.headers)
    assert response.status_code == 201, response.text
    return f"/api/projects/{response.json()['id']}"


async def pages(client: httpx.AsyncClient, path: str, user: User) -> list[list[dict[str, Any]]]:
    """The items of each page, with two items per page."""
    found: list[list[dict[str, Any]]] = []
    cursor: str | None = ""
    while cursor is not None:
        query: dict[str, str | int] = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        response = await client.get(path, params=query, headers=user.headers)
        assert response.status_code == 200, response.text
        found.append(response.json()["items"])
        cursor = response.json()["next"]
    return found


async def test_user_registers_and_logs_in(client: httpx.AsyncClient) -> None:
    email = new_email()
    await register(client, email)
    await verify(client, await mailed_token(client, email))
    logged_in = await client.post("/api/auth/login", json={"email": email.upper(), "password": PASSWORD})
    assert logged_in.headers["cache-control"] == "no-store"
    me = await client.get("/api/auth/me", headers=bearer(logged_in.json()["access_token"]))
    assert me.json() == {"id": me.json()["id"], "email": email, "name": "Someone"}


async def test_email_is_unique(client: httpx.AsyncClient, user: User) -> None:
    await register(client, user.email.upper())
    notice = (await mails(client, user.email, 2))[0]
    assert notice["subject"].startswith("You already have an account")
    guess = {"email": user.email, "password": "not the password"}
    assert (await client.post("/api/auth/login", json=guess)).status_code == 401


async def test_latest_refresh_token_works_and_an_older_one_ends_the_session(
    client: httpx.AsyncClient, user: User
) -> None:
    async def refresh(token: str) -> httpx.Response:
        return await client.post("/api/auth/refresh", json={"refresh_token": token})

    second = (await refresh(user.refresh_token)).json()
    third = (await refresh(second["refresh_token"])).json()
    assert len({user.refresh_token, second["refresh_token"], third["refresh_token"]}) == 3
    for tokens in (second, third):
        assert (await client.get("/api/projects", headers=bearer(tokens["access_token"]))).status_code == 200
    assert (await refresh(user.refresh_token)).status_code == 401
    assert (await refresh(third["refresh_token"])).status_code == 401
    for path in ("/api/auth/me", "/api/projects"):
        assert (await client.get(path, headers=bearer(third["access_token"]))).status_code == 401


async def test_logout_ends_only_the_current_session_in_all_services(client: httpx.AsyncClient, user: User) -> None:
    elsewhere = await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    assert (await client.get("/api/projects", headers=user.headers)).status_code == 200
    assert (await client.post("/api/auth/logout", headers=user.headers)).status_code == 204
    for path in ("/api/auth/me", "/api/projects"):
        assert (await client.get(path, headers=user.headers)).status_code == 401
        assert (await client.get(path, headers=bearer(elsewhere.json()["access_token"]))).status_code == 200
    assert (await client.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})).status_code == 401


async def test_project_is_created_updated_and_deleted(client: httpx.AsyncClient, user: User) -> None:
    path = await create(client, user, "A-0")
    changed = await client.patch(path, json={"name": "A-1", "description": "Zeile\nﬁn 🚀"}, headers=user.headers)
    assert changed.status_code == 200
    read = (await client.get(path, headers=user.headers)).json()
    assert read == changed.json()
    assert (read["name"], read["description"], read["role"]) == ("A-1", "Zeile\nﬁn 🚀", "owner")
    assert (await client.delete(path, headers=user.headers)).status_code == 204
    assert (await client.get(path, headers=user.headers)).status_code == 404
    assert (await pages(client, "/api/projects", user)) == [[]]


async def test_users_see_only_their_own_projects(client: httpx.AsyncClient, user: User, other_user: User) -> None:
    path = await create(client, user)
    own = await create(client, other_user)
    for method, body in (("GET", None), ("PATCH", {"name": "Mine now"}), ("DELETE", None)):
        refused = await client.request(method, path, json=body, headers=other_user.headers)
        nothing = await client.request(method, f"/api/projects/{uuid4()}", json=body, headers=other_user.headers)
        # Where requests are traced, each answer has the ID of its own trace.
        assert refused.status_code == 404
        assert {**refused.json(), "trace_id": None} == {**nothing.json(), "trace_id": None}
    assert (await client.get(f"{path}/members", headers=other_user.headers)).status_code == 404
    listed = (await client.get("/api/projects", headers=other_user.headers)).json()
    assert [f"/api/projects/{each['id']}" for each in listed["items"]] == [own]
    assert (await client.get(path, headers=user.headers)).json()["name"] == "Compiler"


async def test_role_determines_what_a_member_can_do(client: httpx.AsyncClient, user: User, other_user: User) -> None:
    path = await create(client, user)
    await add_member(client, path, user, other_user, "viewer")
    assert (await client.get(path, headers=other_user.headers)).json()["role"] == "viewer"
    assert (await client.patch(path, json={"name": "COBOL"}, headers=other_user.headers)).status_code == 403
    role = {"role": "editor"}
    assert (await client.patch(f"{path}/members/{other_user.id}", json=role, headers=user.headers)).status_code == 200
    assert (await client.patch(path, json={"name": "COBOL"}, headers=other_user.headers)).status_code == 200
    assert (await client.delete(path, headers=other_user.headers)).status_code == 403
    listed = (await client.get("/api/projects", headers=other_user.headers)).json()
    assert [(each["name"], each["role"]) for each in listed["items"]] == [("COBOL", "editor")]
    members = [(each["email"], each["role"]) for page in await pages(client, f"{path}/members", user) for each in page]
    assert members == [(user.email, "owner"), (other_user.email, "editor")]
    assert (await client.delete(f"{path}/members/{other_user.id}", headers=user.headers)).status_code == 204
    assert (await client.get(path, headers=other_user.headers)).status_code == 404


async def test_project_pages_are_complete_and_newest_first(client: httpx.AsyncClient, user: User) -> None:
    created = [await create(client, user, f"Number {number}") for number in range(5)]
    found = await pages(client, "/api/projects", user)
    assert [len(page) for page in found] == [2, 2, 1]
    assert [f"/api/projects/{each['id']}" for page in found for each in page] == created[::-1]
