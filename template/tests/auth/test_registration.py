import json

import httpx
import pytest

from tests.support.people import PASSWORD, new_email


async def test_a_user_is_registered_without_telling_the_password(auth: httpx.AsyncClient) -> None:
    email = new_email()
    answer = await auth.post("/api/auth/register", json={"email": email, "name": " Ada ", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "email": email, "name": "Ada"}


async def test_an_email_is_taken_whatever_its_case(auth: httpx.AsyncClient) -> None:
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
        ({"password": "half a surrogate \ud800 pair"}, "password"),
    ],
)
async def test_what_is_wrong_is_named_and_the_password_not_repeated(
    auth: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    # Written here, as only escaped JSON can hold half of a surrogate pair.
    body = json.dumps({"email": new_email(), "name": "Ada", "password": PASSWORD, **change})
    answer = await auth.post("/api/auth/register", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [["body", field]]
    assert json.dumps(change.get("password", PASSWORD))[1:-1] not in answer.text


async def test_a_body_that_is_too_large_is_refused(auth: httpx.AsyncClient) -> None:
    answer = await auth.post(
        "/api/auth/register", content=b" " * 1_100_000, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body is too large"})
