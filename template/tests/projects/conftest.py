"""Fixtures: a project."""

import httpx
import pytest

from tests.support.users import User


@pytest.fixture
async def path(projects: httpx.AsyncClient, user: User) -> str:
    """The path of a project that `user` owns."""
    response = await projects.post("/api/projects", json={"name": "Rockets"}, headers=user.headers)
    return f"/api/projects/{response.json()['id']}"
