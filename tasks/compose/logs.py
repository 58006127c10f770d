"""`logs`: what the services say, for people to read."""

import re
import subprocess
from pathlib import Path

from tasks.compose import compose_project
from tasks.core.errors import UserError
from tasks.core.screen import Screen

# Compose puts the container's name before each line.
LINE = re.compile(r"^(\S+?)\s+\| ?(.*)$")
# Compose clears the line of a terminal, even where there is none.
CLEARING = "\x1b[2K"


def logs(project: Path, services: list[str], *, follow: bool, tail: int | None) -> None:
    """Show the logs of these services or of all, and with `follow` what they say from now on."""
    place = compose_project.load(project)
    names = place.plan.known(services)
    options = [*(["--follow"] if follow else []), *(["--tail", str(tail)] if tail is not None else [])]
    call = place.compose.command("logs", "--no-color", *options, *names)
    with subprocess.Popen(
        call,
        cwd=project,
        env=place.compose.settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as running:
        try:
            _show(running, names or place.plan.names)
        except KeyboardInterrupt:
            running.terminate()
            return
    if running.returncode != 0:
        raise UserError("docker compose says above why there are no logs.")


def _show(running: "subprocess.Popen[str]", names: list[str]) -> None:
    screen = Screen(names, running.terminate)
    screen.settle()
    for said in running.stdout or ():
        line = said.rstrip("\n").removeprefix(CLEARING)
        found = LINE.match(line)
        name = _service(found[1], names) if found else None
        if found and name:
            screen.log(name, found[2])
        else:
            screen.print(line)


def _service(container: str, names: list[str]) -> str | None:
    """The service of `auth-1`, which is Compose's short name for its first container."""
    service = container.rpartition("-")[0]
    return service if service in names else None
