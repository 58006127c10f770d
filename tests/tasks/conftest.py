"""Fixtures for tests of sessions: one scaffolded project, its environments kept from one test run to the next."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.servers import Servers, temporary
from tests.support import run
from tests.tasks.checked_project import CheckedProject, worker


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real servers for all tests of this process."""
    with temporary() as running:
        yield running


@pytest.fixture(scope="session")
def one_project(
    rendered: Callable[[str], Path],
    servers: Servers,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> CheckedProject:
    """The project; `checked` puts it back in order after each test."""
    assert request.config.cache is not None
    folder = Path(shutil.copytree(rendered("backend"), tmp_path_factory.mktemp("checked") / "my-app", symlinks=True))
    if not (folder / ".git").exists():
        for command in (
            ["init"],
            ["add", "--all"],
            ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-m", "x"],
        ):
            run("git", *command, "--quiet", cwd=folder)
    environments = request.config.cache.mkdir(f"environments-{worker()}")
    return CheckedProject(folder, environments, servers.database_url, servers.redis_url)


@pytest.fixture
def checked(one_project: CheckedProject) -> Iterator[CheckedProject]:
    """A project that passes its checks, for a test to spoil."""
    yield one_project
    one_project.restore()
