"""The command behind `nox -s devcontainer`."""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

from tasks.trouble import Trouble

CONFIGURATION = Path(".devcontainer/devcontainer.json")
CHECKS = ["python3", "noxfile.py", "-t", "check", "-j", "auto"]
HERE = Path(__file__).parent
LOCK = "package-lock.json"
INTERRUPTED = 130


def main() -> None:
    """Start the devcontainer, as an editor does, and run a command in it: the checks, or the one that is given."""
    try:
        sys.exit(work(sys.argv[1:] or CHECKS))
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def work(command: list[str]) -> int:
    """The exit code of the command in the container."""
    if not CONFIGURATION.is_file():
        raise Trouble(f"There is no {CONFIGURATION} here; run this in the project's folder.")
    cli = [_program("node"), str(_cli()), "--workspace-folder=."]
    if subprocess.run([*cli[:2], "up", *cli[2:]], check=False).returncode != 0:
        raise Trouble("The devcontainer does not start, for the reason above; what Docker lacks: nox -s doctor")
    return subprocess.run([*cli[:2], "exec", *cli[2:], *command], check=False).returncode


def _cli() -> Path:
    """The devcontainers' program, as locked, installed into this session's environment."""
    folder = Path(sys.prefix) / "devcontainer"
    installed = folder / "node_modules" / "@devcontainers" / "cli" / "devcontainer.js"
    if not installed.exists() or not filecmp.cmp(HERE / LOCK, folder / LOCK, shallow=False):
        folder.mkdir(exist_ok=True)
        for name in (LOCK, "package.json"):
            shutil.copy2(HERE / name, folder)
        npm = [_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(npm, cwd=folder, check=False).returncode != 0:
            raise Trouble("npm could not get @devcontainers/cli (it says why above); a first run needs npm's registry.")
    return installed


def _program(name: str) -> str:
    return str(Path(sys.prefix) / "bin" / name)


if __name__ == "__main__":
    main()
