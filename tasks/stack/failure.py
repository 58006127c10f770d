"""Tells why a service is not ready: what its health check and its log said last."""

from docker import DockerClient

from tasks.dev.screen import Screen
from tasks.stack import containers
from tasks.stack.follow import NotReady

LAST_LINES = 15


def tell(client: DockerClient, screen: Screen, failure: NotReady) -> str:
    """Show what the service said last; returns the words to end with."""
    name, container = failure.service.name, failure.verdict.container
    screen.settle()
    if container is not None:
        if (check := container.last_check) and container.health != "healthy":
            screen.say(f"{name}'s health check said last (exit code {check[0]}):", "bold")
            for line in (check[1] or "nothing").splitlines()[-LAST_LINES:]:
                screen.log(name, line)
        screen.say(f"{name}'s log ends with:", "bold")
        for line in containers.last_lines(client, container, LAST_LINES) or ["nothing"]:
            screen.log(name, line)
    text = failure.verdict.text
    return (
        f"{name} {'is ' if text == 'unhealthy' else ''}{text}. The other services stay as they are.\n"
        f"Look further: nox -s stack -- status, nox -s stack -- logs {name}; end it all: nox -s stack -- down"
    )
