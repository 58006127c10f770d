"""`python -m toolkit.reliability [--stack] [FAULT…]`: inject faults into the application of a fresh project."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasks.core import cli
from tasks.core.errors import UserError
from tasks.core.ports import Ports
from toolkit import interruption
from toolkit.application import free_port
from toolkit.new import TEMPLATE, scaffold
from toolkit.reliability import alerts, embedded, mutants
from toolkit.reliability.client import OK, Client, Refused, busy, connected
from toolkit.reliability.episode import Episode, observe
from toolkit.reliability.faults import Fault, T, faults, stack_faults
from toolkit.reliability.page import COLUMNS, Row, page, row
from toolkit.reliability.record import Record, Write
from toolkit.stack import Stack, StackFailedError, docker

PAGE = TEMPLATE / "docs" / "reliability.md"
KEPT_LOGS = TEMPLATE / ".data" / "reliability"
# The folder of a run that already has mounts of its own.
FOLDER = "SLIPWAY_RELIABILITY"
REFUSED = 401
# The faults take a job of the worker a few attempts at most.
EXPORT_SECONDS = 120.0
console = Console(width=None if sys.stdout.isatty() else 160)


def main() -> int:
    """Inject all faults, or those named; returns 1 if the application fails a check."""
    interruption.handle_signals()
    options = parse()
    if options.alerts:
        return check_alerts()
    if options.stack:
        chosen = choose(stack_faults(options.restart_engine), options.faults)
        check_engine()
        with stack() as target:
            target.up()
            return report(asyncio.run(measure(target, chosen)))
    chosen_embedded = choose(faults(), options.faults)
    if FOLDER not in os.environ:
        return in_private_folder()
    folder = Path(os.environ[FOLDER])
    with embedded.running(scaffolded(folder), folder) as application:
        rows = asyncio.run(measure(application, chosen_embedded))
    if not options.faults:
        PAGE.write_text(page(rows), encoding="utf-8")
        console.print(f"Written to {PAGE.relative_to(TEMPLATE)}")
    return report(rows)


def parse() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="nox -s reliability --", description="Inject faults into the application of a fresh project."
    )
    parser.add_argument("--stack", action="store_true", help="faults of the engine and of Compose, with containers")
    advice = "change the rules of alerts one at a time, then fire alerts with faults of a stack"
    parser.add_argument("--alerts", action="store_true", help=advice)
    parser.add_argument("--restart-engine", metavar="CMD", default="", help="the shell command that restarts Docker")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="only faults with this text in their names")
    return parser.parse_args()


def in_private_folder() -> int:
    """Run this command again with a small disk and with names of services, which no other process has."""
    with tempfile.TemporaryDirectory(prefix="slipway-reliability-") as folder:
        command = [*embedded.private_mounts(Path(folder)), sys.executable, "-m", "toolkit.reliability", *sys.argv[1:]]
        # It exits with this process, as this one does with the session.
        settings = {**os.environ, FOLDER: folder, interruption.SESSION: str(os.getpid())}
        code = subprocess.run(command, env=settings, check=False).returncode
        if code and (logs := Path(folder) / embedded.LOGS).exists():
            shutil.copytree(logs, KEPT_LOGS, dirs_exist_ok=True)
            console.print(f"The logs are in {KEPT_LOGS.relative_to(TEMPLATE)}")
        return code


def check_alerts() -> int:
    """Expect tests to find each mutant, each panel to be answered, and each fault to fire and end its alert."""
    check_engine()
    with stack(parts=["monitoring"], **{name: str(free_port()) for name in alerts.PORTS}) as target:
        number, failures = mutants.survivors(target.project / alerts.RULES)
        console.print(f"{number} mutants of the rules, {len(failures)} survive")
        alerts.without_missing_images(target.project)
        target.session("up", "--monitoring")
        monitoring = alerts.Monitoring.of(target)
        alerts.register(target)
        failures += alerts.await_answers(target.project, monitoring)
        for fault in alerts.FAULTS:
            console.print(f"[bold]{fault.name}[/] fires {fault.alert} …")
            alerts.fire_and_end(target, monitoring, fault)
    for text in failures:
        console.print(f"[red]{escape(text)}[/]")
    return int(bool(failures))


def check_engine() -> None:
    """UserError if no Docker Engine answers."""
    try:
        docker("version")
    except FileNotFoundError:
        raise UserError("docker is not installed: this needs Docker with Compose and Buildx.") from None
    except StackFailedError as error:
        raise UserError(f"No Docker Engine answers: {str(error).strip().splitlines()[-1]}") from error


def choose(known: list[Fault[T]], wanted: list[str]) -> list[Fault[T]]:
    """The faults with one of the texts in their names, or all. UserError if no name has a text."""
    for text in wanted:
        if not any(text in fault.name for fault in known):
            raise UserError(
                f"No fault has {text!r} in its name. The faults are: {', '.join(each.name for each in known)}."
            )
    return [fault for fault in known if not wanted or any(text in fault.name for text in wanted)]


def scaffolded(folder: Path, parts: Sequence[str] = ()) -> Path:
    """A fresh project in the folder, with these parts."""
    console.print("Scaffold a project and start it …")
    project = folder / "my-app"
    scaffold(project, {"parts": [*parts]}, defaults=True)
    return project


@contextmanager
def stack(parts: Sequence[str] = (), **settings: str) -> Iterator[Stack]:
    """The stack of a fresh project with these parts and settings; removed with its data afterwards."""
    with tempfile.TemporaryDirectory(prefix="slipway-reliability-") as folder, Ports() as ports:
        name = f"reliability-{secrets.token_hex(4)}"
        target = Stack(scaffolded(Path(folder), parts), name, ports.take(), {**embedded.SETTINGS, **settings})
        try:
            yield target
        finally:
            target.remove()


async def measure(target: T, chosen: list[Fault[T]]) -> list[Row]:
    """Inject the faults while the client makes calls, then read all acknowledged writes. UserError if it cannot."""
    record = Record()
    try:
        async with connected(target.urls, record) as client:
            await client.join()
            async with busy(client):
                episodes = [await announced(target, client, fault) for fault in chosen]
            lost = await missing(client, record.writes)
    except Refused as error:
        raise UserError(str(error)) from error
    return [row(episode, record, lost) for episode in episodes]


async def announced(target: T, client: Client, fault: Fault[T]) -> Episode:
    """The episode of a fault, whose name is printed first."""
    console.print(f"[bold]{fault.name}[/] …")
    return await observe(target, client, fault)


async def missing(client: Client, writes: list[Write]) -> list[Write]:
    """The acknowledged writes that are lost."""
    console.print(f"Read {len(writes)} acknowledged writes …")
    names = await client.stored()
    return [write for write in writes if not await is_kept(client, names, write)]


async def is_kept(client: Client, names: dict[str, str], write: Write) -> bool:
    """Whether the API returns what was written, given the names of all projects."""
    match write.what:
        case "user":
            return await client.is_known(write.key)
        case "session":
            return await client.passes(write.key) == OK
        case "refresh":
            # In this order: a refresh restores a session that Redis has lost.
            return await client.passes(write.key) == OK and await client.refreshes(write.value) == OK
        case "log-out":
            return await client.passes(write.key) == REFUSED and await client.refreshes(write.value) == REFUSED
        case "export":
            return await is_exported(client, write.key)
    return write.key in names and write.value in {"", names[write.key]}


async def is_exported(client: Client, project: str) -> bool:
    """Whether the worker has written an export, or does so within the time of the longest retries."""
    deadline = time.monotonic() + EXPORT_SECONDS
    while not await client.is_exported(project):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(1)
    return True


def report(rows: list[Row]) -> int:
    """Print the table, then the failed checks; returns 1 if there are any."""
    table = Table(*COLUMNS)
    for each in rows:
        table.add_row(*each.cells)
    console.print(table)
    for each in rows:
        for text in each.failures:
            console.print(f"[red]{each.cells[0]}[/]: {escape(text)}")
    return int(any(each.failures for each in rows))


if __name__ == "__main__":
    cli.run(main)
