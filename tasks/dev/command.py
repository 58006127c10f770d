"""The command behind `nox -s dev`."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from tasks.core.errors import UserError
from tasks.core.screen import Screen
from tasks.dev.application import MIGRATIONS, STORAGE, Application
from tasks.dev.ending import Ending
from tasks.project import env_file, services, setup
from tasks.project.data_folder import FOLDER, DataFolder, InUseError

REFRESH_SECONDS = 0.1


def main() -> None:
    """Run the application for development, without Docker, starting services again when their code changes."""
    parser = argparse.ArgumentParser(prog="nox -s dev", description=main.__doc__)
    parser.add_argument("--reuse", action="store_true", help="where it runs already, wait until that one is ready")
    wants_one = parser.parse_args().reuse
    project = Path.cwd()
    data = DataFolder(project / FOLDER)
    try:
        with data.owned("dev"):
            if said := setup.complete(project):
                print(said, flush=True)
            for written, meant in env_file.misspelt(project).items():
                print(f"{env_file.LOCAL} has {written}, which nothing reads; is {meant} meant?", flush=True)
            asyncio.run(supervise(project, data))
    except InUseError as in_use:
        if not (wants_one and in_use.owner.session == "dev"):
            sys.exit(already(data, in_use))
        sys.exit(reuse(data, in_use))
    except UserError as error:
        sys.exit(str(error))


async def supervise(project: Path, data: DataFolder) -> None:
    """Run the application until the first reason to end it; a UserError if that is a crash."""
    ending = Ending()
    ending.listen()
    names = services.names(project)
    screen = Screen([*STORAGE, MIGRATIONS, *names], lambda: ending.ask("the terminal went away"))
    application = Application(project, data, screen, ending.crash)
    work = asyncio.create_task(application.run())
    wait = asyncio.create_task(ending.wait())
    spin = asyncio.create_task(_spin(screen))
    await asyncio.wait({work, wait}, return_when=asyncio.FIRST_COMPLETED)
    screen.settle()
    if wait.done() and not wait.exception():
        screen.say(f"Stopping: {wait.result()}.", "bold")
    for task in (work, wait, spin):
        task.cancel()
    outcome, reason, _ = await asyncio.gather(work, wait, spin, return_exceptions=True)
    if application.has_started:
        screen.say("Everything is stopped.", "bold")
    # A crash during the start shows in both; the start's own words are the better ones.
    for error in (outcome, reason):
        if isinstance(error, Exception):
            raise error


def already(data: DataFolder, in_use: InUseError) -> str:
    """What to tell a second one: who is first, and where."""
    running = data.read("dev")
    if in_use.owner.session != "dev":
        return f"{in_use} uses this project's data; end it and try again."
    place = f"runs already: {running['url']}" if running else "is starting already"
    return f"{in_use} {place}\nEnd it with Ctrl-C where it runs, or: kill {in_use.owner.pid}"


def reuse(data: DataFolder, in_use: InUseError) -> str | None:
    """Wait until the one that runs is ready, and say so as that one does; a failure's words if it ends before."""
    while data.is_owned():
        if running := data.read("dev"):
            print(f"Ready in {in_use}: {running['url']}")
            return None
        time.sleep(REFRESH_SECONDS)
    return f"{in_use} ended before it was ready; it says why."


async def _spin(screen: Screen) -> None:
    while True:
        screen.refresh()
        await asyncio.sleep(REFRESH_SECONDS)


if __name__ == "__main__":
    main()
