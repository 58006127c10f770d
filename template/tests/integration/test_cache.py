"""Cached projects in several processes: no old data after an acknowledged change, and no data of another user."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from projects.app import create_app
from projects.settings import ProjectsSettings
from shared.cache import Cache
from tests.support.clients import client_of, http_client
from tests.support.processes import run_service
from tests.support.serving import free_port
from tests.support.users import User, add_member

# Of each of two users: a change, and a read through each of three instances.
ROUNDS = 125


class Work:
    """Two members of a project, who change and read it at the same time, through all instances of the service.

    The owner writes the name and the other one the description, both in ascending numbers. A change is acknowledged
    when its response arrives; a read that starts later must return it, or a later one.
    """

    def __init__(self, instances: Sequence[httpx.AsyncClient], owner: User, editor: User) -> None:
        self.owner, self.editor = owner, editor
        self.requests = 0
        self.wrong: list[str] = []
        self._instances = instances
        self._next = cycle(instances)
        self._path = ""
        self._acknowledged = {"name": 0, "description": 0}

    async def run(self, rounds: int) -> None:
        """Work for so many rounds."""
        created = await self._call(self.owner, "POST", "/api/projects", name="0", description="0")
        self._path = f"/api/projects/{created.json()['id']}"
        await add_member(self._instances[0], self._path, self.owner, self.editor, "editor")
        await asyncio.gather(
            self._change_and_read(self.owner, "name", rounds),
            self._change_and_read(self.editor, "description", rounds),
        )
        for role in ("viewer", "editor") * 5:
            await self._change_role(role)
        await self._call(self.owner, "DELETE", f"{self._path}/members/{self.editor.id}")
        await self._expect_gone(self.editor)
        await self._call(self.owner, "DELETE", self._path)
        await self._expect_gone(self.owner)

    async def _change_and_read(self, user: User, field: str, rounds: int) -> None:
        for number in range(1, rounds + 1):
            await self._call(user, "PATCH", self._path, **{field: str(number)})
            self._acknowledged[field] = number
            await asyncio.gather(*(self._read(user, each) for each in self._instances))

    async def _read(self, user: User, instance: httpx.AsyncClient) -> None:
        self.requests += 1
        expected = dict(self._acknowledged)
        found = (await instance.get(self._path, headers=user.headers)).json()
        self.wrong += [
            f"{field} {found[field]} < {least}" for field, least in expected.items() if int(found[field]) < least
        ]
        if found["role"] != ("owner" if user is self.owner else "editor"):
            self.wrong.append(f"the role {found['role']} of another user")

    async def _change_role(self, role: str) -> None:
        await self._call(self.owner, "PATCH", f"{self._path}/members/{self.editor.id}", role=role)
        for instance in self._instances:
            found = await instance.get(self._path, headers=self.editor.headers)
            self.wrong += [] if found.json()["role"] == role else [f"the role is not {role}"]

    async def _expect_gone(self, user: User) -> None:
        for instance in self._instances:
            found = await instance.get(self._path, headers=user.headers)
            self.wrong += [] if found.status_code == 404 else [f"status {found.status_code} instead of 404"]

    async def _call(self, user: User, method: str, path: str, **body: str) -> httpx.Response:
        self.requests += 1
        response = await next(self._next).request(method, path, json=body or None, headers=user.headers)
        assert response.is_success, response.text
        return response


async def test_interleaved_changes_and_reads_return_nothing_old_and_nothing_of_another_user(
    projects: httpx.AsyncClient, settings: dict[str, str], user: User, other_user: User, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        processes = [stack.enter_context(run_service("projects", free_port(), settings, tmp_path)) for _ in range(2)]
        for each in processes:
            await asyncio.to_thread(each.wait_until_ready)
        instances = [await stack.enter_async_context(http_client(each.url)) for each in processes]
        work = Work([projects, *instances], user, other_user)
        await work.run(ROUNDS)
        metrics = (await instances[0].get("/metrics")).text
    assert work.wrong == []
    assert work.requests > 1000
    assert 'cache_lookups_total{result="hit"} 0.0' not in metrics


async def test_projects_are_read_and_changed_without_redis(
    auth: httpx.AsyncClient,
    projects: httpx.AsyncClient,
    projects_settings: ProjectsSettings,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projects.app.Cache", partial(Cache, lease=0.2))
    created = await projects.post("/api/projects", json={"name": "0"}, headers=user.headers)
    path = f"/api/projects/{created.json()['id']}"
    nothing = {"redis_url": SecretStr(f"redis://127.0.0.1:{free_port()}")}
    async with client_of(create_app(projects_settings.model_copy(update=nothing))) as away:
        assert (await away.get(path, headers=user.headers)).json()["name"] == "0"
        assert (await away.patch(path, json={"name": "1"}, headers=user.headers)).status_code == 200
        assert (await away.get(path, headers=user.headers)).json()["name"] == "1"
        health = await away.get("/health/detailed")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        await auth.post("/api/auth/logout", headers=user.headers)
        assert (await away.get(path, headers=user.headers)).status_code == 401


async def test_changes_that_leave_cached_values_are_found(
    projects: httpx.AsyncClient, user: User, other_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def commit(_cache: Cache, _changed: Collection[UUID], commit: Callable[[], Awaitable[None]]) -> None:
        await commit()

    monkeypatch.setattr(Cache, "commit", commit)
    work = Work([projects], user, other_user)
    await work.run(3)
    assert {each.partition(" ")[0] for each in work.wrong} == {"name", "description", "the", "status"}
