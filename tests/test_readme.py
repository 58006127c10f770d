"""Every command in the READMEs is one that a test, or CI itself, runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support import ROOT, nox

FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLE_COMMAND = re.compile(r"\| `(nox [^`]+)` \|")

# Commands that are not run below, with where they are run instead.
RUN_ELSEWHERE = {
    "python3 noxfile.py -s demo": ".ci/run",
    "python3 noxfile.py -s test": ".ci/run",
    "python3 noxfile.py -t check": ".ci/run",
    "python3 noxfile.py -s matrix": ".ci/run",
    "python3 noxfile.py -s new -- ../my-app": "tests/test_render.py",
    "copier copy . ../my-app": "tests/test_render.py",
    "cd ../my-app": "tests/test_render.py",
    "cd template": ".ci/run",
    "python3 noxfile.py -s dev": "toolkit/application.py",
    "python3 noxfile.py -t check -j auto": "toolkit/matrix.py",
    "uvx copier update": "tests/test_update.py",
    "nox -s dev": "toolkit/application.py",
    "nox -s e2e -- http://127.0.0.1:8000": "tests/tasks/test_e2e.py",
    "nox -s config -- development": "tests/tasks/test_config.py",
    "nox -s config -- staging": "tests/tasks/test_config.py",
    "nox -s config -- production": "tests/tasks/test_config.py",
    "nox -s ci": "tests/tasks/test_ci.py",
    "nox -s devcontainer": "tests/tasks/test_devcontainer.py",
    "nox -t check -j auto": "toolkit/matrix.py",
    "python3 noxfile.py -s stack -- up": "tests/tasks/test_stack_sessions.py",
    "nox -s stack -- up": "tests/tasks/test_stack_sessions.py",
    "nox -s stack -- status": "tests/tasks/test_stack_sessions.py",
    "nox -s stack -- down": "tests/tasks/test_stack_sessions.py",
    "nox -s stack -- up --debug": "tests/test_editor_compose.py",
    "nox -s images": "tests/tasks/test_stack_sessions.py",
}

# The sessions of a project's README, as they are run here, and what each must say.
SESSIONS = {
    "nox -s setup": ".env.local",
    "nox -s editor": ".venv has what editors need",
    "nox -s doctor": "Python",
    "nox -s lint -- --fix": "",
    "nox -s typecheck": "no issues found",
    "nox -s test": "passed",
    "nox -s db_check": "",
    "nox -s security": "nothing found",
    'nox -s migration -- "add colour to projects"': "",
    "nox -s migrate": "",
    "nox -s db -- shell": "",
    "nox -s lock": "",
}


def commands(markdown: str) -> list[str]:
    """The commands in `sh` fences and in tables of sessions, without comments."""
    lines = [line.split("   #")[0].strip() for block in FENCE.findall(markdown) for line in block.splitlines()]
    return [line for line in lines if line] + TABLE_COMMAND.findall(markdown)


@pytest.mark.parametrize("readme", ["README.md", "CONTRIBUTING.md", "template/README.md"])
def test_every_command_is_run_somewhere(readme: str) -> None:
    listed = commands((ROOT / readme).read_text(encoding="utf-8"))
    assert listed
    assert set(listed) - set(RUN_ELSEWHERE) - set(SESSIONS) == set()


@pytest.mark.parametrize(("command", "place"), [item for item in RUN_ELSEWHERE.items() if item[1] == ".ci/run"])
def test_ci_runs_the_command(command: str, place: str) -> None:
    command = command.replace("cd template", "python3 template/noxfile.py -t check -j auto")
    assert f"step {command}\n" in (ROOT / place).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", SESSIONS)
def test_a_session_of_the_readme_works_in_a_fresh_project(project: Path, command: str) -> None:
    done = nox(project, *shlex.split(command)[1:])
    assert done.returncode == 0, done.stdout
    assert SESSIONS[command] in done.stdout
