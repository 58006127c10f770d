"""Registers and logs in users through the API."""

from dataclasses import dataclass
from uuid import uuid4

import httpx

from auth.refresh_tokens import RefreshToken

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


async def create_user(client: httpx.AsyncClient) -> User:
    """Register a user and log in."""
    email = new_email()
    registered = await client.post("/api/auth/register", json={"email": email, "name": "Someone", "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    logged_in = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert logged_in.status_code == 200, logged_in.text
    tokens = logged_in.json()
    return User(registered.json()["id"], email, tokens["access_token"], tokens["refresh_token"])
