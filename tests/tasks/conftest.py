"""Fixtures for tests of sessions: a scaffolded project with warm environments, a small project, servers, users."""

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
from tasks.servers import Servers
from tests.support import copy_cluster, run, share_environments
from tests.tasks.checked_project import KEPT, CheckedProject
from tests.tasks.small_project import make
from tests.tasks.users import as_ordinary


@pytest.fixture(scope="session")
def one_project(
    rendered: Callable[[str], Path], environments: Path, servers: Servers, request: pytest.FixtureRequest
) -> Iterator[CheckedProject]:
    """The project. It is kept from one test run to the next, so that its environments and caches stay warm."""
    assert request.config.cache is not None
    with claimed(request.config.cache.mkdir) as place:
        folder = place / "my-app"
        # Without a .git of its own, git would use the repository around it.
        os.environ["GIT_CEILING_DIRECTORIES"] = str(place.resolve())
        for path in folder.iterdir() if folder.exists() else ():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        without = shutil.ignore_patterns(".nox")
        shutil.copytree(rendered("backend"), folder, symlinks=True, dirs_exist_ok=True, ignore=without)
        share_environments(folder, environments)
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
    """The first numbered folder that no other process of this or another test run uses."""
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
    """A project that passes its checks, in which a test may plant faults."""
    yield one_project
    one_project.restore()


@pytest.fixture
def small() -> Iterator[Path]:
    """A small project whose usual ports are free, in a folder that other users can read."""
    with tempfile.TemporaryDirectory(prefix="slipway-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        # Claimed for a moment only, since `dev` takes them.
        with Ports() as ports:
            usual = ports.take(), ports.take()
        yield make(Path(folder) / "small", *usual)


@pytest.fixture
def initialised(small: Path, cluster: Path) -> Path:
    """The small project with the data folder of an initialised PostgreSQL."""
    copy_cluster(cluster, small)
    return small


@pytest.fixture
def given(servers: Servers) -> dict[str, str]:
    """Settings with which a session uses these servers instead of embedded ones."""
    return {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}


@pytest.fixture
def ordinary_user() -> list[str]:
    """The start of a command line that an ordinary user runs."""
    return as_ordinary()


@pytest.fixture
def as_root() -> None:
    """Skip a test that only root can run."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
