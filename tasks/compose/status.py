"""`status` and `logs` of a stack, and the reasons why its containers are not ready."""

import re
import subprocess
from pathlib import Path

from docker.models.containers import Container

from tasks.compose import compose_project
from tasks.core.errors import UserError
from tasks.core.screen import Screen

# Compose prefixes each line with the short name of the container, such as auth-1.
LINE = re.compile(r"^(\S+)-\d+\s+\| ?(.*)$")
# Compose clears the line of a terminal, even if it prints to a pipe.
CLEAR = "\x1b[2K"
LAST_LINES = 15
READ_LINES = 1000
# Services log the requests of their health check, which would hide the reason of a failure.
PROBED = "/health/detailed"


def status(project: Path) -> None:
    """Print the containers; UserError if a service is not ready."""
    place = compose_project.load_running(project)
    found = place.containers()
    if not any(ours for _, ours in found):
        raise UserError("Nothing is running. Start everything: nox -s stack -- up")
    place.compose.run("ps", "--all")
    problems = [
        f"{service.name} {reason}"
        for service, ours in found
        for reason in [problem(each, is_task=service.is_task) for each in ours] or ["is not created"]
        if reason
    ]
    if problems:
        name = problems[0].split()[0]
        raise UserError(f"Not ready: {'; '.join(problems)}.\nSee: nox -s stack -- logs {name}")


def logs(project: Path, services: list[str], *, follow: bool, tail: int | None) -> None:
    """Print the logs of these services, or all, in readable lines; with `follow` also what they log from now on."""
    place = compose_project.load_running(project)
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


def problem(container: Container, *, is_task: bool) -> str | None:
    """Why a container is not ready; None if it is, or if it is a task that has succeeded."""
    state = container.attrs["State"]
    health = (state.get("Health") or {}).get("Status")
    match (container.status, health):
        case ("running", "unhealthy"):
            reason = "is unhealthy"
        case ("running", "starting"):
            reason = "is not ready: its health check has not passed yet"
        case ("running", _):
            return "is still running" if is_task else None
        case ("exited" | "restarting" | "dead", _) if state["OOMKilled"]:
            reason = "ran out of memory; its limit is in compose.yaml"
        case ("exited", _) if is_task and state["ExitCode"] == 0:
            return None
        case ("exited" | "restarting" | "dead", _):
            reason = f"exited with code {state['ExitCode']}"
        case (other, _):
            reason = f"is {other}"
    restarts = container.attrs["RestartCount"]
    return f"{reason} (restarts: {restarts})" if restarts else reason


def print_output(name: str, container: Container) -> str:
    """Print the output of the last health check and the end of the log; returns the latter."""
    screen = Screen([name], lambda: None)
    screen.settle()
    checks = (container.attrs["State"].get("Health") or {}).get("Log") or []
    if checks and checks[-1]["ExitCode"] != 0 and (output := checks[-1]["Output"].strip()):
        screen.print(f"Last health check of {name} (exit code {checks[-1]['ExitCode']}):", "bold")
        for line in output.splitlines()[-LAST_LINES:]:
            screen.log(name, line)
    lines = container.logs(tail=READ_LINES).decode(errors="replace").splitlines()
    lines = [line for line in lines if PROBED not in line][-LAST_LINES:]
    screen.print(f"End of the log of {name}:", "bold")
    for line in lines or ["(empty)"]:
        screen.log(name, line)
    return "\n".join(lines)
