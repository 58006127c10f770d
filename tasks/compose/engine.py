"""Connects to the Docker Engine of this machine; checks the versions of the engine, Compose and Buildx."""

import errno
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import docker
from docker import DockerClient
from docker.errors import DockerException
from requests import RequestException

from tasks.core import processes
from tasks.core.errors import UserError

# The first engine with start_interval of health checks.
OLDEST_ENGINE = 25
# The first Compose whose `watch` handles a file that several images contain.
OLDEST_COMPOSE = (2, 33)
INSTALL = "https://docs.docker.com/engine/install/"
WITHOUT_DOCKER = "Without Docker, `nox -s dev` runs the application too."
# Any other engine is on another machine; a port of the loopback address may belong to the one of this machine.
LOCAL = re.compile(r"(?!(ssh|tcp|https?):).*|(tcp|https?)://(127(\.\d+){3}|localhost|\[::1\]|)(:\d*)?/?", re.IGNORECASE)


@contextmanager
def engine_errors() -> Iterator[None]:
    """Report an engine that fails or stops answering as a UserError."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise UserError(f"The Docker Engine failed or stopped answering: {error}\nSee: nox -s doctor") from None


def check_programs() -> str:
    """The version of Compose; UserError if `docker`, Compose or Buildx is missing or too old."""
    if shutil.which("docker") is None:
        raise UserError(f"Docker is not installed. Get it: {INSTALL}\n{WITHOUT_DOCKER}")
    compose = _version("compose", "--short")
    if tuple(map(int, re.findall(r"\d+", compose)[:2])) < OLDEST_COMPOSE:
        oldest = ".".join(map(str, OLDEST_COMPOSE))
        raise UserError(f"Docker Compose {compose} is too old: {oldest} or newer is needed. Get it: {INSTALL}")
    _version("buildx")
    return compose


def _version(plugin: str, *options: str) -> str:
    if found := processes.output("docker", plugin, "version", *options):
        return found
    remedy = f"apt install docker-{plugin}-plugin, or {INSTALL}"
    raise UserError(f"Docker's {plugin.capitalize()} plugin is missing. Get it: {remedy}\n{WITHOUT_DOCKER}")


def connect(environment: Mapping[str, str]) -> DockerClient:
    """A client of the engine that DOCKER_HOST or the current context names; UserError if it cannot be used."""
    address = _address(environment)
    if not LOCAL.fullmatch(address):
        raise UserError(
            f"The Docker Engine is on another machine ({address}), which cannot read this project's secrets.\n"
            "Use the engine of this machine: docker context use default, and unset DOCKER_HOST."
        )
    try:
        # The library finds certificates in a context that has them.
        known = {"DOCKER_HOST": address} if address.startswith("unix:") else {}
        client = docker.from_env(environment={**environment, **known})
        about = client.version()
    except DockerException as error:
        raise UserError(_unreachable(error, address)) from None
    if "podman" in str(about.get("Components", "")).lower():
        raise UserError(f"The engine at {address} is Podman; only Docker is supported.\n{WITHOUT_DOCKER}")
    version = str(about.get("Version"))
    if int(re.findall(r"\d+", f"{version} 0")[0]) < OLDEST_ENGINE:
        raise UserError(
            f"The Docker Engine at {address} is too old: {version}; {OLDEST_ENGINE} or newer is needed.\n"
            f"Upgrade it: {INSTALL} {WITHOUT_DOCKER}"
        )
    return client


def _address(environment: Mapping[str, str]) -> str:
    """The address that the `docker` command uses; the client library finds another where a configuration is wrong."""
    if host := environment.get("DOCKER_HOST"):
        return host
    done = processes.run(["docker", "context", "inspect", "--format={{.Endpoints.docker.Host}}"], env=environment)
    if done.returncode != 0:
        raise UserError(f"Docker's context cannot be used: {processes.last_line(done.stderr)}\nSee: docker context ls")
    return done.stdout.strip()


def _unreachable(error: DockerException, address: str) -> str:
    causes: list[BaseException] = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if numbers & {errno.EACCES, errno.EPERM}:
        return (
            f"The current user may not use the Docker Engine at {address}.\n"
            "Join its group (sudo usermod --append --groups docker $USER, then log in again), or use rootless Docker: "
            "https://docs.docker.com/engine/security/rootless/"
        )
    reason = "it is not running" if numbers & {errno.ENOENT, errno.ECONNREFUSED} else causes[-1]
    return (
        f"No Docker Engine answers at {address}: {reason}.\n"
        f"Start it (sudo systemctl start docker, or Docker Desktop) or correct DOCKER_HOST. {WITHOUT_DOCKER}"
    )
