"""Fixtures for tests of sessions: a scaffolded project that keeps its environments, a small one, servers, users."""

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.core.ports import Ports
from tasks.servers import Servers, temporary
from tests.support import run
from tests.tasks.checked_project import KEPT, CheckedProject
from tests.tasks.small_project import make
from tests.tasks.users import as_ordinary


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real servers for all tests of this process."""
    with temporary() as running:
        yield running


@pytest.fixture(scope="session")
def one_project(
    rendered: Callable[[str], Path], servers: Servers, request: pytest.FixtureRequest
) -> Iterator[CheckedProject]:
    """The project. It stays where it is from one test run to the next, and so its environments and caches stay warm."""
    assert request.config.cache is not None
    with claimed(request.config.cache.mkdir) as place:
        folder = place / "my-app"
        # Where its .git is missing, git would take the repository around it.
        os.environ["GIT_CEILING_DIRECTORIES"] = str(place.resolve())
        for path in folder.iterdir() if folder.exists() else ():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(rendered("backend"), folder, symlinks=True, dirs_exist_ok=True)
        if not (folder / ".git").exists():
            for command in (
                ["init"],
                ["add", "--all"],
                ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-m", "x"],
            ):
                run("git", *command, "--quiet", cwd=folder)
        yield CheckedProject(folder, servers.database_url, servers.redis_url)


@contextmanager
def claimed(folder_of: Callable[[str], Path]) -> Iterator[Path]:
    """The first of the numbered folders that no other process of this or another test run has."""
    for number in itertools.count():
        folder = folder_of(f"checked-{number}")
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder
            return


@pytest.fixture
def checked(one_project: CheckedProject) -> Iterator[CheckedProject]:
    """A project that passes its checks, for a test to spoil."""
    yield one_project
    one_project.restore()


@pytest.fixture
def small() -> Iterator[Path]:
    """A small project whose usual ports are free, in a folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="slipway-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        # Claimed only for a moment, as `dev` is to take them.
        with Ports() as ports:
            usual = ports.take(), ports.take()
        yield make(Path(folder) / "small", *usual)


@pytest.fixture
def given(servers: Servers) -> dict[str, str]:
    """The settings that have a session use these servers instead of its own."""
    return {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}


@pytest.fixture
def ordinary_user() -> list[str]:
    """What to put before a command so that an ordinary user runs it."""
    return as_ordinary()


@pytest.fixture
def as_root() -> None:
    """For what only root can try."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
