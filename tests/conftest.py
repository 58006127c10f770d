"""Fixtures: projects rendered from the working tree, each set of answers once; a snapshot of the working tree."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tasks.servers import Servers, temporary
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tests.support import ANSWERS, ROOT, files, render, share_environments, snapshot

for ignored in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        # As under nohup, or in the background of a script: processes inherit an ignored signal, but no handler.
        signal.signal(ignored, lambda _signal, _frame: None)


# Tests that run on one worker, since they share what is slow to make: the environments of `security`, mypy's cache, the
# project and the copy of Slipway in which pages are followed.
TOGETHER = {
    "security": r"test_security\w*\.py|\[security-",
    "checks": r"test_(check|faults|hooks)\.py",
    "pages": r"::test_(the_tutorial|a_how_to_page_works_in_a_project|the_project_of_all_pages)",
    "toolkit pages": r"::test_a_how_to_page_works_in_slipway",
}

# Files whose tests or groups take longest, and long: they start first, so that no worker ends long after the others.
SLOW = (
    r"test_(docs|faults|stack_proof)\.py",
    r"test_(answers|bootstrap|container|demo|devcontainer_up|e2e|editor_\w+|migrations|new|readme|reliability|stack)\.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow files first."""
    items.sort(key=lambda item: [re.search(pattern, item.nodeid) is None for pattern in SLOW])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute single tests, but all tests of a file with a module fixture to one worker.

    xdist's own groups by mark have no effect with pytest 9.2.
    """
    # It would start with the groups that have most tests, which are not those that take longest.
    config.option.loadscopereorder = False
    scheduler = import_module("xdist.scheduler").LoadScopeScheduling(config, log)
    scheduler._split_scope = unit
    return scheduler


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores, since tests wait for the processes that they start."""
    return (os.cpu_count() or 1) + 1


def unit(nodeid: str) -> str:
    """The group of a test: one of TOGETHER, its file if the tests of that share a fixture, else the test itself."""
    path = nodeid.partition("::")[0]
    group = next((name for name, pattern in TOGETHER.items() if re.search(pattern, nodeid)), "")
    return group or (path if shares(path) else nodeid)


@cache
def shares(path: str) -> bool:
    """Whether the file has a module fixture."""
    return 'scope="module"' in (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def environments(request: pytest.FixtureRequest) -> Path:
    """The folder of the environments that projects share, kept from one test run to the next."""
    assert request.config.cache is not None
    return request.config.cache.mkdir("environments")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A temporary folder of this test run, the same for all workers."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def rendered(shared: Path, environments: Path) -> Iterator[Callable[[str], Path]]:
    """A function from the name of a set of answers to its project for reading; shared by all workers."""
    listed: dict[Path, list[str]] = {}

    def project(name: str) -> Path:
        target = shared / f"rendered-{name}" / "my-app"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                render(target, ANSWERS / f"{name}.yml")
                share_environments(target, environments)
        listed.setdefault(target, files(target))
        return target

    yield project
    changed = {folder: sorted({*files(folder)} ^ {*before}) for folder, before in listed.items()}
    assert not any(changed.values()), f"a test wrote to a project that tests only read: {changed}"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Real servers for all tests of this process."""
    with temporary() as running:
        yield running


@pytest.fixture(scope="session")
def cluster(shared: Path) -> Path:
    """The folder of an initialised PostgreSQL, for tests to copy: initdb takes more than a second."""
    folder = shared / "cluster" / "postgres"
    with (shared / "cluster.lock").open("w") as lock, Group() as group:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.parent.mkdir(exist_ok=True)
        Postgres(folder, durable=False).prepare(group)
    return folder


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the backend project that a test may change."""
    return Path(shutil.copytree(rendered("backend"), tmp_path / "my-app", symlinks=True))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A snapshot of the working tree as a repository of one commit, without a remote."""
    return snapshot(tmp_path / "slipway")


@pytest.fixture(scope="session")
def questions_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template with the questions of copier.yml and no file but the answers: quick to copy."""
    folder = tmp_path_factory.mktemp("questions")
    (folder / "template").mkdir()
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copy(ROOT / "template" / "{{ _copier_conf.answers_file }}.jinja", folder / "template")
    return folder
