"""The project's own servers, which keep their data in `.data`."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder, InUseError
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.running import Servers, running
from tasks.servers.valkey import Valkey

START_SECONDS = 120.0


@contextmanager
def persistent(session: str, project: Path = Path()) -> Iterator[Servers]:
    """The project's servers: those that run already, as in `dev`, else started for this block.

    DATABASE_URL and REDIS_URL, from the environment or `.env.local`, are used instead.
    `session` is who tells a second one that the servers are in use.
    """
    settings = env_file.settings(project)
    given = settings.get("DATABASE_URL"), settings.get("REDIS_URL")
    if given[0] and given[1]:
        yield Servers(given[0], given[1])
        return
    with ExitStack() as stack:
        data = DataFolder(project.resolve() / FOLDER)
        try:
            stack.enter_context(data.owned(session))
            servers = stack.enter_context(_started(data, *given))
        except InUseError as in_use:
            servers = _others(data, in_use)
        yield servers


@contextmanager
def _started(data: DataFolder, database_url: str | None, redis_url: str | None) -> Iterator[Servers]:
    with ExitStack() as stack:
        group = stack.enter_context(Group(note=data.remember))
        ports = stack.enter_context(Ports())
        database_url = database_url or stack.enter_context(
            running(Postgres(data.path / "postgres"), group, ports, on_usual=True)
        )
        redis_url = redis_url or stack.enter_context(running(Valkey(data.path / "valkey"), group, ports, on_usual=True))
        servers = Servers(database_url, redis_url)
        data.write("servers", asdict(servers))
        yield servers


def _others(data: DataFolder, in_use: InUseError) -> Servers:
    """The servers of the session that runs them, which may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and data.is_owned():
        if found := data.read("servers"):
            return Servers(**found)
        time.sleep(0.05)
    raise UserError(f"{in_use} uses this project's data, and its servers do not answer; end it and try again.")
