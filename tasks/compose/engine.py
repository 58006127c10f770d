"""Reaches the Docker Engine that DOCKER_HOST or the current context names, or says in plain words why not."""

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import docker
from docker import DockerClient
from docker.context import ContextAPI
from docker.errors import DockerException, InvalidVersion, TLSParameterError
from requests import RequestException

from tasks.core.errors import UserError

# The first that checks a starting container's health at its start_interval.
OLDEST_ENGINE = (25, 0)
REMOTE = ("ssh", "tcp", "http", "https")
USUAL_SOCKET = "unix:///var/run/docker.sock"
WITHOUT = "Without Docker, `nox -s dev` runs the application too."


@contextmanager
def engine_errors() -> Iterator[None]:
    """Report an engine that fails or stops answering as a UserError."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise UserError(f"The Docker Engine failed or stopped answering: {error}\nSee: nox -s doctor") from None


def connect(environment: Mapping[str, str]) -> DockerClient:
    """A client of the engine, which answers and is new enough; else a UserError."""
    address = _address(environment)
    if _is_elsewhere(address):
        raise UserError(
            f"The Docker Engine is on another machine ({address}), which cannot read this project's secrets.\n"
            "Use one of this machine: docker context use default, and unset DOCKER_HOST."
        )
    try:
        client = docker.from_env(environment=dict(environment))
        about = client.version()
    except InvalidVersion:
        raise UserError(_too_old("its API", address)) from None
    except DockerException as error:
        raise UserError(_words(error, address)) from None
    _judge(about, address)
    return client


def _address(environment: Mapping[str, str]) -> str:
    if host := environment.get("DOCKER_HOST"):
        return host
    try:
        return ContextAPI.kwargs_from_context(environment=environment).get("base_url") or USUAL_SOCKET
    except DockerException as error:
        raise UserError(f"Docker's context cannot be read: {error}\nSee: docker context ls") from None


def _is_elsewhere(address: str) -> bool:
    """Whether the engine is on another machine; a port of this one may lead to the engine here."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in REMOTE and (parts.scheme == "ssh" or not _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"}


def _judge(about: Mapping[str, str], address: str) -> None:
    version = str(about.get("Version", ""))
    if any("podman" in str(part.get("Name", "")).lower() for part in _components(about)):
        raise UserError(f"Podman answers at {address}, and these sessions know only Docker.\n{WITHOUT}")
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if numbers < OLDEST_ENGINE:
        raise UserError(_too_old(version or "an unknown version", address))


def _components(about: Mapping[str, object]) -> list[dict[str, object]]:
    found = about.get("Components")
    return found if isinstance(found, list) else []


def _too_old(version: str, address: str) -> str:
    return (
        f"The Docker Engine at {address} is too old: {version}; needed is {OLDEST_ENGINE[0]} or newer.\n"
        f"Upgrade it: https://docs.docker.com/engine/install/ {WITHOUT}"
    )


def _words(error: DockerException, address: str) -> str:
    """Why the engine cannot be reached, and what to do."""
    if isinstance(error, TLSParameterError):
        return (
            "DOCKER_TLS_VERIFY is set, and DOCKER_CERT_PATH has no ca.pem, cert.pem and key.pem; correct one of them."
        )
    numbers = {cause.errno for cause in _causes(error) if isinstance(cause, OSError)}
    if numbers & {errno.EACCES, errno.EPERM}:
        return (
            f"This user may not use the Docker Engine at {address}.\n"
            "Join its group (sudo usermod --append --groups docker $USER, then log in again), or use rootless Docker: "
            "https://docs.docker.com/engine/security/rootless/"
        )
    if numbers & {errno.ENOENT, errno.ECONNREFUSED}:
        return (
            f"No Docker Engine answers at {address}: it is not running, or DOCKER_HOST or the context is wrong.\n"
            f"Start it (sudo systemctl start docker, or Docker Desktop). {WITHOUT}"
        )
    reason = str(list(_causes(error))[-1])
    return f"No Docker Engine answers at {address}: {reason}\nCorrect DOCKER_HOST, or the context: docker context ls"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, the first cause last."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
