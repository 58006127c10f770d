"""The command behind `nox -s devcontainer`."""

import subprocess
import sys
from pathlib import Path

from tasks.core import npm
from tasks.core.errors import UserError

CONFIGURATION = Path(".devcontainer/devcontainer.json")
CHECKS = ["python3", "noxfile.py", "-t", "check", "-j", "auto"]
INTERRUPTED = 130


def main() -> None:
    """Start the devcontainer, as an editor does, and run a command in it: the checks, or the one that is given."""
    try:
        sys.exit(work(sys.argv[1:] or CHECKS))
    except UserError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def work(command: list[str]) -> int:
    """The exit code of the command in the container."""
    if not CONFIGURATION.is_file():
        raise UserError(f"There is no {CONFIGURATION} here; run this in the project's folder.")
    cli = [npm.program("node"), str(_cli()), "--workspace-folder=."]
    if subprocess.run([*cli[:2], "up", *cli[2:]], check=False).returncode != 0:
        raise UserError("The devcontainer does not start, for the reason above; what Docker lacks: nox -s doctor")
    return subprocess.run([*cli[:2], "exec", *cli[2:], *command], check=False).returncode


def _cli() -> Path:
    """The devcontainers' program, as locked, installed into this session's environment."""
    return npm.install(Path(__file__).parent, Path(sys.prefix) / "devcontainer") / "@devcontainers/cli/devcontainer.js"


if __name__ == "__main__":
    main()
