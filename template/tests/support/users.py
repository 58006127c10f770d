"""Registers and logs in users through the API."""

import os
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import jwt

from auth.refresh_tokens import RefreshToken
from tasks.dev import inbox

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class User:
    """A registered user who is logged in."""

    id: str
    email: str
    access_token: str
    refresh_token: str

    @property
    def session_id(self) -> str:
        token = RefreshToken.parse(self.refresh_token)
        assert token is not None
        return str(token.session_id)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def new_email() -> str:
    """A unique email address."""
    return f"{uuid4().hex}@example.org"


async def create_user(client: httpx.AsyncClient, password: str = PASSWORD) -> User:
    """Register a user, who is logged in afterwards."""
    email = new_email()
    await register(client, email, password)
    tokens = await verify(client, await mailed_token(client, email), password)
    user_id = jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"]
    return User(user_id, email, tokens["access_token"], tokens["refresh_token"])


async def register(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> None:
    """Register a user, who is mailed a link, unless there is an account already."""
    body = {"email": email, "name": "Someone", "password": password}
    registered = await client.post("/api/auth/register", json=body)
    assert (registered.status_code, registered.content) == (202, b""), registered.text


async def verify(client: httpx.AsyncClient, token: str, password: str = PASSWORD) -> dict[str, str]:
    """Complete a registration with the token in the mail; returns tokens of a session."""
    verified = await client.post("/api/auth/verify", json={"token": token, "password": password})
    assert verified.status_code == 200, verified.text
    tokens: dict[str, str] = verified.json()
    return tokens


async def invite(client: httpx.AsyncClient, path: str, owner: User, email: str, role: str) -> None:
    """Invite an address to the project with this path."""
    body = {"email": email, "role": role}
    invited = await client.post(f"{path}/members", json=body, headers=owner.headers)
    assert (invited.status_code, invited.content) == (202, b""), invited.text


async def invitation_of(client: httpx.AsyncClient, user: User) -> str:
    """The path of the latest invitation of a user."""
    found = await client.get("/api/invitations", params={"limit": 100}, headers=user.headers)
    return f"/api/invitations/{found.json()['items'][-1]['id']}"


async def add_member(client: httpx.AsyncClient, path: str, owner: User, member: User, role: str) -> None:
    """Invite a user to the project with this path, who accepts."""
    await invite(client, path, owner, member.email, role)
    accepted = await client.post(f"{await invitation_of(client, member)}/accept", headers=member.headers)
    assert (accepted.status_code, accepted.json()["role"]) == (200, role), accepted.text


async def mailed_token(client: httpx.AsyncClient, email: str) -> str:
    """The token of the newest mail to an address."""
    return inbox.token(await mails(client, email))


async def mails(client: httpx.AsyncClient, email: str, number: int = 1) -> list[dict[str, Any]]:
    """The mails to an address, newest first, at INBOX_URL or the gateway; waits for this number of them."""
    response = await client.get(os.environ.get("INBOX_URL", "") + inbox.path(email, number))
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    assert len(found) >= number, found
    return found
