"""What gives the application its settings agrees with its classes, and each disagreement is found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ROOT, run

# Reads the classes of the first project, and holds the files of each against them: reading them takes a second.
ASK = """
import json, sys
from pathlib import Path
from tasks.config import agreement, contract
agreed = contract.read(Path(sys.argv[1]))
print(json.dumps([agreement.faults(Path(project), agreed) for project in sys.argv[1:]]))
"""
FILES = [".env.example", "compose.yaml", "environments", ".github"]
KEY = "R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU="
MAIN = "compose.yaml"
GATEWAY = "      PROJECTS_URL: http://projects:8002\n"

# In which file what is put in the place of what, and what is then found.
FAULTS = [
    (MAIN, GATEWAY, "", "compose.yaml: PROJECTS_URL: gateway would not start: missing"),
    (
        MAIN,
        GATEWAY,
        GATEWAY + "      PROJECT_URL: http://projects:8002\n",
        "compose.yaml: PROJECT_URL: gateway is given it, and does not read it",
    ),
    (
        MAIN,
        GATEWAY,
        GATEWAY + "      DATABASE_POOL_SIZE: 5\n",
        "compose.yaml: DATABASE_POOL_SIZE: gateway is given it, and does not read it",
    ),
    (
        MAIN,
        "      ARGON2_ROUNDS: ${ARGON2_ROUNDS:-}\n",
        "      AUTH_SIGNING_KEY: ${AUTH_SIGNING_KEY:-}\n",
        "compose.yaml: AUTH_SIGNING_KEY: a secret in the environment of auth; give it as a file",
    ),
    (
        MAIN,
        "  DATABASE_URL: postgresql://app@postgres:5432/app\n",
        "  DATABASE_URL: postgresql://app:word@postgres:5432/app\n",
        "compose.yaml: DATABASE_URL: a secret in the environment of migrations; give it as a file",
    ),
    (
        MAIN,
        "      - auth_signing_key\n",
        "",
        "compose.yaml: AUTH_SIGNING_KEY: auth would not start: missing",
    ),
    (
        MAIN,
        "      - auth_signing_key\n",
        "      - auth_signing_key\n      - planted\n",
        "compose.yaml: planted: auth is given this secret, and does not read it",
    ),
    (
        MAIN,
        "  SHUTDOWN_TIMEOUT: ${SHUTDOWN_TIMEOUT:-}\n",
        "  SHUTDOWN_TIMEOUT: ${SHUTDOWN_TIMEOUT:-0}\n",
        "compose.yaml: SHUTDOWN_TIMEOUT: auth would not start: Input should be greater than 0",
    ),
    (
        MAIN,
        "\n\n  projects:\n",
        "\n\n  planted:\n",
        "compose.yaml: projects: there is no service of this name",
    ),
    (
        ".github/workflows/deploy.yml",
        "-s config -- staging\n        env:\n          AUTH_SIGNING_KEY: ${{ secrets.AUTH_SIGNING_KEY }}\n",
        "-s config -- staging\n        env:\n",
        "deploy.yml: AUTH_SIGNING_KEY: -s config -- staging is not given it; write ${{ secrets.AUTH_SIGNING_KEY }}",
    ),
    (
        "environments/staging.env",
        "ENVIRONMENT=staging\n",
        "ENVIRONMENT=staging\nPLANTED=1\n",
        "environments/staging.env: PLANTED: no service reads it",
    ),
    (
        "environments/production.env",
        "ENVIRONMENT=production\n",
        f"ENVIRONMENT=production\nAUTH_SIGNING_KEY={KEY}\n",
        "environments/production.env: AUTH_SIGNING_KEY: a secret in a committed file; take it out, make a new one",
    ),
    (
        "environments/common.env",
        "HOST=0.0.0.0\n",
        "HOST=0.0.0.0\nREDIS_URL=redis://:word@redis:6379/0\n",
        "environments/common.env: REDIS_URL: a secret in a committed file; take it out, make a new one",
    ),
]


WORKFLOW = """on: push
jobs:
  planted:
    runs-on: ubuntu-24.04
    env: {{{env}}}
    steps:
      - run: python3 noxfile.py -s config -- production
"""
ALL = ", ".join(
    f"{name}: '${{{{ secrets.{name} }}}}'"
    for name in ("DATABASE_URL", "DATABASE_PASSWORD", "REDIS_URL", "REDIS_PASSWORD", "AUTH_SIGNING_KEY")
)


def ask(project: Path, *others: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's own code, and leave no bytecode in it."""
    return run(sys.executable, "-B", "-c", ASK, ".", *others, cwd=project, PYTHONPATH="src/backend")


def faults(project: Path, *others: Path) -> list[list[str]]:
    """What the first project's own code finds in it, and in the files of others."""
    done = ask(project, *others)
    assert done.returncode == 0, done.stdout
    found: list[list[str]] = json.loads(done.stdout)
    return found


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def files(rendered: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A function that copies what gives settings to a folder of that name."""

    def copy(name: str) -> Path:
        for each in FILES:
            source, target = rendered("backend") / each, tmp_path / name / each
            target.parent.mkdir(exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return tmp_path / name

    return copy


@pytest.mark.parametrize("answers", ["everything", "smallest"])
def test_a_fresh_project_agrees_with_itself(rendered: Callable[[str], Path], answers: str) -> None:
    assert faults(rendered(answers)) == [[]]


def test_each_disagreement_is_found(rendered: Callable[[str], Path], files: Callable[[str], Path]) -> None:
    planted = [files(str(number)) for number in range(len(FAULTS))]
    for project, (path, old, new, _) in zip(planted, FAULTS, strict=True):
        replace(project / path, old, new)
    _, *found = faults(rendered("backend"), *planted)
    assert [each for (*_, each), those in zip(FAULTS, found, strict=True) if each not in those] == []


def test_a_new_setting_that_compose_does_not_give_is_found(project: Path) -> None:
    field = "    projects_url: ServiceUrl\n"
    replace(project / "src/backend/gateway/settings.py", field, f"{field}\n    planted: str\n")
    assert faults(project) == [["compose.yaml: PLANTED: gateway would not start: missing"]]


def test_compose_that_is_no_yaml_is_told(rendered: Callable[[str], Path], files: Callable[[str], Path]) -> None:
    broken = files("broken")
    (broken / MAIN).write_text("services: [\n", encoding="utf-8")
    done = ask(rendered("backend"), broken)
    assert "UserError: compose.yaml is not valid YAML; nox -s lint -- compose.yaml shows where." in done.stdout


def test_files_that_are_not_there_agree(rendered: Callable[[str], Path], files: Callable[[str], Path]) -> None:
    bare = files("bare")
    (bare / MAIN).unlink()
    shutil.rmtree(bare / ".github")
    assert faults(rendered("backend"), bare) == [[], []]


WRITE = "write ${{ secrets.AUTH_SIGNING_KEY }}"
LACKING = f"planted.yml: AUTH_SIGNING_KEY: -s config -- production is not given it; {WRITE}"
WRITTEN = f"planted.yml: AUTH_SIGNING_KEY: a secret that does not come from GitHub; {WRITE}"


WORKFLOWS = [
    (ALL, []),
    (ALL.replace("AUTH_SIGNING_KEY:", "AUTH_SIGNING:"), [LACKING]),
    (ALL.replace("secrets.AUTH_SIGNING_KEY", "vars.AUTH_SIGNING_KEY"), [WRITTEN]),
    (ALL.replace("${{ secrets.AUTH_SIGNING_KEY }}", KEY), [WRITTEN]),
]


def test_a_workflow_gives_the_secrets_of_an_environment(
    rendered: Callable[[str], Path], files: Callable[[str], Path]
) -> None:
    planted = [files(str(number)) for number in range(len(WORKFLOWS))]
    for project, (env, _) in zip(planted, WORKFLOWS, strict=True):
        (project / ".github/workflows/planted.yml").write_text(WORKFLOW.format(env=env), encoding="utf-8")
    assert faults(rendered("backend"), *planted)[1:] == [found for _, found in WORKFLOWS]


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_settings_are_checked_before_anything_is_deployed(environment: str) -> None:
    text = (ROOT / "template/.github/workflows/deploy.yml").read_text(encoding="utf-8")
    assert 0 < text.index(f"-s config -- {environment}\n") < text.index(f"-s deploy -- {environment}\n")
