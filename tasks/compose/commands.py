"""`down`, `status` and `logs` of a stack."""

import re
import subprocess
from pathlib import Path

from tasks.compose import compose_project, containers, ports
from tasks.compose.compose import DEBUGGING
from tasks.core import console
from tasks.core.errors import UserError
from tasks.core.screen import Screen

# Compose prefixes each line with the short name of the container, such as auth-1.
LINE = re.compile(r"^(\S+)-\d+\s+\| ?(.*)$")
# Compose clears the line of a terminal, even if it prints to a pipe.
CLEAR = "\x1b[2K"


def down(project: Path, *, with_volumes: bool, is_sure: bool) -> None:
    """Stop and remove the containers and networks; with `with_volumes` the data too, after a confirmation."""
    place = compose_project.load(project, with_debugger=(project / DEBUGGING).exists())
    found = place.client.volumes.list(filters={"label": place.label})
    volumes = ", ".join(sorted(str(volume.name) for volume in found))
    if with_volumes and volumes and not is_sure:
        console.confirm(f"delete the data in {volumes}", "nox -s stack -- down --volumes --yes")
    ports.stop_forwarding(place)
    place.compose.run("down", *(["--volumes"] if with_volumes else []))
    kept = "The data is deleted" if with_volumes else "The data is kept"
    print(f"Everything is stopped. {kept}: {volumes}." if volumes else "Everything is stopped.")


def status(project: Path) -> None:
    """Print the containers; UserError if a service is not ready."""
    place = compose_project.load(project)
    found = place.containers()
    if not any(ours for _, ours in found):
        raise UserError("Nothing is running. Start everything: nox -s stack -- up")
    place.compose.run("ps", "--all")
    problems = [
        f"{service.name} {problem}"
        for service, ours in found
        for problem in [containers.problem(each, is_task=service.is_task) for each in ours] or ["is not created"]
        if problem
    ]
    if problems:
        name = problems[0].split()[0]
        raise UserError(f"Not ready: {'; '.join(problems)}.\nSee: nox -s stack -- logs {name}")


def logs(project: Path, services: list[str], *, follow: bool, tail: int | None) -> None:
    """Print the logs of these services, or all, in readable lines; with `follow` also what they log from now on."""
    place = compose_project.load(project)
    place.check_names(services)
    options = [*(["--follow"] if follow else []), *(["--tail", str(tail)] if tail is not None else [])]
    command = place.compose.command("logs", "--no-color", *options, *services)
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, cwd=project, env=place.compose.settings, stdout=pipe, stderr=both) as process:
        names = [service.name for service in place.services]
        screen = Screen(services or names, process.terminate)
        screen.settle()
        try:
            for line in process.stdout or ():
                text = line.decode(errors="replace").rstrip("\n").removeprefix(CLEAR)
                if (found := LINE.match(text)) and found[1] in names:
                    screen.log(found[1], found[2])
                else:
                    screen.print(text)
        except KeyboardInterrupt:
            process.terminate()
            return
    if process.returncode != 0:
        raise UserError("docker compose logs failed; its error is above.")
