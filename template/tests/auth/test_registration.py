import json

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.clients import problem_of
from tests.support.users import PASSWORD, new_email


async def test_register_returns_the_user_without_the_password(auth: httpx.AsyncClient) -> None:
    email = new_email()
    response = await auth.post("/api/auth/register", json={"email": email, "name": " Ada ", "password": PASSWORD})
    assert response.status_code == 201
    assert response.json() == {"id": response.json()["id"], "email": email, "name": "Ada"}


async def test_register_responds_after_the_commit(auth: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_session: AsyncSession) -> None:
        raise OperationalError("COMMIT", None, Exception("connection lost"))

    monkeypatch.setattr(AsyncSession, "commit", fail)
    body = {"email": new_email(), "name": "Ada", "password": PASSWORD}
    assert (await auth.post("/api/auth/register", json=body)).status_code == 503


async def test_register_rejects_existing_email_in_any_case(auth: httpx.AsyncClient) -> None:
    email = new_email()
    body = {"email": email, "name": "Ada", "password": PASSWORD}
    assert (await auth.post("/api/auth/register", json=body)).status_code == 201
    again = await auth.post("/api/auth/register", json={**body, "email": email.upper()})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"name": "   "}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"password": "too short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "lone surrogate \ud800"}, "password"),
    ],
)
async def test_register_names_invalid_field_without_the_password(
    auth: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    # httpx cannot encode a lone surrogate; json.dumps escapes it.
    body = json.dumps({"email": new_email(), "name": "Ada", "password": PASSWORD, **change})
    response = await auth.post("/api/auth/register", content=body, headers={"Content-Type": "application/json"})
    assert problem_of(response) == (422, "The request failed validation")
    assert [each["field"] for each in response.json()["errors"]] == [field]
    assert json.dumps(change.get("password", PASSWORD))[1:-1] not in response.text


async def test_register_rejects_too_large_body(auth: httpx.AsyncClient) -> None:
    response = await auth.post(
        "/api/auth/register", content=b" " * 1_100_000, headers={"Content-Type": "application/json"}
    )
    assert problem_of(response) == (413, "The body is too large")
