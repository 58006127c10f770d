"""The command behind `nox -s dev`."""

import argparse
import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.dev.application import MIGRATIONS, SERVERS, Application
from tasks.project import env_file, services, setup
from tasks.project.data_folder import FOLDER, DataFolder, InUseError

# The PID of nox, which forwards no signals: `dev` stops when that process ends.
SESSION = "SLIPWAY_SESSION"
POLL_SECONDS = 0.1


def main() -> str | None:
    """Run the application for development, without Docker, and restart services when their code changes."""
    parser = argparse.ArgumentParser(prog="nox -s dev", description=main.__doc__)
    parser.add_argument("--reuse", action="store_true", help="if it already runs, wait until it is ready")
    parser.add_argument("--data", type=Path, default=Path(FOLDER), metavar="FOLDER", help="data (default: %(default)s)")
    advice = "run what production does of parts, rather than servers of development"
    parser.add_argument("--built", action="store_true", help=advice)
    arguments = parser.parse_args()
    project = Path.cwd()
    data = DataFolder(project / arguments.data)
    try:
        with data.owned("dev"):
            if change := setup.complete(project):
                print(change, flush=True)
            for name, similar in env_file.misspelt(project).items():
                print(f"{env_file.LOCAL} has the unknown setting {name}. Did you mean {similar}?", flush=True)
            asyncio.run(supervise(project, data, is_built=arguments.built))
    except InUseError as in_use:
        return reuse(data, in_use) if arguments.reuse and in_use.session == "dev" else already(data, in_use)
    return None


async def supervise(project: Path, data: DataFolder, *, is_built: bool = False) -> None:
    """Run the application until the first reason to stop; raises that if it is a UserError."""
    ending = Ending()
    names = [*SERVERS, MIGRATIONS, *services.usual_ports(project)]
    screen = Screen(names, lambda: ending.stop("the terminal was closed"))
    work = asyncio.create_task(Application(project, data, screen, ending.stop, is_built=is_built).run())
    watch = asyncio.create_task(ending.watch_nox())
    either: list[asyncio.Future[Any]] = [work, ending.reason]
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    screen.settle()
    crash = ending.reason.exception() if ending.reason.done() else None
    if ending.reason.done() and not crash:
        screen.print(f"Stopping: {ending.reason.result()}.", "bold")
    watch.cancel()
    work.cancel()
    [failure] = await asyncio.gather(work, return_exceptions=True)
    if ending.reason.done():
        screen.print("Everything is stopped.", "bold")
    # A crash during the start is both, and the failure of the start explains more.
    for error in (failure, crash):
        if isinstance(error, Exception):
            raise error


class Ending:
    """The first reason to stop, from its creation in a running event loop: a signal, or a call of `stop`."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.reason: asyncio.Future[str] = loop.create_future()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self.stop, "SIGTERM")
        # `nohup` ignores SIGHUP.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self.stop, "the terminal was closed")

    def stop(self, reason: str | UserError) -> None:
        """Stop everything gracefully; a UserError makes the command fail."""
        if self.reason.done():
            return
        if isinstance(reason, str):
            self.reason.set_result(reason)
        else:
            self.reason.set_exception(reason)

    async def watch_nox(self) -> None:
        """Stop everything when nox has ended."""
        while SESSION in os.environ:
            if os.environ[SESSION] != str(os.getppid()):
                self.stop("nox has ended")
            await asyncio.sleep(POLL_SECONDS)

    def _interrupt(self) -> None:
        if self.reason.done():
            # A second Ctrl-C exits at once; the watchdog ends the rest.
            os._exit(1)
        self.stop("Ctrl-C")


def already(data: DataFolder, in_use: InUseError) -> str:
    """The message for a second command: which session runs, where, and how to stop it."""
    if in_use.session != "dev":
        return f"{in_use} uses this project's data. Stop it and try again."
    running = data.read("dev")
    state = f"is already running: {running['url']}" if running else "is already starting."
    return f"{in_use} {state}\nStop it with Ctrl-C in its terminal, or: kill {in_use.pid}"


def reuse(data: DataFolder, in_use: InUseError) -> str | None:
    """Wait until the `dev` that runs is ready and print its URL; returns a message if it ends before."""
    while data.is_owned():
        if running := data.read("dev"):
            print(f"Ready in {in_use}: {running['url']}")
            return None
        time.sleep(POLL_SECONDS)
    return f"{in_use} ended before it was ready. See its output."
