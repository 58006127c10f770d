"""Reports why a container is not ready: its state, its last health check and the end of its log."""

from docker.models.containers import Container

from tasks.core.screen import Screen

LAST_LINES = 15
READ_LINES = 1000
# Services log the requests of their health check, which would hide the reason of a failure.
PROBED = "/health/detailed"


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
