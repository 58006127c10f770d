"""Fixtures that render projects from the working tree, each answer set once per test process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ANSWERS, render


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from the name of an answer set to its project, for tests that only read it."""
    projects: dict[str, Path] = {}

    def project(name: str) -> Path:
        if name not in projects:
            projects[name] = render(tmp_path_factory.mktemp(name) / "my-app", ANSWERS / f"{name}.yml")
        return projects[name]

    return project


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the backend project that a test may change."""
    return Path(shutil.copytree(rendered("backend"), tmp_path / "my-app", symlinks=True))
