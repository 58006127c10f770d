"""Tests of invitations to projects."""

import asyncio
from typing import Any

import httpx
import pytest
from psycopg import AsyncConnection

from projects.app import create_app
from projects.settings import ProjectsSettings
from tests.support.clients import client_of, problem_of
from tests.support.stores import Stores, statements_of, wait_until_locked
from tests.support.users import (
    PASSWORD,
    User,
    add_member,
    create_user,
    invitation_of,
    invite,
    mailed_token,
    mails,
    new_email,
    register,
    verify,
)


async def opened(projects: httpx.AsyncClient, token: str) -> dict[str, Any]:
    """The invitation of a link; the error if it has none."""
    response = await projects.post("/api/invitations/open", json={"token": token})
    found: dict[str, Any] = response.json()
    return found["errors"][0] if response.status_code == 422 else found


async def pending(projects: httpx.AsyncClient, path: str, owner: User) -> list[tuple[str, str]]:
    """The addresses and roles of the invitations to a project."""
    response = await projects.get(f"{path}/invitations", headers=owner.headers)
    assert response.status_code == 200, response.text
    return [(each["email"], each["role"]) for each in response.json()["items"]]


async def actions(projects: httpx.AsyncClient, path: str, owner: User) -> list[tuple[str, dict[str, str]]]:
    """The audit events of a project since its creation, newest first."""
    found = (await projects.get(f"{path}/events", headers=owner.headers)).json()["items"]
    return [(each["action"], each["details"]) for each in found[:-1]]


async def test_new_user_accepts_an_invitation_after_registration(
    auth: httpx.AsyncClient, projects: httpx.AsyncClient, path: str, user: User
) -> None:
    email = new_email()
    await invite(projects, path, user, email.upper(), "editor")
    [mail] = await mails(projects, email)
    assert mail["subject"].startswith("Someone invites you to the project Rockets")
    token = await mailed_token(projects, email)
    found = await opened(projects, token)
    assert (found["project"], found["role"], found["invited_by"]) == ("Rockets", "editor", "Someone")
    assert await pending(projects, path, user) == [(email, "editor")]
    await register(auth, email)
    await mails(auth, email, 2)
    tokens = await verify(auth, await mailed_token(auth, email))
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    listed = (await projects.get("/api/invitations", headers=headers)).json()
    assert listed == {"items": [found], "next": None}
    accepted = await projects.post(f"/api/invitations/{found['id']}/accept", headers=headers)
    assert (accepted.status_code, accepted.json()["role"]) == (200, "editor")
    assert (await projects.get(path, headers=headers)).json() == accepted.json()
    assert await pending(projects, path, user) == []
    assert (await opened(projects, token))["code"] == "link_invalid"
    assert (await projects.post(f"/api/invitations/{found['id']}/accept", headers=headers)).status_code == 404
    assert await actions(projects, path, user) == [
        ("member.accept", {"role": "editor", "invited_by": user.id}),
        ("member.invite", {"role": "editor", "email": email}),
    ]


async def test_responses_and_statements_do_not_reveal_who_has_an_account(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    # The first request loads keys.
    await pending(projects, path, user)
    found = []
    for email, number in ((other_user.email, 2), (new_email(), 1)):
        with statements_of("projects") as statements:
            await invite(projects, path, user, email, "viewer")
        found.append(statements)
        text = str((await mails(projects, email, number))[0]["text"])
        assert f"an account with the address {email}" in text
    assert found[0] == found[1] != []


async def test_only_the_user_with_the_address_can_accept_or_decline(
    auth: httpx.AsyncClient, projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    third = await create_user(auth)
    await invite(projects, path, user, other_user.email, "viewer")
    invitation = await invitation_of(projects, other_user)
    for action in ("accept", "decline"):
        for stranger in (third, user):
            response = await projects.post(f"{invitation}/{action}", headers=stranger.headers)
            assert problem_of(response)[0] == 404
    assert (await projects.post(f"{invitation}/decline", headers=other_user.headers)).status_code == 204
    assert (await projects.post(f"{invitation}/accept", headers=other_user.headers)).status_code == 404
    assert (await projects.get(path, headers=other_user.headers)).status_code == 404
    assert (await actions(projects, path, user))[0] == ("member.decline", {"role": "viewer"})


async def test_owner_withdraws_an_invitation(projects: httpx.AsyncClient, path: str, user: User) -> None:
    email = new_email()
    await invite(projects, path, user, email, "viewer")
    token = await mailed_token(projects, email)
    withdraw = f"{path}/invitations/{(await opened(projects, token))['id']}"
    assert (await projects.delete(withdraw, headers=user.headers)).status_code == 204
    assert (await projects.delete(withdraw, headers=user.headers)).status_code == 404
    assert await pending(projects, path, user) == []
    assert (await opened(projects, token))["code"] == "link_invalid"
    assert (await actions(projects, path, user))[0] == ("member.withdraw", {"email": email, "role": "viewer"})


async def test_second_invitation_replaces_the_first(projects: httpx.AsyncClient, path: str, user: User) -> None:
    email = new_email()
    await invite(projects, path, user, email, "viewer")
    first = await mailed_token(projects, email)
    await invite(projects, path, user, email, "owner")
    await mails(projects, email, 2)
    assert (await opened(projects, await mailed_token(projects, email)))["role"] == "owner"
    assert (await opened(projects, first))["code"] == "link_invalid"
    assert await pending(projects, path, user) == [(email, "owner")]


async def test_member_cannot_be_invited(projects: httpx.AsyncClient, path: str, user: User, other_user: User) -> None:
    await add_member(projects, path, user, other_user, "viewer")
    body = {"email": other_user.email.upper(), "role": "owner"}
    response = await projects.post(f"{path}/members", json=body, headers=user.headers)
    assert (response.status_code, response.json()["code"]) == (409, "already_member")


async def test_invitation_ends_with_the_ownership_of_its_sender_and_with_its_time(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User, stores: Stores
) -> None:
    await add_member(projects, path, user, other_user, "owner")
    email = new_email()
    await invite(projects, path, other_user, email, "owner")
    token = await mailed_token(projects, email)
    change = f"{path}/members/{other_user.id}"
    await projects.patch(change, json={"role": "editor"}, headers=user.headers)
    assert (await opened(projects, token))["code"] == "link_invalid"
    assert await pending(projects, path, user) == []
    await projects.patch(change, json={"role": "owner"}, headers=user.headers)
    assert await pending(projects, path, user) == [(email, "owner")]
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("UPDATE invitations SET expires_at = now() WHERE email = %s", [email])
    assert (await opened(projects, token))["code"] == "link_invalid"
    assert await pending(projects, path, user) == []


async def test_invitation_that_is_being_withdrawn_cannot_be_accepted(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User, stores: Stores
) -> None:
    await invite(projects, path, user, other_user.email, "viewer")
    accept = f"{await invitation_of(projects, other_user)}/accept"
    async with await AsyncConnection.connect(stores.database_url) as connection:
        await connection.execute("SELECT FROM projects WHERE id = %s FOR UPDATE", [path.rpartition("/")[2]])
        await connection.execute("DELETE FROM invitations WHERE email = %s", [other_user.email])
        accepting = asyncio.create_task(projects.post(accept, headers=other_user.headers))
        await wait_until_locked(stores)
        await connection.commit()
    assert (await accepting).status_code == 404
    assert (await projects.get(path, headers=other_user.headers)).status_code == 404


async def test_invitations_of_a_project_and_of_a_user_are_paginated(
    projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    emails = [new_email() for _ in range(2)]
    for email in emails:
        await invite(projects, path, user, email, "viewer")
    for name in ("A", "B"):
        created = (await projects.post("/api/projects", json={"name": name}, headers=user.headers)).json()
        await invite(projects, f"/api/projects/{created['id']}", user, other_user.email, "viewer")
    for own, owner, field, expected in (
        (f"{path}/invitations", user, "email", emails),
        ("/api/invitations", other_user, "project", ["A", "B"]),
    ):
        first = (await projects.get(own, params={"limit": 1}, headers=owner.headers)).json()
        query = {"limit": 1, "cursor": first["next"]}
        second = (await projects.get(own, params=query, headers=owner.headers)).json()
        assert [each[field] for each in first["items"] + second["items"]] == expected
        assert second["next"] is None


async def test_invitations_are_limited_by_address_and_by_user(
    projects_settings: ProjectsSettings, path: str, user: User
) -> None:
    limits = {"rate_limit_mail": "1/hour", "rate_limit_invitations": "3/day"}
    async with client_of(create_app(projects_settings.model_copy(update=limits))) as projects:
        email = new_email()
        bodies = [{"email": each, "role": "viewer"} for each in (email, email, new_email(), new_email())]
        found = [(await projects.post(f"{path}/members", json=each, headers=user.headers)) for each in bodies]
    assert [each.status_code for each in found] == [202, 429, 202, 429]
    assert problem_of(found[1])[1].startswith("Too many requests")


async def test_invitation_reports_that_mail_is_not_configured(
    projects_settings: ProjectsSettings, path: str, user: User
) -> None:
    deployed = projects_settings.model_copy(update={"environment": "production"})
    async with client_of(create_app(deployed)) as projects:
        body = {"email": new_email(), "role": "viewer"}
        response = await projects.post(f"{path}/members", json=body, headers=user.headers)
    assert (response.status_code, response.json()["code"]) == (501, "mail_not_configured")


@pytest.mark.parametrize("token", ["", "unknown", "\ud800", "x" * 257])
async def test_unknown_token_is_a_422(projects: httpx.AsyncClient, token: str) -> None:
    response = await projects.post("/api/invitations/open", content=f'{{"token": {token!a}}}'.replace("'", '"'))
    assert problem_of(response)[0] == 422


async def test_deleted_account_cannot_accept(
    auth: httpx.AsyncClient, projects: httpx.AsyncClient, path: str, user: User, other_user: User
) -> None:
    await invite(projects, path, user, other_user.email, "viewer")
    accept = f"{await invitation_of(projects, other_user)}/accept"
    body = {"password": PASSWORD}
    assert (await auth.post("/api/auth/delete-account", json=body, headers=other_user.headers)).status_code == 204
    assert (await projects.post(accept, headers=other_user.headers)).status_code == 401
