"""Calls `docker compose` with the files and the settings of a project."""

import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.parts import compose_files

# What an editor's debugger needs besides.
DEBUGGING = "compose.debug.yaml"
TIMEOUT_SECONDS = 20.0
MISSING = re.compile(r"required variable (\w+) is missing")
QUIET_STARTS = ("Container ", "Network ", "Volume ", "time=")


@dataclass(frozen=True)
class Compose:
    """Compose for the project in a folder; its settings are what the files' variables are filled from."""

    project: Path
    settings: dict[str, str]
    with_debugger: bool = False

    @property
    def files(self) -> list[Path]:
        """The project's file and those of its parts; paths in all of them begin at the project's folder."""
        debugging = [self.project / DEBUGGING] if self.with_debugger else []
        return [*compose_files(self.project), *debugging]

    def command(self, *arguments: str) -> list[str]:
        """The words of a call."""
        files = [word for path in self.files for word in ("--file", str(path))]
        return ["docker", "compose", "--ansi", "never", "--progress", "plain", *files, *arguments]

    def output(self, *arguments: str) -> str:
        """What a call prints; a UserError with its own words when it fails."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.project, env=self.settings, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise UserError(words(done.stderr))
        return done.stdout

    def start(self, *arguments: str) -> "Call":
        """Begin a call that is then followed."""
        return Call(self.command(*arguments), self.project, self.settings)


class Call:
    """A running `docker compose`.

    It has a process group of its own: Ctrl-C reaches only us, and we end it in order.
    """

    def __init__(self, command: list[str], folder: Path, settings: dict[str, str]) -> None:
        with tempfile.NamedTemporaryFile(prefix="compose-", delete=False) as output:
            self._output = Path(output.name)
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end(0 if self.code is not None else TIMEOUT_SECONDS)
        self._output.unlink(missing_ok=True)

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._process.poll()

    @property
    def text(self) -> str:
        """What it has said."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def end(self, timeout: float = TIMEOUT_SECONDS) -> None:
        """Have it leave its work in order, or by force when it takes longer than this many seconds."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self.code is None:
                os.killpg(self._process.pid, number)
                self.wait(timeout)

    def wait(self, seconds: float) -> bool:
        """Whether it ends within this time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def words(said: str) -> str:
    """What a failed call complained of, and what to do where that is known."""
    if missing := MISSING.search(said):
        return f"The setting {missing[1]} is missing: nox -s setup writes {env_file.LOCAL}."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    complaints = [line for line in lines if not line.startswith(QUIET_STARTS)] or lines[-1:]
    text = "\n".join(complaints[-3:]) or "docker compose failed without a word."
    for sign, advice in ADVICE.items():
        if sign in said.lower():
            return f"{text}\n{advice}"
    return text


FULL = "The disk of the Docker Engine is full; see what takes it: docker system df; free some: docker builder prune"
UNKNOWN_IMAGE = (
    "An image cannot be had: is its name right, and can the registry be reached? "
    f"REGISTRY in {env_file.LOCAL} names a mirror."
)
ADVICE = {
    "no space left on device": FULL,
    "port is already allocated": "A port is taken: nox -s stack -- status shows ours, docker ps all others.",
    "address already in use": "A port is taken by a program of this machine; end it, or choose another port.",
    "pull access denied": UNKNOWN_IMAGE,
    "failed to resolve source metadata": UNKNOWN_IMAGE,
    "manifest unknown": UNKNOWN_IMAGE,
    "error response from daemon: get ": UNKNOWN_IMAGE,
    "bind source path does not exist": "A file is missing that a container needs: nox -s setup writes the secrets.",
}
