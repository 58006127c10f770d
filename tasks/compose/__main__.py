"""The command behind `nox -s stack`."""

import argparse
import sys
from pathlib import Path

from tasks.compose import commands, up
from tasks.compose.engine import engine_errors
from tasks.core import cli


def main() -> None:
    """Run the application in containers, with Docker Compose; without a command, `up`."""
    arguments, project = _parser().parse_args(sys.argv[1:] or ["up"]), Path.cwd()
    with engine_errors():
        match arguments.command:
            case "up":
                up.up(project, arguments.timeout, with_debugger=arguments.debug)
            case "watch":
                up.watch(project, arguments.timeout)
            case "down":
                commands.down(project, with_volumes=arguments.volumes, is_sure=arguments.yes)
            case "status":
                commands.status(project)
            case "logs":
                commands.logs(project, arguments.services, follow=arguments.follow, tail=arguments.tail)
            case _:
                up.restart(project, arguments.services, arguments.timeout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s stack --", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    timeout = argparse.ArgumentParser(add_help=False)
    timeout.add_argument(
        "--timeout",
        type=int,
        default=up.TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="timeout for a service to become ready (default %(default)s)",
    )
    up_command = commands.add_parser("up", parents=[timeout], help="build, start, and wait until everything is ready")
    up_command.add_argument("--debug", action="store_true", help="let debuggers attach; launch.json has their ports")
    commands.add_parser("watch", parents=[timeout], help="the same, and replace containers when their code changes")
    down = commands.add_parser("down", help="stop everything; the data is kept")
    down.add_argument("--volumes", action="store_true", help="delete the data too")
    down.add_argument("--yes", action="store_true", help="skip the confirmation")
    commands.add_parser("status", help="show the services; fails if one is not ready")
    logs = commands.add_parser("logs", help="show the logs of services, or all")
    logs.add_argument("services", nargs="*", metavar="SERVICE")
    logs.add_argument("--follow", "-f", action="store_true", help="also show new lines, until Ctrl-C")
    logs.add_argument("--tail", type=int, metavar="LINES", help="only the last LINES of each service")
    restart = commands.add_parser("restart", parents=[timeout], help="restart services and wait until they are ready")
    restart.add_argument("services", nargs="+", metavar="SERVICE")
    return parser


if __name__ == "__main__":
    cli.run(main)
