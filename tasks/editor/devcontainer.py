"""The command behind `nox -s devcontainer`."""

import subprocess
import sys
from pathlib import Path

from tasks.core import environments
from tasks.core.errors import UserError

CONFIGURATION = Path(".devcontainer/devcontainer.json")
CHECKS = ["python3", "noxfile.py", "-t", "check", "-j", "auto"]


def main() -> int:
    """Start the devcontainer, as an editor does, and run a command in it, by default the checks."""
    if not CONFIGURATION.is_file():
        raise UserError(f"{CONFIGURATION} is missing: run this in the project's folder.")
    modules = environments.install_npm(Path(__file__).parent, Path(sys.prefix) / "devcontainer")
    cli_command = [environments.program("node"), str(modules / "@devcontainers/cli/devcontainer.js")]
    workspace = "--workspace-folder=."
    if subprocess.run([*cli_command, "up", workspace], check=False).returncode != 0:
        raise UserError("The devcontainer does not start; the error is above. Check Docker: nox -s doctor")
    return subprocess.run([*cli_command, "exec", workspace, *(sys.argv[1:] or CHECKS)], check=False).returncode
