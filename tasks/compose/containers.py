"""What the engine says of the containers of a Compose project."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker import DockerClient
from docker.errors import NotFound

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"


@dataclass(frozen=True)
class Container:
    """A container as the engine has it now."""

    attributes: dict[str, Any]

    @property
    def id(self) -> str:
        """The engine's name for it."""
        return str(self.attributes["Id"])

    @property
    def service(self) -> str:
        """The service that it belongs to."""
        return str(self.attributes["Config"]["Labels"][SERVICE])

    @property
    def state(self) -> str:
        """One of created, running, paused, restarting, removing, exited and dead."""
        return str(self.attributes["State"]["Status"])

    @property
    def health(self) -> str | None:
        """One of starting, healthy and unhealthy; None without a health check."""
        found = (self.attributes["State"].get("Health") or {}).get("Status")
        return None if found in {None, "", "none"} else str(found)

    @property
    def exit_code(self) -> int:
        """How its process ended last."""
        return int(self.attributes["State"]["ExitCode"])

    @property
    def is_out_of_memory(self) -> bool:
        """Whether the kernel ended it for want of memory."""
        return bool(self.attributes["State"].get("OOMKilled"))

    @property
    def restarts(self) -> int:
        """How often the engine has started it again by itself."""
        return int(self.attributes.get("RestartCount", 0))

    @property
    def image(self) -> str:
        """The image's name."""
        return str(self.attributes["Config"]["Image"])

    @property
    def started(self) -> datetime | None:
        """When its process began; None when it never did."""
        return moment(self.attributes["State"]["StartedAt"])

    @property
    def last_check(self) -> tuple[int, str] | None:
        """Exit code and output of the last health check."""
        log = (self.attributes["State"].get("Health") or {}).get("Log") or []
        return (int(log[-1]["ExitCode"]), str(log[-1]["Output"]).strip()) if log else None

    @property
    def published(self) -> list[int]:
        """The ports of this machine that lead to it."""
        bound = (self.attributes.get("NetworkSettings") or {}).get("Ports") or {}
        return [int(each["HostPort"]) for found in bound.values() for each in found or []]


def of_project(client: DockerClient, project: str) -> list[Container]:
    """All containers of the project's services, stopped ones too."""
    listed = client.api.containers(all=True, filters={"label": [f"{PROJECT}={project}", f"{ONE_OFF}=False"]})
    found = [_inspect(client, each["Id"]) for each in listed]
    return sorted([each for each in found if each], key=lambda each: str(each.attributes["Name"]))


def _inspect(client: DockerClient, identity: str) -> Container | None:
    """None when it has gone since it was listed."""
    try:
        return Container(client.api.inspect_container(identity))
    except NotFound:
        return None


def last_lines(client: DockerClient, container: Container, count: int) -> list[str]:
    """The end of what the container has said."""
    said: bytes = client.api.logs(container.id, stdout=True, stderr=True, stream=False, tail=count)
    return said.decode(errors="replace").splitlines()


def now(client: DockerClient) -> datetime:
    """The engine's time, by which it dates everything; its clock need not be ours."""
    found = moment(client.info()["SystemTime"])
    if found is None:
        raise ValueError("the engine told no time")
    return found


def moment(stamp: str) -> datetime | None:
    """The engine's stamps, whose fractions have up to nine digits; its year 1 means never."""
    whole, _, rest = stamp.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    micros = rest[: len(rest) - len(zone)][:6]
    text = f"{whole}.{micros or '0'}{zone}" if rest else whole
    found = datetime.fromisoformat(text)
    return None if found.year == 1 else found
