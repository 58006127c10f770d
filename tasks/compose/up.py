"""`up` and `restart`: have services run, and wait until all are ready."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tasks.compose import (
    build,
    compose_project,
    containers,
    devcontainer,
    failure,
    plan,
    published_ports,
    stale_secrets,
)
from tasks.compose.compose import words
from tasks.compose.compose_project import ComposeProject
from tasks.compose.follow import Follower, NotReady
from tasks.compose.plan import Plan
from tasks.core.errors import UserError
from tasks.core.screen import Screen

TIMEOUT_SECONDS = 180.0


def up(project: Path, timeout: float = TIMEOUT_SECONDS, *, with_debugger: bool = False) -> None:
    """Build what has changed, start what is not running, wait until everything is ready."""
    compose_project.ensure_settings(project)
    start(compose_project.load(project, with_debugger=with_debugger), timeout)


def start(place: ComposeProject, timeout: float) -> None:
    """The same, of a workplace."""
    began = time.monotonic()
    if place.is_local:
        published_ports.check(place.project, place.client, place.plan)
    stale_secrets.complete(place)
    with _shown(place, [build.IMAGES, *place.plan.names]) as screen:
        build.run(place.compose, screen)
        stale_secrets.remove_readers(place, screen)
        _follow(place, screen, place.plan.names, timeout, "up", "--detach", "--no-build")
        if place.container is not None:
            devcontainer.join(place.client, place.container, place.project, place.plan)
        screen.settle()
        screen.print(f"Everything is ready in {time.monotonic() - began:.1f} s", "bold green")
        for name, url in urls(_served(place)):
            screen.print(f"  {name:<10}{url}")
        screen.print("It goes on running; end it with nox -s stack -- down")


def _served(place: ComposeProject) -> Plan:
    """The plan without what is for debuggers, which speak no HTTP."""
    if not place.compose.with_debugger:
        return place.plan
    return plan.read(replace(place.compose, with_debugger=False))


def restart(project: Path, services: list[str], timeout: float = TIMEOUT_SECONDS) -> None:
    """Restart these services and wait until they are ready again."""
    place = compose_project.load(project)
    names = place.plan.known(services)
    running = {each.service for each in containers.of_project(place.client, place.plan.name)}
    if missing := [name for name in names if name not in running]:
        raise UserError(f"Not there to restart: {', '.join(missing)}; start everything: nox -s stack -- up")
    with _shown(place, names) as screen:
        _follow(place, screen, names, timeout, "restart", *names)


def renew(place: ComposeProject, names: list[str], timeout: float) -> None:
    """Build these services, replace those that are not of the newest image, in one go, and wait until all are ready."""
    with _shown(place, [build.IMAGES, *names]) as screen:
        build.run(place.compose, screen, names)
        _follow(place, screen, names, timeout, "up", "--detach", "--no-build", "--no-deps", *names)


def urls(planned: Plan) -> list[tuple[str, str]]:
    """The services that can be reached from this machine, and where."""
    return [(each.name, f"http://{port.host}:{port.number}") for each in planned.services for port in each.ports]


@contextmanager
def _shown(place: ComposeProject, names: list[str]) -> Iterator[Screen]:
    """A screen for these names; whatever ends the block is told in words."""
    screen = Screen(names, lambda: signal.raise_signal(signal.SIGTERM))
    try:
        yield screen
    except NotReady as not_ready:
        raise UserError(failure.tell(place.client, screen, place.plan.name, not_ready)) from None
    except KeyboardInterrupt:
        screen.settle()
        screen.print(_interrupted(place), "bold")
        raise
    finally:
        screen.settle()


def _interrupted(place: ComposeProject) -> str:
    return f"Interrupted. {lasting(place)}\nFinish the start: nox -s stack -- up; end it all: nox -s stack -- down"


def lasting(place: ComposeProject) -> str:
    """Words on what runs now, and does so when this command has ended."""
    found = containers.of_project(place.client, place.plan.name)
    running = sorted({each.service for each in found if each.state == "running"})
    return f"What runs goes on running: {', '.join(running) or 'nothing'}."


def _follow(place: ComposeProject, screen: Screen, names: list[str], timeout: float, *call: str) -> None:
    services = [each for each in place.plan.services if each.name in names]
    follower = Follower(place.client, place.plan.name, services, screen, timeout)
    with place.compose.start(*call) as running:
        follower.until_ready(running, lambda said: _explained(place, said))


def _explained(place: ComposeProject, said: str) -> str:
    return published_ports.explain(place.project, place.client, place.plan, said) or words(said)
