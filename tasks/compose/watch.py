"""`watch`: have the containers follow the code."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from anyio.from_thread import start_blocking_portal
from watchfiles import DefaultFilter

from tasks.compose import compose_project
from tasks.compose.compose_project import ComposeProject
from tasks.compose.plan import Service
from tasks.compose.up import TIMEOUT_SECONDS, lasting, renew, start
from tasks.core.errors import UserError
from tasks.core.watching import Changes

QUIET_SECONDS = 0.3


def watch(project: Path, timeout: float = TIMEOUT_SECONDS) -> None:
    """Start everything as `up` does; then, on each change, replace the services whose images are made of it.

    Which these are, the Compose files say: `develop.watch`. Compose's own `watch` does this too, but before 2.33 it
    fails where a change concerns two services.
    """
    compose_project.ensure_settings(project)
    place = compose_project.load(project)
    watched = [service for service in place.plan.services if service.watched]
    if not watched:
        raise UserError("There is nothing to watch: in compose.yaml, no service has develop.watch.")
    places = {path for service in watched for path in service.watched}
    changes = Changes(places, partial(concerned, watched), DefaultFilter())
    with start_blocking_portal() as portal:
        # Before anything is built, so that no change is missed.
        portal.start_task_soon(changes.watch)
        start(place, timeout)
        _say(f"Watching the code of {', '.join(each.name for each in watched)}; Ctrl-C ends only that")
        _follow(place, timeout, lambda: portal.call(changes.gathered, QUIET_SECONDS))


def concerned(services: list[Service], paths: list[Path]) -> list[str]:
    """The services that watch one of the paths, or a folder that it is in."""
    return [
        service.name
        for service in services
        if any(path.is_relative_to(place) for path in paths for place in service.watched)
    ]


def _follow(place: ComposeProject, timeout: float, changed: Callable[[], set[str]]) -> NoReturn:
    """Renew what has changed, and with it what an earlier change that failed has left behind."""
    behind: set[str] = set()
    while True:
        behind |= _next(place, changed)
        names = [name for name in place.plan.names if name in behind]
        _say(f"Code changed: building {', '.join(names)}")
        try:
            renew(place, names, timeout)
            behind.clear()
        except UserError as error:
            _say(f"{error}\nWatching goes on: the next change is another try")


def _next(place: ComposeProject, changed: Callable[[], set[str]]) -> set[str]:
    try:
        return changed()
    except KeyboardInterrupt:
        _say(f"Watching has ended. {lasting(place)}\nEnd it all: nox -s stack -- down")
        raise


def _say(text: str) -> None:
    print(text, flush=True)
