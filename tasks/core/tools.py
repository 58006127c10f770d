"""Finds programs that come neither as a wheel nor as an npm package: on PATH, or in their official images."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from tasks.core import processes
from tasks.core.errors import UserError

VERSION = re.compile(r"version v?(\d+)\.(\d+)")
PULL_SECONDS = 300


class ToolMissingError(UserError):
    """The program is not on PATH, and cannot be run in its image."""


@dataclass(frozen=True)
class Tool:
    """A program with the oldest supported version; `install` are the commands of Debian and Homebrew."""

    name: str
    oldest: tuple[int, int]
    install: str

    @property
    def advice(self) -> str:
        """How to get it."""
        return f"{self.name} {'.'.join(map(str, self.oldest))} or newer: {self.install}"

    def version(self) -> tuple[int, int] | None:
        """The version on PATH; None if it is missing."""
        if shutil.which(self.name) is None:
            return None
        found = VERSION.search(processes.output(self.name, "--version") or "")
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def run(self, folder: Path, image: str, *arguments: str) -> CompletedProcess[str]:
        """Run it in a folder: from PATH, else in a container of `image` with a copy of the folder.

        ToolMissingError if neither is possible.
        """
        if (self.version() or (0, 0)) >= self.oldest:
            return processes.run([self.name, *arguments], cwd=folder)
        if processes.output("docker", "version", "--format={{.Server.Version}}") is None:
            raise ToolMissingError(f"Install {self.advice}")
        options = ("--network=none", "--workdir=/folder", f"--entrypoint={self.name}")
        made = processes.run(["docker", "create", *options, image, *arguments], timeout=PULL_SECONDS)
        if made.returncode != 0:
            raise ToolMissingError(f"Install {self.advice}. Its image: {processes.last_line(made.stderr)}")
        container = processes.last_line(made.stdout)
        try:
            # Not mounted: the engine may be that of another machine, or of the host of a devcontainer.
            processes.run(["docker", "cp", "--quiet", f"{folder}/.", f"{container}:/folder"])
            return processes.run(["docker", "start", "--attach", container])
        finally:
            processes.run(["docker", "rm", "--force", container])
