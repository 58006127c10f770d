"""The command behind `nox -s stack`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tasks.compose import status, up
from tasks.compose.engine import engine_errors


def main() -> None:
    """Run the application in containers, with Docker Compose; without a command, `up`."""
    arguments = vars(_parser().parse_args(sys.argv[1:] or ["up"]))
    with engine_errors():
        arguments.pop("run")(Path.cwd(), **arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s stack --", description=main.__doc__)
    commands = parser.add_subparsers(required=True)
    timeout = argparse.ArgumentParser(add_help=False)
    advice = "timeout for a service to become ready (default %(default)s)"
    timeout.add_argument("--timeout", type=int, default=up.TIMEOUT_SECONDS, metavar="SECONDS", help=advice)

    def add(run: Callable[..., None], advice: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        command = commands.add_parser(run.__name__, parents=parents, help=advice)
        command.set_defaults(run=run)
        return command

    start = add(up.up, "build, start, and wait until everything is ready (default)", timeout)
    advice = "let debuggers attach; launch.json has their ports"
    start.add_argument("--debug", dest="with_debugger", action="store_true", help=advice)
    advice = "also collect and show logs, traces, metrics and alerts"
    start.add_argument("--monitoring", dest="with_monitoring", action="store_true", help=advice)
    add(up.watch, "the same, and replace containers when their code changes", timeout)
    down = add(up.down, "stop everything; the data is kept")
    down.add_argument("--volumes", dest="with_volumes", action="store_true", help="delete the data too")
    down.add_argument("--yes", dest="is_sure", action="store_true", help="skip the confirmation")
    add(status.status, "show the services; fails if one is not ready")
    logs = add(status.logs, "show the logs of services, or all")
    logs.add_argument("services", nargs="*", metavar="SERVICE")
    logs.add_argument("--follow", "-f", action="store_true", help="also show new lines, until Ctrl-C")
    logs.add_argument("--tail", type=int, metavar="LINES", help="only the last LINES of each service")
    restart = add(up.restart, "restart services and wait until they are ready", timeout)
    restart.add_argument("services", nargs="+", metavar="SERVICE")
    return parser
