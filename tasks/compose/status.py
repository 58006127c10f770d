"""`status`: a table of the services as the engine has them."""

import sys
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tasks.compose import compose_project, containers, health
from tasks.compose.compose_project import ComposeProject
from tasks.compose.containers import Container
from tasks.compose.plan import Service
from tasks.core.errors import UserError

COLUMNS = ("service", "state", "health", "uptime", "image", "restarts")
STYLES = {"ready": "green", "failed": "red", "starting": "yellow", "waiting": "dim"}
WIDTH_WITHOUT_TERMINAL = 120


def status(project: Path) -> None:
    """Print the table; a UserError when a service is not as it should be."""
    place = compose_project.load(project)
    found = containers.of_project(place.client, place.plan.name)
    if not found:
        raise UserError("Nothing of it runs; start it: nox -s stack -- up")
    now = containers.now(place.client)
    _print(_table(place, found, now))
    past = health.past_restarts(found)
    amiss = [each.name for each in place.plan.services if health.judge(each, found, now, past=past).state != "ready"]
    if amiss:
        raise UserError(f"Not ready: {', '.join(amiss)}; see nox -s stack -- logs {amiss[0]}")


def _table(place: ComposeProject, found: list[Container], now: datetime) -> Table:
    table = Table(*COLUMNS, box=None, pad_edge=False)
    past = health.past_restarts(found)
    for service in place.plan.services:
        style = STYLES[health.judge(service, found, now, past=past).state]
        for row in _rows(service, found, now):
            table.add_row(Text(row[0], style), *map(Text, row[1:]))
    return table


def _rows(service: Service, found: list[Container], now: datetime) -> list[tuple[str, ...]]:
    ours = [each for each in found if each.service == service.name]
    if not ours:
        return [(service.name, "not created", "", "", service.image, "")]
    return [
        (service.name, _state(each), each.health or "", _uptime(each, now), each.image, str(each.restarts))
        for each in ours
    ]


def _state(container: Container) -> str:
    return f"exited ({container.exit_code})" if container.state == "exited" else container.state


def _uptime(container: Container, now: datetime) -> str:
    """Such as `3d 4h`, `5h 12m`, `7m 3s`; nothing for what does not run."""
    if container.started is None or container.state not in {"running", "paused"}:
        return ""
    seconds = max(0, int((now - container.started).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d {hours % 24}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m {seconds % 60}s"


def _print(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False).print(table)
