"""The number of SQL statements of each route, without BEGIN and COMMIT."""

from typing import Any

import httpx

from tests.support.stores import statements_of
from tests.support.users import User, add_member, invitation_of

EXPECTED = {
    "create a project": 3,
    "list projects": 1,
    "get a project": 1,
    "get a cached project": 0,
    "list audit events": 2,
    "list members": 1,
    "list members behind the last one": 1,
    "change a project": 4,
    "invite": 6,
    "list invitations": 1,
    "list own invitations": 1,
    "accept an invitation": 6,
    "change a member": 5,
    "remove a member": 5,
    "delete a project": 4,
    "get a project of others": 1,
}


async def test_number_of_statements(projects: httpx.AsyncClient, user: User, other_user: User) -> None:
    found: dict[str, int] = {}
    expected_status = {"get a project of others": 404}

    async def count(
        name: str, method: str, path: str, body: Any = None, user: User = user, prefix: str = "/api/projects"
    ) -> dict[str, Any]:
        with statements_of("projects") as statements:
            response = await projects.request(method, f"{prefix}{path}", json=body, headers=user.headers)
        assert response.status_code == expected_status.get(name, response.status_code), name
        assert response.is_success or name in expected_status, response.text
        found[name] = len(statements)
        result: dict[str, Any] = response.json() if response.content else {}
        return result

    # The first request also fetches the keys.
    await projects.get("/api/projects", headers=user.headers)
    project = (await count("create a project", "POST", "", {"name": "Rockets"}))["id"]
    await count("list projects", "GET", "")
    await count("get a project", "GET", f"/{project}")
    await count("get a cached project", "GET", f"/{project}")
    await count("list audit events", "GET", f"/{project}/events")
    await count("invite", "POST", f"/{project}/members", {"email": other_user.email, "role": "editor"})
    await count("list invitations", "GET", f"/{project}/invitations")
    own = (await invitation_of(projects, other_user)).removeprefix("/api/invitations")
    await count("list own invitations", "GET", "", user=other_user, prefix="/api/invitations")
    await count("accept an invitation", "POST", f"{own}/accept", user=other_user, prefix="/api/invitations")
    await count("list members", "GET", f"/{project}/members")
    cursor = (await count("list members", "GET", f"/{project}/members?limit=1"))["next"]
    await projects.delete(f"/api/projects/{project}/members/{other_user.id}", headers=user.headers)
    await projects.get(f"/api/projects/{project}", headers=user.headers)
    await count("list members behind the last one", "GET", f"/{project}/members?cursor={cursor}")
    await count("get a project of others", "GET", f"/{project}", user=other_user)
    await count("change a project", "PATCH", f"/{project}", {"name": "Moon"})
    await add_member(projects, f"/api/projects/{project}", user, other_user, "editor")
    await count("change a member", "PATCH", f"/{project}/members/{other_user.id}", {"role": "viewer"})
    await count("remove a member", "DELETE", f"/{project}/members/{other_user.id}")
    await count("delete a project", "DELETE", f"/{project}")
    assert found == EXPECTED
