import httpx
import pytest

from tests.support.clients import problem_of
from tests.support.users import User


async def test_head_is_get_without_a_body(projects: httpx.AsyncClient, user: User) -> None:
    get = await projects.get("/api/projects", headers=user.headers)
    head = await projects.head("/api/projects", headers=user.headers)
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
async def test_405_and_options_list_all_allowed_methods(projects: httpx.AsyncClient, path: str, allowed: str) -> None:
    refused = await projects.put(path)
    assert problem_of(refused) == (405, "This path does not support PUT")
    assert refused.headers["allow"] == allowed
    options = await projects.options(path)
    assert (options.status_code, options.content, options.headers["allow"]) == (204, b"", allowed)


async def test_head_requires_get(auth: httpx.AsyncClient) -> None:
    response = await auth.head("/api/auth/login")
    assert (response.status_code, response.headers["allow"]) == (405, "OPTIONS, POST")
