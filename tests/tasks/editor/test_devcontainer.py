"""`nox -s devcontainer` starts a devcontainer on a real engine and exits as the command in it does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import nox, run
from tests.tasks.requirements import engine

pytestmark = pytest.mark.containers
START = Path(".devcontainer/devcontainer.json")


@pytest.fixture(scope="module")
def project(rendered: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a small devcontainer."""
    engine()
    folder = tmp_path_factory.mktemp("contained") / "my-app"
    shutil.copytree(rendered("backend"), folder, symlinks=True)
    yield folder
    mark = f"label=devcontainer.local_folder={folder}"
    listed = run("docker", "ps", "--all", "--quiet", "--filter", mark, cwd=folder).stdout.split()
    if listed:
        run("docker", "rm", "--force", *listed, cwd=folder)


def work(project: Path, configuration: dict[str, object], *command: str) -> subprocess.CompletedProcess[str]:
    """Run the session with this configuration."""
    (project / START).parent.mkdir(exist_ok=True)
    (project / START).write_text(json.dumps(configuration), encoding="utf-8")
    return nox(project, "-s", "devcontainer", "--", *command)


def test_the_command_runs_in_the_container_on_the_projects_files(project: Path) -> None:
    done = work(project, {"image": "python:3.13-slim"}, "sh", "-c", "pwd; ls noxfile.py; test -f /.dockerenv")
    assert done.returncode == 0, done.stdout
    assert f"/workspaces/{project.name}\nnoxfile.py\n" in done.stdout.replace("\r", "")


def test_the_exit_code_of_the_command_is_reported(project: Path) -> None:
    done = work(project, {"image": "python:3.13-slim"}, "sh", "-c", "echo no good; exit 7")
    assert done.returncode == 1
    assert "no good" in done.stdout
    assert "failed with exit code 7" in done.stdout


def test_nothing_runs_if_the_container_does_not_start(project: Path) -> None:
    done = work(project, {"dockerComposeFile": "nowhere.yaml", "service": "x"}, "echo", "it ran")
    assert done.returncode == 1
    assert "The devcontainer does not start; the error is above." in done.stdout
    assert "\nit ran" not in done.stdout


def test_a_missing_devcontainer_is_reported(project: Path) -> None:
    (project / START).unlink(missing_ok=True)
    done = nox(project, "-s", "devcontainer")
    assert done.returncode == 1
    assert ".devcontainer/devcontainer.json is missing: run this in the project's folder." in done.stdout
    assert "Traceback" not in done.stdout
