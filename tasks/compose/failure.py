"""Tells why a service is not ready: what its health check and its log said last."""

import json

from docker import DockerClient

from tasks.compose import containers, stale_secrets
from tasks.compose.containers import Container
from tasks.compose.follow import NotReady
from tasks.core.screen import Screen

LAST_LINES = 15
# A service that is not ready logs each question of its health check as a failed request, several a second at first.
READ_LINES = 1000
PROBED = "/health/detailed"


def tell(client: DockerClient, screen: Screen, project: str, failure: NotReady) -> str:
    """Show what the service of this Compose project said last; returns the words to end with."""
    name, container = failure.service.name, failure.verdict.container
    screen.settle()
    said = _show(client, screen, name, container) if container is not None else []
    text = failure.verdict.text
    return (
        f"{name} {'is ' if text == 'unhealthy' else ''}{text}. The other services stay as they are.\n"
        f"{_advice(client, project, said)}"
        f"Look further: nox -s stack -- status, nox -s stack -- logs {name}; end it all: nox -s stack -- down"
    )


def _advice(client: DockerClient, project: str, said: list[str]) -> str:
    """What to do where the volume of the database does not fit; nothing where that is not what the log says."""
    words = "\n".join(said)
    known = {stale_secrets.REFUSED: stale_secrets.advice, stale_secrets.INCOMPATIBLE: stale_secrets.advice_on_version}
    volume = stale_secrets.volume_of_password(client, project)
    return "".join(f"{advice(volume)}\n" for sign, advice in known.items() if volume and sign in words)


def _show(client: DockerClient, screen: Screen, name: str, container: Container) -> list[str]:
    """Show what it said last, and return the log's part of that."""
    if (check := container.last_check) and container.health != "healthy":
        screen.print(f"{name}'s health check said last (exit code {check[0]}):", "bold")
        for line in (check[1] or "nothing").splitlines()[-LAST_LINES:]:
            screen.log(name, line)
    said = _log(client, container)
    screen.print(f"{name}'s log ends with:", "bold")
    for line in said or ["nothing"]:
        screen.log(name, line)
    return said


def _log(client: DockerClient, container: Container) -> list[str]:
    """The end of its log, without the health check's own requests."""
    lines = containers.last_lines(client, container, READ_LINES)
    return [line for line in lines if not _is_probe(line)][-LAST_LINES:]


def _is_probe(line: str) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and (entry.get("event"), entry.get("path")) == ("request", PROBED)
