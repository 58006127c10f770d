"""`python -m toolkit.reliability [--restart-engine CMD] [FAULT…]`: inject faults into a fresh stack, count losses."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.core.ports import Ports
from toolkit.new import TEMPLATE, scaffold
from toolkit.reliability.client import OK, Client, Refused, busy, connected
from toolkit.reliability.episode import Episode, observe
from toolkit.reliability.faults import ENGINE, Fault, faults
from toolkit.reliability.page import COLUMNS, Row, page, row
from toolkit.reliability.record import Record, Write
from toolkit.stack import Stack, StackFailedError, docker

PAGE = TEMPLATE / "docs" / "reliability.md"
# Longer than the run: an access token that is refused at its end is refused because of its session. One user has all of
# the sessions.
TOKENS = {"ACCESS_TOKEN_LIFETIME": str(24 * 3600), "SESSIONS_PER_USER": str(1_000_000)}
# All clients have the same address.
NO_LIMITS = dict.fromkeys(
    ("RATE_LIMIT_ACCOUNT", "RATE_LIMIT_ADDRESS", "RATE_LIMIT_CREDENTIALS", "RATE_LIMIT_USER"), "1000000/minute"
)
REFUSED = 401
console = Console(width=None if sys.stdout.isatty() else 160)


def main(arguments: list[str] | None = None) -> None:
    """Inject all faults, or those named; exit 1 if the application fails a check."""
    options = parse(arguments)
    try:
        chosen = choose(faults(options.restart_engine), options.faults)
        engine = engine_version()
        with running() as stack:
            rows = asyncio.run(measure(stack, chosen))
    except (StackFailedError, Refused, ValueError) as error:
        sys.exit(str(error))
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is not installed: this needs Docker with Compose and Buildx.")
    show(rows)
    if not options.restart_engine:
        console.print(f"Skipped: {ENGINE}. Give the command that does it: --restart-engine CMD")
    if not options.faults:
        PAGE.write_text(page(rows, engine), encoding="utf-8")
        console.print(f"Written to {PAGE.relative_to(TEMPLATE)}")
    sys.exit(any(each.failures for each in rows))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(
        prog="nox -s reliability --", description="Inject faults into the stack of a fresh project and count losses."
    )
    parser.add_argument("--restart-engine", metavar="CMD", default="", help="the shell command that restarts Docker")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="only faults with this text in their names")
    return parser.parse_args(arguments)


def engine_version() -> str:
    """The version of the engine. Raises StackFailedError if it does not answer."""
    try:
        return docker("version", "--format", "{{.Server.Version}}").strip()
    except StackFailedError as error:
        raise StackFailedError(f"No Docker Engine answers: {str(error).strip().splitlines()[-1]}") from error


def choose(known: list[Fault], wanted: list[str]) -> list[Fault]:
    """The faults with one of the texts in their names, or all. Raises ValueError if no name has a text."""
    for text in wanted:
        if not any(text in fault.name for fault in known):
            raise ValueError(
                f"No fault has {text!r} in its name. The faults are: {', '.join(each.name for each in known)}."
            )
    return [fault for fault in known if not wanted or any(text in fault.name for text in wanted)]


@contextmanager
def running() -> Iterator[Stack]:
    """The running stack of a fresh project; removed with its data afterwards."""
    with tempfile.TemporaryDirectory(prefix="slipway-reliability-") as folder, Ports() as ports:
        project = Path(folder) / "my-app"
        console.print("Scaffold a project and start its stack …")
        scaffold(project, {}, defaults=True)
        stack = Stack(project, f"reliability-{secrets.token_hex(4)}", ports.take(), TOKENS | NO_LIMITS)
        try:
            stack.up()
            yield stack
        finally:
            stack.remove()


async def measure(stack: Stack, chosen: list[Fault]) -> list[Row]:
    """Inject the faults while the client makes calls, then read all acknowledged writes."""
    record = Record()
    async with connected(stack.url, record) as client:
        await client.join()
        async with busy(client):
            episodes = [await announced(stack, client, fault) for fault in chosen]
        lost = await missing(client, record.writes)
    return [row(episode, record, lost) for episode in episodes]


async def announced(stack: Stack, client: Client, fault: Fault) -> Episode:
    """The episode of a fault, whose name is printed first."""
    console.print(f"[bold]{fault.name}[/] …")
    return await observe(stack, client, fault)


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
    return write.key in names and write.value in {"", names[write.key]}


def show(rows: list[Row]) -> None:
    """Print the table, then the failed checks."""
    table = Table(*COLUMNS)
    for each in rows:
        table.add_row(*each.cells)
    console.print(table)
    for each in rows:
        for text in each.failures:
            console.print(f"[red]{each.cells[0]}[/]: {text}")


if __name__ == "__main__":
    main()
