"""`up`, `restart` and `watch`: start services and wait until they are ready; `down` stops them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tasks.compose import compose_project, images, ports, stale_secrets, status
from tasks.compose.compose import DEBUGGING, MONITORING, WATCHING
from tasks.compose.compose_project import ComposeProject
from tasks.core.console import confirm
from tasks.core.errors import UserError

TIMEOUT_SECONDS = 180
# Until a check of an unhealthy container succeeds again, and how often Compose is asked.
RECOVERY_SECONDS = 40
RETRY_SECONDS = 5
# Where debuggers are attached, which is no address for a browser.
DEBUGGER_PORT = 5678
DOWN = "Stop everything: nox -s stack -- down"


def up(
    project: Path, timeout: int = TIMEOUT_SECONDS, *, with_debugger: bool = False, with_monitoring: bool = False
) -> None:
    """Build what has changed, start what is not running, and wait until everything is ready."""
    monitoring = sorted(project.glob(MONITORING)) if with_monitoring else []
    if with_monitoring and not any(path.is_relative_to(project / "infra") for path in monitoring):
        raise UserError("This project has no monitoring. Add it: copier update --data 'parts=[frontend,monitoring]'")
    compose_project.ensure_settings(project)
    _up(compose_project.load(project, *([project / DEBUGGING] if with_debugger else []), *monitoring), timeout)


def restart(project: Path, services: list[str], timeout: int = TIMEOUT_SECONDS) -> None:
    """Restart services and wait until they are ready."""
    place = compose_project.load_running(project)
    place.check_names(services)
    for service, found in place.containers():
        if service.name in services and (service.is_task or not found):
            reason = "it runs to its end" if service.is_task else "it has no container"
            raise UserError(f"Cannot restart {service.name}: {reason}. Start it: nox -s stack -- up")
    with _interruptible():
        _start(place, timeout, services)


def watch(project: Path, timeout: int = TIMEOUT_SECONDS) -> None:
    """Start everything as `up` does; then replace containers when the code in their images changes."""
    compose_project.ensure_settings(project)
    place = compose_project.load(project, *sorted(project.glob(WATCHING)))
    if not any(service.definition.get("develop") for service in place.services):
        raise UserError("Nothing to watch: no service in compose.yaml has develop.watch.")
    _up(place, timeout)
    print("Watching the code. Ctrl-C stops the watching, not the services.", flush=True)
    with _interruptible():
        place.compose.run("watch", "--no-up")


def down(project: Path, *, with_volumes: bool, is_sure: bool) -> None:
    """Stop and remove the containers and networks; with `with_volumes` the data too, after a confirmation."""
    place = compose_project.load(project, *project.glob(DEBUGGING), *sorted(project.glob(MONITORING)))
    found = place.client.volumes.list(filters={"label": place.label})
    volumes = ", ".join(sorted(str(volume.name) for volume in found))
    if with_volumes and volumes and not is_sure:
        confirm(f"delete the data in {volumes}", "nox -s stack -- down --volumes --yes")
    ports.stop_forwarding(place)
    place.compose.run("down", *(["--volumes"] if with_volumes else []))
    kept = "The data is deleted" if with_volumes else "The data is kept"
    print(f"Everything is stopped. {kept}: {volumes}." if volumes else "Everything is stopped.")


def _up(place: ComposeProject, timeout: int) -> None:
    began = time.monotonic()
    if place.is_local:
        ports.check(place)
    stale_secrets.complete(place)
    with _interruptible():
        images.build(place)
        stale_secrets.remove_readers(place)
        _start(place, timeout)
        ports.forward(place)
    print(f"Everything is ready after {time.monotonic() - began:.1f} s.", flush=True)
    for service in place.services:
        for port in service.ports:
            if port.target != DEBUGGER_PORT:
                print(f"  {service.name:<10}{port.url}", flush=True)
    print(DOWN, flush=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nInterrupted. Running containers keep running. {DOWN}", flush=True)
        raise


def _start(place: ComposeProject, timeout: int, restarted: Sequence[str] = ()) -> None:
    """Let Compose start everything, or restart services, and wait; UserError with the reason if one is not ready."""
    options = ["--no-recreate", "--no-deps", *restarted] if restarted else []
    compose_project.create_volumes(place)
    # Compose does not wait for a container that is unhealthy already, for example because of one that it starts now.
    is_unhealthy = any(container.health == "unhealthy" for _, found in place.containers() for container in found)
    deadline = time.monotonic() + (RECOVERY_SECONDS if is_unhealthy else 0)
    reason = None
    try:
        if restarted:
            place.compose.run("restart", *restarted)
        while reason := _wait(place, timeout, options):
            if time.monotonic() > deadline:
                break
            time.sleep(RETRY_SECONDS)
    except UserError as error:
        reason = str(error)
    # On a busy machine Compose may succeed although its time was over before everything was ready.
    if reason := _failure(place, restarted) or reason:
        raise UserError(reason)


def _wait(place: ComposeProject, timeout: int, options: Sequence[str]) -> str | None:
    """Let Compose start what is missing and wait; returns why it stopped waiting."""
    try:
        place.compose.run("up", "--detach", "--wait", f"--wait-timeout={timeout}", "--no-build", *options)
    except UserError as error:
        return str(error)
    return None


def _failure(place: ComposeProject, services: Sequence[str]) -> str | None:
    """The message for the first of these services, or all, that is not ready; its output is printed.

    Later ones may only wait for it.
    """
    for service, found in place.containers():
        for container in found if not services or service.name in services else ():
            reason = status.problem(container, is_task=service.is_task)
            if reason and container.status != "created":
                log = status.print_output(service.name, container)
                advice = stale_secrets.advice(place, container, log)
                return (
                    f"{service.name} {reason}. The other services are unchanged.\n{advice}"
                    f"See: nox -s stack -- status, nox -s stack -- logs {service.name}. {DOWN}"
                )
    return None
