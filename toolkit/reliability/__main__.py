"""`python -m toolkit.reliability [--restart-engine CMD] [FAULT…]`: scaffold, start the stack, do it harm, count."""

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
from toolkit.reliability.episode import Episode, endure
from toolkit.reliability.faults import ENGINE, Fault, faults
from toolkit.reliability.page import COLUMNS, Row, page, row
from toolkit.reliability.record import Record, Write
from toolkit.stack import Stack, StackFailedError, docker

PAGE = TEMPLATE / "docs" / "reliability.md"
# The access tokens outlast the run, so that one which is refused in the end is refused because of its session.
TOKENS = {"ACCESS_TOKEN_LIFETIME": str(24 * 3600)}
REFUSED = 401
console = Console(width=None if sys.stdout.isatty() else 160)


def main(arguments: list[str] | None = None) -> None:
    """Inflict all faults, or those named; exit 1 if the application does not stand one of them."""
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
    sys.exit(any(each.verdict for each in rows))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends with its usage."""
    parser = argparse.ArgumentParser(
        prog="nox -s reliability --", description="Do harm to the stack of a fresh project and count what is lost."
    )
    parser.add_argument("--restart-engine", metavar="CMD", default="", help="the shell command that restarts Docker")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="only faults whose names have this text")
    return parser.parse_args(arguments)


def engine_version() -> str:
    """The version of the engine. Raises StackFailedError where none answers."""
    try:
        return docker("version", "--format", "{{.Server.Version}}").strip()
    except StackFailedError as error:
        raise StackFailedError(f"No Docker Engine answers: {str(error).strip().splitlines()[-1]}") from error


def choose(known: list[Fault], wanted: list[str]) -> list[Fault]:
    """The faults whose names have one of the texts, or all. Raises ValueError if a text fits none."""
    for text in wanted:
        if not any(text in fault.name for fault in known):
            raise ValueError(f"No fault has {text!r} in its name. There are: {', '.join(each.name for each in known)}.")
    return [fault for fault in known if not wanted or any(text in fault.name for text in wanted)]


@contextmanager
def running() -> Iterator[Stack]:
    """The stack of a fresh project, up; removed with its data in the end."""
    with tempfile.TemporaryDirectory(prefix="slipway-reliability-") as folder, Ports() as ports:
        project = Path(folder) / "my-app"
        console.print("Scaffold a project and start its stack …")
        scaffold(project, {}, defaults=True)
        stack = Stack(project, f"reliability-{secrets.token_hex(4)}", ports.take(), TOKENS)
        try:
            stack.up()
            yield stack
        finally:
            stack.remove()


async def measure(stack: Stack, chosen: list[Fault]) -> list[Row]:
    """Go through the faults with the client at work, then read back all that it was promised."""
    record = Record()
    async with connected(stack.url, record) as client:
        await client.join()
        async with busy(client):
            episodes = [await told(stack, client, fault) for fault in chosen]
        lost = await missing(client, record.writes)
    return [row(episode, record, lost) for episode in episodes]


async def told(stack: Stack, client: Client, fault: Fault) -> Episode:
    """One fault, said as it happens."""
    console.print(f"[bold]{fault.name}[/] …")
    return await endure(stack, client, fault)


async def missing(client: Client, writes: list[Write]) -> list[Write]:
    """The acknowledged writes that cannot be read back."""
    console.print(f"Read back {len(writes)} acknowledged writes …")
    names = await client.stored()
    return [write for write in writes if not await is_kept(client, names, write)]


async def is_kept(client: Client, names: dict[str, str], write: Write) -> bool:
    """Whether the API still has what was written, given the names of all projects."""
    match write.what:
        case "user":
            return await client.is_known(write.key)
        case "session":
            return await client.passes(write.key) == OK
        case "refresh":
            # In this order: what Redis has lost comes back with the refresh.
            return await client.passes(write.key) == OK and await client.refreshes(write.value) == OK
        case "log-out":
            return await client.passes(write.key) == REFUSED and await client.refreshes(write.value) == REFUSED
    return write.key in names and write.value in {"", names[write.key]}


def show(rows: list[Row]) -> None:
    """Print the table, and under it what should not have been."""
    table = Table(*COLUMNS)
    for each in rows:
        table.add_row(*each.cells)
    console.print(table)
    for each in rows:
        for text in each.verdict:
            console.print(f"[red]{each.cells[0]}[/]: {text}")


if __name__ == "__main__":
    main()
