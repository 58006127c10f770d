"""Calls `docker compose` with the files and the settings of a project."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.services import compose_files

# The overlay for debuggers in editors.
DEBUGGING = "compose.debug.yaml"
UNSET = re.compile(r"required variable (\w+) is missing")


@dataclass(frozen=True)
class Compose:
    """Compose for the project in a folder; `settings` are the values of the variables in its files."""

    project: Path
    settings: dict[str, str]
    with_debugger: bool = False

    def command(self, *arguments: str) -> list[str]:
        """The command line of a call, with the files of the project and its parts."""
        debugging = [self.project / DEBUGGING] if self.with_debugger else []
        files = [word for path in (*compose_files(self.project), *debugging) for word in ("--file", str(path))]
        return ["docker", "compose", *files, *arguments]

    def output(self, *arguments: str) -> str:
        """What a call prints; UserError with the end of its errors if it fails."""
        done = processes.run(self.command(*arguments), cwd=self.project, env=self.settings)
        if done.returncode != 0:
            raise UserError(_error(done.stderr))
        return done.stdout

    def run(self, *arguments: str) -> None:
        """Make a call that prints its own progress and errors; UserError if it fails.

        It has its own process group: an interrupt reaches this process only, which then stops the call gracefully.
        """
        command, nothing = self.command(*arguments), subprocess.DEVNULL
        with subprocess.Popen(command, cwd=self.project, env=self.settings, stdin=nothing, process_group=0) as process:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                os.killpg(process.pid, signal.SIGINT)
                process.wait()
                raise
        if code != 0:
            raise UserError(f"docker compose {arguments[0]} failed; its error is above.")


def _error(text: str) -> str:
    if unset := UNSET.search(text):
        return f"The setting {unset[1]} is missing: nox -s setup writes {env_file.LOCAL}."
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("time=")]
    return "\n".join(lines[-3:]) or "docker compose failed without output."
