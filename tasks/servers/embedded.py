"""PostgreSQL and Valkey together: with the project's development data, or temporary ones for tests."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.project import env_file
from tasks.project.data_folder import FOLDER, DataFolder, InUseError
from tasks.servers.group import Group
from tasks.servers.postgres import Postgres
from tasks.servers.server import START_SECONDS, ignore_variables
from tasks.servers.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """The URLs of the servers, passwords included, for a superuser of an existing database."""

    database_url: str
    redis_url: str


@contextmanager
def persistent(session: str, project: Path = Path()) -> Iterator[Servers]:
    """The project's servers: those of a running session such as `dev`, else started for this block.

    DATABASE_URL and REDIS_URL, from the environment or `.env.local`, are used instead. Sessions that need the data
    meanwhile report that `session` uses them.
    """
    settings = env_file.settings(project)
    with ExitStack() as stack:
        if settings.get("DATABASE_URL") and settings.get("REDIS_URL"):
            yield Servers(settings["DATABASE_URL"], settings["REDIS_URL"])
            return
        data = DataFolder(project.resolve() / FOLDER)
        try:
            stack.enter_context(data.owned(session))
        except InUseError as in_use:
            yield _of_owner(data, in_use)
            return
        group = stack.enter_context(Group(on_start=data.remember))
        servers = _start(stack, group, data.path, settings, durable=True)
        data.write("servers", asdict(servers))
        yield servers


@contextmanager
def temporary() -> Iterator[Servers]:
    """Servers on free ports that keep nothing; DATABASE_URL and REDIS_URL in the environment are used instead."""
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="slipway-"))
        group = stack.enter_context(Group(scratch))
        yield _start(stack, group, scratch, os.environ, durable=False)


def _start(stack: ExitStack, group: Group, folder: Path, settings: Mapping[str, str], *, durable: bool) -> Servers:
    """Start the servers that have no URL in the settings; durable ones on their usual ports if those are free."""
    ports = stack.enter_context(Ports())
    servers = {
        "DATABASE_URL": Postgres(folder / "postgres", durable),
        "REDIS_URL": Valkey(folder / "valkey", durable),
    }
    urls = [settings.get(name) or server.start(group, ports, on_usual=durable) for name, server in servers.items()]
    return Servers(*urls)


def _of_owner(data: DataFolder, in_use: InUseError) -> Servers:
    """The servers of the session that owns the data, which may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and data.is_owned():
        if found := data.read("servers"):
            ignore_variables()
            return Servers(**found)
        time.sleep(0.05)
    raise UserError(f"{in_use} uses this project's data, but its servers do not answer. Stop it and try again.")
