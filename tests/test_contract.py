"""The files that set settings agree with the application's classes, and each disagreement is found."""

from __future__ import annotations

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.settings import contract
from tests.support import ROOT
from tests.tasks.command import inside

FILES = [".env.example", "compose.yaml", "environments"]
KEY = "R3kqVb0u0sJX2mZ8m0oWc1pYtF5nQd7aEhLgKxBvSzU="
MAIN = "compose.yaml"
AGREEMENT = runpy.run_path(str(ROOT / "template/tests/support/agreement.py"))
GATEWAY = "      PROJECTS_URL: http://projects:8002\n"

# The file, a text in it, its replacement, and the fault that is then found.
FAULTS = [
    (MAIN, GATEWAY, "", "compose.yaml: PROJECTS_URL: gateway would not start: missing"),
    (
        MAIN,
        GATEWAY,
        GATEWAY + "      PROJECT_URL: http://projects:8002\n",
        "compose.yaml: PROJECT_URL: gateway gets it but does not read it",
    ),
    (
        MAIN,
        GATEWAY,
        GATEWAY + "      DATABASE_POOL_SIZE: 5\n",
        "compose.yaml: DATABASE_POOL_SIZE: gateway gets it but does not read it",
    ),
    (
        MAIN,
        "      ARGON2_ROUNDS: ${ARGON2_ROUNDS:-}\n",
        "      AUTH_SIGNING_KEY: ${AUTH_SIGNING_KEY:-}\n",
        "compose.yaml: AUTH_SIGNING_KEY: a secret in the environment of auth; pass it as a file",
    ),
    (
        MAIN,
        "    postgresql://app@postgres:5432/app",
        "    postgresql://app:word@postgres:5432/app",
        "compose.yaml: DATABASE_URL: a secret in the environment of migrations; pass it as a file",
    ),
    (
        MAIN,
        "      - auth_signing_key\n",
        "",
        "compose.yaml: AUTH_SIGNING_KEY: auth would not start: missing",
    ),
    (
        MAIN,
        "      - auth_database_password\n      - ca_certificate\n",
        "      - auth_database_password\n",
        "compose.yaml: CA_CERTIFICATE: migrations has no secret of this name",
    ),
    (
        MAIN,
        "      - auth_signing_key\n",
        "      - auth_signing_key\n      - planted\n",
        "compose.yaml: PLANTED: auth gets it but does not read it",
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
        "environments/staging.env",
        "ENVIRONMENT=staging\n",
        "ENVIRONMENT=staging\nPLANTED=1\n",
        "environments/staging.env: PLANTED: no service reads it",
    ),
    (
        "environments/production.env",
        "ENVIRONMENT=production\n",
        f"ENVIRONMENT=production\nAUTH_SIGNING_KEY={KEY}\n",
        "environments/production.env: AUTH_SIGNING_KEY: a secret in a committed file; remove it and create a new one",
    ),
    (
        "environments/common.env",
        "HOST=0.0.0.0\n",
        "HOST=0.0.0.0\nREDIS_URL=redis://:word@redis:6379/0\n",
        "environments/common.env: REDIS_URL: a secret in a committed file; remove it and create a new one",
    ),
]


def faults(project: Path, *others: Path) -> list[list[str]]:
    """The faults of a project, and those of the files of others compared with its classes."""
    with inside(project):
        agreed = contract.read(project)
        return [AGREEMENT["faults"](each, agreed) for each in (project, *others)]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def files(rendered: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A function that copies the files that set settings to a folder of this name."""

    def copy(name: str) -> Path:
        for each in FILES:
            source, target = rendered("backend") / each, tmp_path / name / each
            target.parent.mkdir(exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return tmp_path / name

    return copy


def test_a_fresh_project_has_no_faults(rendered: Callable[[str], Path]) -> None:
    assert faults(rendered("everything")) == [[]]


def test_each_planted_fault_is_found(rendered: Callable[[str], Path], files: Callable[[str], Path]) -> None:
    planted = [files(str(number)) for number in range(len(FAULTS))]
    for project, (path, old, new, _) in zip(planted, FAULTS, strict=True):
        replace(project / path, old, new)
    none, *found = faults(rendered("backend"), *planted)
    assert none == []
    assert [each for (*_, each), those in zip(FAULTS, found, strict=True) if each not in those] == []


def test_a_new_required_setting_is_missing_in_compose(project: Path) -> None:
    field = "    projects_url: ServiceUrl\n"
    replace(project / "src/backend/gateway/settings.py", field, f"{field}\n    planted: str\n")
    assert faults(project) == [["compose.yaml: PLANTED: gateway would not start: missing"]]


def test_a_compose_file_that_is_not_yaml_is_named(
    rendered: Callable[[str], Path], files: Callable[[str], Path]
) -> None:
    broken = files("broken")
    (broken / MAIN).write_text("services: [\n", encoding="utf-8")
    with pytest.raises(
        UserError, match=r"^compose\.yaml is not valid YAML\. To see the line: nox -s lint -- compose\.yaml$"
    ):
        faults(rendered("backend"), broken)


def test_missing_files_have_no_faults(rendered: Callable[[str], Path], files: Callable[[str], Path]) -> None:
    bare = files("bare")
    (bare / MAIN).unlink()
    assert faults(rendered("backend"), bare) == [[], []]


def test_settings_of_the_frontend_are_compared_with_its_compose_file(
    rendered: Callable[[str], Path], tmp_path: Path
) -> None:
    project = Path(shutil.copytree(rendered("everything"), tmp_path / "my-app", symlinks=True))
    compose = project / "src/frontend/compose.yaml"
    replace(compose, "      GATEWAY_URL: http://gateway:8000\n", "      PLANTED: x\n")
    assert faults(project) == [
        [
            "compose.yaml: PLANTED: frontend gets it but does not read it",
            "compose.yaml: GATEWAY_URL: frontend would not start: missing",
        ]
    ]
