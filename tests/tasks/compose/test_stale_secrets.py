"""`stack -- up` with secrets that differ from those of an existing volume or of running containers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import pytest
import trustme
import yaml

from tasks.compose.compose_project import load
from tasks.compose.stale_secrets import replace_readers
from tasks.core import atomic_file
from tasks.core.errors import UserError
from tests.support import ROOT
from tests.tasks.requirements import engine
from tests.tasks.small_stack import SmallStack, small_stack

pytestmark = pytest.mark.containers
# The error of PostgreSQL for a wrong password.
REFUSED = 'FATAL:  password authentication failed for user "app"'
PROBE_REQUEST = json.dumps({"level": "warning", "event": "request", "path": "/health/detailed", "status": 503})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """A stack whose store reads a secret and has the volume of a database."""
    folder = tmp_path_factory.mktemp("stack")
    with small_stack(folder) as small:
        with (folder / ".env.example").open("a") as example:
            example.write("# DATABASE_PASSWORD=\n")
        compose = yaml.safe_load((folder / "compose.yaml").read_text())
        compose["services"]["store"] |= {"secrets": ["database_password"], "volumes": ["postgres:/kept"]}
        del compose["services"]["migrations"], compose["services"]["gateway"]["depends_on"]
        compose |= {"secrets": {"database_password": {"file": ".secrets/database_password"}}}
        compose["volumes"] = {"postgres": {}}
        (folder / "compose.yaml").write_text(yaml.safe_dump(compose))
        yield small


def test_only_containers_that_read_a_changed_secret_are_replaced(stack: SmallStack) -> None:
    stack.up()
    first = stack.containers("ID")
    secret = stack.folder / ".secrets/database_password"
    old = secret.read_text()
    atomic_file.write(secret, "another", 0o444)
    assert "A secret has changed; replacing the containers that read it: store\n" in stack.up()
    second = stack.containers("ID")
    assert second["store"] != first["store"]
    assert second["gateway"] == first["gateway"]
    assert stack.docker("exec", second["store"], "cat", "/run/secrets/database_password") == "another"
    assert "A secret has changed" not in stack.up()
    assert stack.containers("ID") == second
    atomic_file.write(secret, old, 0o444)
    os.utime(secret, (0, 0))
    stack.up()
    assert stack.containers("ID")["store"] != second["store"]


def test_a_reader_is_replaced_when_a_new_one_is_ready_and_kept_if_that_fails(
    stack: SmallStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up()
    first = stack.containers("ID")
    atomic_file.write(stack.folder / ".secrets/database_password", "another", 0o444)
    for name, value in {"COMPOSE_PROJECT_NAME": stack.name, "STORE_PROBE": "broken"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="docker compose up store failed"):
        replace_readers(load(stack.folder), ["database_password"], 60)
    assert stack.containers("ID") == first
    monkeypatch.delenv("STORE_PROBE")
    replace_readers(load(stack.folder), ["database_password"], 60)
    second = stack.containers("ID")
    assert (second["store"] != first["store"], second["gateway"]) == (True, first["gateway"])
    assert stack.docker("exec", second["store"], "cat", "/run/secrets/database_password") == "another"
    replace_readers(load(stack.folder), ["database_password"], 60)
    assert stack.containers("ID") == second


def test_a_volume_whose_password_is_lost_is_reported_before_the_start(stack: SmallStack) -> None:
    secrets, aside = stack.folder / ".secrets", stack.folder / "aside"
    stack.docker("compose", "up", "--detach", "store")
    assert stack.run("down")[0] == 0
    secrets.rename(aside)
    code, output = stack.run("up")
    assert code == 1
    missing, volume, remedy = output.splitlines()[-3:]
    assert missing == ".secrets/database_password is missing. Nothing was written or started."
    assert volume == f"The volume {stack.name}_postgres needs the password that it was created with."
    assert remedy.startswith("Restore the old .secrets; or delete the data: nox -s stack -- down --volumes --yes; ")
    assert not secrets.exists()
    assert stack.containers() == {}
    aside.rename(secrets)
    stack.up()
    (secrets / "database_password").unlink()
    assert stack.run("down", "--volumes", "--yes")[0] == 0
    assert "Wrote .secrets/: database_password." in stack.up()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            f"import sys\nsys.exit({REFUSED!r})\n",
            ["The volume {}_postgres needs the password", "or delete the data: nox -s stack -- down --volumes --yes; "],
        ),
        (f"print('the reason')\nfor _ in range(40): print({PROBE_REQUEST!r})\nraise SystemExit(3)\n", ["the reason"]),
    ],
    ids=["wrong password", "log without requests of the health check"],
)
def test_a_failed_start_is_explained_by_the_log(stack: SmallStack, script: str, expected: list[str]) -> None:
    (stack.folder / "serve.py").write_text(script)
    code, output = stack.run("up")
    assert code == 1
    assert [text for text in expected if text.format(stack.name) not in output] == []
    assert "status=503" not in output


DATABASE = """\
services:
  postgres:
    image: postgres:${VERSION}
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: unused, PGDATA: /var/lib/postgresql/cluster}
    volumes: ["postgres:/var/lib/postgresql"]
    healthcheck: {test: [CMD, pg_isready, --host=127.0.0.1, --username=app], interval: 300ms, start_period: 1m}
volumes: {postgres: {}}
"""


def test_data_of_another_postgresql_are_reported_with_both_versions_and_can_be_moved(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with small_stack(tmp_path_factory.mktemp("database")) as stack:
        (stack.folder / "compose.yaml").write_text(DATABASE)
        query = "docker compose exec -T postgres psql --username=app --tuples-only --command"

        def shell(command: str, version: str) -> str:
            environment = {**stack.settings, "VERSION": version}
            return subprocess.check_output(["sh", "-ec", command], cwd=stack.folder, env=environment, text=True)

        stack.up(VERSION="18")
        shell(f"{query} 'CREATE TABLE kept AS VALUES (42)'", "18")
        code, output = stack.run("up", VERSION="15")
        assert code == 1
        report, save, delete, load = output.splitlines()[-5:-1]
        assert report == f"The volume {stack.name}_postgres holds data of PostgreSQL 18, which version 15 cannot read."
        for line, version in ((save, "18"), (delete, "15"), (load, "15")):
            session = f"{sys.executable} -m tasks compose"
            shell(line.partition(": ")[2].replace("nox -s stack --", session), version)
        assert shell(f"{query} 'TABLE kept'", "15").split() == ["42"]


def test_redis_accepts_a_password_with_quotes_and_backslashes(tmp_path_factory: pytest.TempPathFactory) -> None:
    engine()
    password = r"""a"b\c'd\\"$e #f&g"""
    redis = yaml.safe_load((ROOT / "template/compose.yaml").read_text())["services"]["redis"]
    command = [word.replace("$$", "$") for word in redis["command"]]
    check = [word.replace("$$", "$") for word in redis["healthcheck"]["test"][1:]]
    folder = tmp_path_factory.mktemp("secrets")
    folder.chmod(0o755)
    (folder / "redis_password").write_text(password)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca_certificate")
    authority.issue_cert("redis").private_key_and_cert_chain_pem.write_to_path(folder / "redis_certificate")
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    mount = ["--volume", f"{folder}:/run/secrets:ro", "--tmpfs", "/data:uid=999,gid=999", "--user", redis["user"]]
    docker("run", "--detach", "--rm", "--name", name, *mount, "redis:8", *command)
    try:
        assert answers(name, check)
        wrong = [word.replace("cat /run/secrets/redis_password", "echo wrong") for word in check]
        assert docker("exec", name, *wrong, is_checked=False).returncode != 0
        query = ("redis-cli", "--tls", "--cacert", "/run/secrets/ca_certificate", "config", "get", "append*")
        config = docker("exec", "--env", f"REDISCLI_AUTH={password}", name, *query)
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
