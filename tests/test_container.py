"""`dev` in an ordinary container: as root, with the engine's default limits and only Python installed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, run
from tests.tasks.requirements import engine

pytestmark = pytest.mark.containers
IMAGES = ROOT / "template" / "compose.images.yaml"
START_SECONDS = 240
# Settings for package indexes and certificates.
CONFIGURED = ("PIP_", "UV_", "SSL_CERT_")
FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf", "/etc/uv/uv.toml", "~/.config/uv/uv.toml")


def python_image() -> str:
    """The base image of the application's images."""
    # The file alone is not a complete Compose project.
    reading = ("config", "--no-consistency", "--format=json")
    config = docker("compose", "--project-name=container", f"--file={IMAGES}", *reading)
    return str(json.loads(config)["services"]["python"]["build"]["args"]["PYTHON_IMAGE"])


def docker(*arguments: str) -> str:
    done = run("docker", *arguments, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


def package_options() -> list[str]:
    """Options for a container in which pip and uv use the package indexes of this machine."""
    names = [name for name in os.environ if name.startswith(CONFIGURED)]
    given = [word for name in names for word in ("--env", name)]
    places = {Path(place).expanduser(): place.replace("~", "/root") for place in FILES}
    places |= {Path(os.environ[name]): os.environ[name] for name in names if name.endswith(("_CERT", "_FILE"))}
    found = [f"--volume={here.resolve()}:{there}:ro" for here, there in places.items() if here.exists()]
    return ["--network=host", *given, *found]


@pytest.fixture
def container(project: Path) -> Iterator[str]:
    """A container whose first process is `python3 noxfile.py -s dev` in a fresh project."""
    engine()
    # Links to environments of this machine.
    shutil.rmtree(project / ".nox")
    started = docker(
        *("create", "--workdir=/my-app", *package_options(), python_image()),
        *("python3", "noxfile.py", "-s", "dev"),
    )
    try:
        docker("cp", f"{project}/.", f"{started}:/my-app")
        docker("start", started)
        yield started
    finally:
        docker("rm", "--force", "--volumes", started)


def test_dev_runs_as_root_and_stops_with_the_container(container: str) -> None:
    await_ready(container)
    gateway = 'import json, urllib.request as r; url = json.load(open(".data/dev.json"))["url"]'
    ask = f'{gateway}; print(r.urlopen(url + "/health/detailed").read().decode())'
    assert '"status":"ok"' in docker("exec", container, "python3", "-c", ask)
    assert run("docker", "exec", container, "unshare", "--user", "true", cwd=ROOT).returncode != 0
    assert owners(container, "postgres") == {"nobody"}
    docker("stop", "--time", "60", container)
    printed = docker("logs", container)
    assert "Everything is stopped." in printed, printed[-2000:]
    assert docker("inspect", "--format", "{{.State.ExitCode}}", container) != "137"


def await_ready(container: str) -> None:
    """Wait until `dev` reports that it is ready."""
    deadline = time.monotonic() + START_SECONDS
    while "Ready in" not in docker("logs", container):
        running = docker("inspect", "--format", "{{.State.Running}}", container) == "true"
        assert running, docker("logs", container)[-3000:]
        assert time.monotonic() < deadline, docker("logs", container)[-3000:]
        time.sleep(0.5)


def owners(container: str, text: str) -> set[str]:
    """The users of processes with this text in their command line."""
    lines = docker("top", container, "-eo", "pid,user,args").splitlines()
    return {line.split()[1] for line in lines if text in line}
