"""What gives the application its settings agrees with its classes, and each disagreement is found."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import run

ASK = """
from pathlib import Path
from tasks.config import agreement, contract
print(*agreement.faults(Path(), contract.read(Path())), sep="\\n", end="")
"""
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
        "src/backend/gateway/settings.py",
        "    projects_url: ServiceUrl\n",
        "    projects_url: ServiceUrl\n\n    planted: str\n",
        "compose.yaml: PLANTED: gateway would not start: missing",
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


def faults(project: Path) -> list[str]:
    """What the project's own code finds."""
    done = run(sys.executable, "-c", ASK, cwd=project, PYTHONPATH="src/backend")
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


@pytest.mark.parametrize("answers", ["everything", "smallest"])
def test_a_fresh_project_agrees_with_itself(rendered: Callable[[str], Path], answers: str) -> None:
    assert faults(rendered(answers)) == []


@pytest.mark.parametrize(("path", "old", "new", "found"), FAULTS)
def test_a_disagreement_is_found(project: Path, path: str, old: str, new: str, found: str) -> None:
    text = (project / path).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (project / path).write_text(text.replace(old, new), encoding="utf-8")
    assert found in faults(project)


def test_compose_that_is_no_yaml_is_told(project: Path) -> None:
    (project / MAIN).write_text("services: [\n", encoding="utf-8")
    done = run(sys.executable, "-c", ASK, cwd=project, PYTHONPATH="src/backend")
    assert (
        "tasks.trouble.Trouble: compose.yaml is not valid YAML; nox -s lint -- compose.yaml shows where." in done.stdout
    )


def test_a_project_without_containers_has_nothing_to_agree_with(project: Path) -> None:
    (project / MAIN).unlink()
    assert faults(project) == []
