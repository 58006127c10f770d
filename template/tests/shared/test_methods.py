import httpx
import pytest

from tests.support.people import Person


async def test_head_is_get_without_the_body(projects: httpx.AsyncClient, person: Person) -> None:
    get = await projects.get("/api/projects", headers=person.headers)
    head = await projects.head("/api/projects", headers=person.headers)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/projects", "GET, HEAD, OPTIONS, POST"),
        ("/api/projects/00000000-0000-0000-0000-000000000000", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/health", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_method_that_is_not_allowed_is_told_which_are(
    projects: httpx.AsyncClient, path: str, allowed: str
) -> None:
    refused = await projects.put(path)
    assert (refused.status_code, refused.json()) == (405, {"detail": "Method Not Allowed"})
    assert refused.headers["allow"] == allowed
    options = await projects.options(path)
    assert (options.status_code, options.content, options.headers["allow"]) == (204, b"", allowed)


async def test_a_path_without_get_has_no_head(auth: httpx.AsyncClient) -> None:
    answer = await auth.head("/api/auth/login")
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")
