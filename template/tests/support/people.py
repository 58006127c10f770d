"""Users, as the API knows them."""

from dataclasses import dataclass
from uuid import uuid4

import httpx

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """A registered user who is logged in."""

    id: str
    email: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def new_email() -> str:
    """An email that nobody has."""
    return f"{uuid4().hex}@example.org"


async def join(auth: httpx.AsyncClient) -> Person:
    """Register somebody and log them in."""
    email = new_email()
    registered = await auth.post("/api/auth/register", json={"email": email, "name": "Someone", "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    logged_in = await auth.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert logged_in.status_code == 200, logged_in.text
    tokens = logged_in.json()
    return Person(registered.json()["id"], email, tokens["access_token"], tokens["refresh_token"])
