"""Fixtures that render projects from the working tree, each answer set once per test process."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.support import ANSWERS, ROOT, files, render, snapshot

for ignored in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        # Behind nohup, or in a script's background. What tests start would ignore it, too; a handler is not inherited.
        signal.signal(ignored, lambda _signal, _frame: None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out one by one, but leave those of a file together that share what a fixture has started.

    The groups by mark that xdist itself has are without effect with pytest 9.2.
    """
    scheduler = import_module("xdist.scheduler").LoadScopeScheduling(config, log)
    scheduler._split_scope = unit
    return scheduler


def unit(nodeid: str) -> str:
    """What a test is given to a process with: its whole file, or nothing else."""
    path = nodeid.partition("::")[0]
    return path if shares(path) else nodeid


@cache
def shares(path: str) -> bool:
    """Whether the file has a fixture for all of its tests."""
    return 'scope="module"' in (ROOT / path).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """A function from the name of an answer set to its project, for tests that only read it."""
    projects: dict[str, Path] = {}
    rendered_files: dict[Path, list[str]] = {}

    def project(name: str) -> Path:
        if name not in projects:
            projects[name] = render(tmp_path_factory.mktemp(name) / "my-app", ANSWERS / f"{name}.yml")
            rendered_files[projects[name]] = files(projects[name])
        return projects[name]

    yield project
    assert {folder: files(folder) for folder in rendered_files} == rendered_files, "a test wrote where tests only read"


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the backend project that a test may change."""
    return Path(shutil.copytree(rendered("backend"), tmp_path / "my-app", symlinks=True))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clean checkout of the toolkit, as the working tree is, that nobody has published."""
    return snapshot(tmp_path / "slipway")
