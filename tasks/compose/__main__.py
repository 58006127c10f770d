"""The command behind `nox -s stack`."""

import argparse
from pathlib import Path

from tasks.compose.down import down
from tasks.compose.engine import engine_errors
from tasks.compose.logs import logs
from tasks.compose.status import status
from tasks.compose.up import TIMEOUT_SECONDS, restart, up
from tasks.compose.watch import watch
from tasks.core import cli


def main() -> None:
    """Run the application in containers, with Docker Compose."""
    arguments = _parser().parse_args()
    with engine_errors():
        run(Path.cwd(), arguments)


def run(project: Path, arguments: argparse.Namespace) -> None:
    """Do what the arguments ask for."""
    match arguments.command:
        case "up":
            up(project, arguments.timeout, with_debugger=arguments.debug)
        case "watch":
            watch(project, arguments.timeout)
        case "down":
            down(project, with_volumes=arguments.volumes, is_sure=arguments.yes)
        case "status":
            status(project)
        case "logs":
            logs(project, arguments.services, follow=arguments.follow, tail=arguments.tail)
        case _:
            restart(project, arguments.services, arguments.timeout)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s stack --", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    timeout = argparse.ArgumentParser(add_help=False)
    timeout.add_argument(
        "--timeout",
        type=float,
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="how long a service may take to be ready (default %(default).0f)",
    )
    up_command = commands.add_parser("up", parents=[timeout], help="build, start, and wait until everything is ready")
    up_command.add_argument("--debug", action="store_true", help="let debuggers attach; launch.json has their ports")
    commands.add_parser("watch", parents=[timeout], help="the same, and replace containers when their code changes")
    down_command = commands.add_parser("down", help="end everything; the data stays")
    down_command.add_argument("--volumes", action="store_true", help="delete the data too")
    down_command.add_argument("--yes", action="store_true", help="do not ask")
    commands.add_parser("status", help="show the services; fails when one is not ready")
    log_command = commands.add_parser("logs", help="show what services say")
    log_command.add_argument("services", nargs="*", metavar="SERVICE")
    log_command.add_argument("--follow", "-f", action="store_true", help="go on with what they say from now on")
    log_command.add_argument("--tail", type=int, metavar="LINES", help="begin with the last LINES of each")
    restarting = commands.add_parser("restart", parents=[timeout], help="restart services and wait for them")
    restarting.add_argument("services", nargs="+", metavar="SERVICE")
    return parser


if __name__ == "__main__":
    cli.run(main)
