"""`stack` where secrets do not fit what is there: a volume with an old password, containers that read an old one."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.core import atomic_file
from tests.support import ROOT
from tests.tasks.requirements import engine
from tests.tasks.small_stack import SmallStack, small_stack

# What PostgreSQL says to a wrong password, and to what another version has written.
REFUSAL = 'FATAL:  password authentication failed for user "app"'
INCOMPATIBLE = "FATAL:  database files are incompatible with server"


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    """One whose store reads a secret, and that has the volume of a database."""
    with small_stack(tmp_path) as small:
        with (tmp_path / ".env.example").open("a") as example:
            example.write("# DATABASE_PASSWORD=\n")
        compose = yaml.safe_load((tmp_path / "compose.yaml").read_text())
        compose["services"]["store"] |= {"secrets": ["database_password"], "volumes": ["postgres:/kept"]}
        compose |= {"secrets": {"database_password": {"file": ".secrets/database_password"}}}
        compose["volumes"] = {"postgres": {}}
        (tmp_path / "compose.yaml").write_text(yaml.safe_dump(compose))
        yield small


def identities(stack: SmallStack) -> dict[str, str]:
    form = '{{.Label "com.docker.compose.service"}} {{.ID}}'
    listed = stack.docker(
        "ps", "--all", "--no-trunc", "--filter", f"label=com.docker.compose.project={stack.name}", "--format", form
    )
    return dict(line.split() for line in listed.splitlines())


def test_a_volume_that_keeps_a_lost_password_is_told_before_anything_starts(stack: SmallStack) -> None:
    secrets, aside = stack.folder / ".secrets", stack.folder / "aside"
    assert stack.run("up")[0] == 0
    assert stack.run("down")[0] == 0
    secrets.rename(aside)
    code, said = stack.run("up")
    assert code == 1
    missing, volume, remedy = said.splitlines()[-3:]
    assert missing == ".secrets/database_password is missing; nothing was written or started."
    assert volume.startswith(f"The volume {stack.name}_postgres, ")
    assert remedy.startswith("Put the old .secrets back; or delete the data: nox -s stack -- down --volumes --yes; ")
    assert not secrets.exists()
    assert stack.containers() == {}
    aside.rename(secrets)
    assert stack.run("up")[0] == 0
    (secrets / "database_password").unlink()
    assert stack.run("down", "--volumes", "--yes")[0] == 0
    code, said = stack.run("up")
    assert code == 0, said
    assert "Wrote .secrets/: database_password." in said


def test_what_read_an_old_secret_is_replaced_and_nothing_else(stack: SmallStack) -> None:
    assert stack.run("up")[0] == 0
    first = identities(stack)
    secret = stack.folder / ".secrets/database_password"
    old = secret.read_text()
    atomic_file.write(secret, "another", 0o444)
    code, said = stack.run("up")
    assert code == 0, said
    assert "A secret has changed; replacing what has the old one: store\n" in said
    second = identities(stack)
    assert second["store"] != first["store"]
    assert second["gateway"] == first["gateway"]
    assert stack.docker("exec", second["store"], "cat", "/run/secrets/database_password") == "another"
    assert "A secret has changed" not in stack.run("up")[1]
    assert identities(stack) == second
    atomic_file.write(secret, old, 0o444)
    os.utime(secret, (0, 0))
    assert stack.run("up")[0] == 0
    assert identities(stack)["store"] != second["store"]


def test_a_password_that_the_database_refuses_is_told_with_what_to_do(stack: SmallStack) -> None:
    (stack.folder / "serve.py").write_text(f"import sys\nsys.exit({REFUSAL!r})\n")
    code, said = stack.run("up")
    assert code == 1
    assert f"The volume {stack.name}_postgres, of this folder or another of the same name, keeps the password" in said
    assert "or delete the data: nox -s stack -- down --volumes --yes; " in said


def test_a_volume_of_another_version_is_told_with_how_to_keep_the_data(stack: SmallStack) -> None:
    (stack.folder / "serve.py").write_text(f"import sys\nsys.exit({INCOMPATIBLE!r})\n")
    code, said = stack.run("up")
    assert code == 1
    assert f"The volume {stack.name}_postgres holds the data of another version of PostgreSQL.\nTo save it, " in said
    assert "exec -T postgres pg_dump --username=app app >app.sql\nTo load it, with the new version: " in said


def test_redis_takes_a_password_with_quotes_and_backslashes(tmp_path: Path) -> None:
    engine()
    password = r"""a"b\c'd\\"$e #f&g"""
    redis = yaml.safe_load((ROOT / "template/compose.yaml").read_text())["services"]["redis"]
    command = [word.replace("$$", "$") for word in redis["command"]]
    check = [word.replace("$$", "$") for word in redis["healthcheck"]["test"][1:]]
    tmp_path.chmod(0o755)
    (tmp_path / "redis_password").write_text(password)
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    mount = ["--volume", f"{tmp_path}:/run/secrets:ro", "--tmpfs", "/data:uid=999,gid=999", "--user", redis["user"]]
    docker("run", "--detach", "--rm", "--name", name, *mount, "redis:8", *command)
    try:
        assert answers(name, check)
        wrong = [word.replace("cat /run/secrets/redis_password", "echo wrong") for word in check]
        assert docker("exec", name, *wrong, is_checked=False).returncode != 0
        config = docker("exec", "--env", f"REDISCLI_AUTH={password}", name, "redis-cli", "config", "get", "append*")
        assert "everysec" in config.stdout
    finally:
        docker("rm", "--force", name)


def answers(name: str, check: list[str]) -> bool:
    for _ in range(50):
        if docker("exec", name, *check, is_checked=False).returncode == 0:
            return True
        time.sleep(0.2)
    return False


def docker(*arguments: str, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=is_checked)


def test_the_reason_is_not_buried_under_the_health_check_s_requests(stack: SmallStack) -> None:
    request = json.dumps({"level": "warning", "event": "request", "path": "/health/detailed", "status": 503})
    lines = f"print('the reason')\nfor _ in range(40): print({request!r})\nraise SystemExit(3)\n"
    (stack.folder / "serve.py").write_text(lines)
    code, said = stack.run("up")
    assert code == 1
    assert "the reason" in said
    assert "503" not in said
