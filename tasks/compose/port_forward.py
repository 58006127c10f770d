"""Has the stack's ports in a devcontainer too: `python -m tasks.compose.port_forward PORT=HOST:PORT…`.

Compose publishes on the loopback address of the engine's host. In a container of that engine, 127.0.0.1 is another
place: there, this process listens at the same ports and passes on what comes.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import psutil

from tasks.core.ports import LOOPBACK

MODULE = "tasks.compose.port_forward"
CHUNK = 64 * 1024
TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class PortForward:
    """From a port of this machine to a port of a host."""

    port: int
    host: str
    target: int

    @classmethod
    def parse(cls, word: str) -> Self:
        """The way that is written PORT=HOST:PORT. Raises ValueError."""
        found = re.fullmatch(r"(\d+)=([\w.-]+):(\d+)", word)
        if found is None:
            raise ValueError(f"not PORT=HOST:PORT: {word}")
        return cls(int(found[1]), found[2], int(found[3]))

    def __str__(self) -> str:
        return f"{self.port}={self.host}:{self.target}"


def start(project: Path, ways: Iterable[PortForward]) -> None:
    """Forward until `end`, however this process ends."""
    command = [sys.executable, "-m", MODULE, *map(str, ways)]
    quiet = subprocess.DEVNULL
    subprocess.Popen(command, cwd=project, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)


def end(project: Path) -> None:
    """Forward no longer what this project has had forwarded."""
    found = [each for each in psutil.process_iter(["cmdline", "uids"]) if _is_ours(each, project)]
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(found, TIMEOUT_SECONDS)


def _is_ours(process: psutil.Process, project: Path) -> bool:
    if MODULE not in (process.info["cmdline"] or []):
        return False
    try:
        return process.pid != os.getpid() and Path(process.cwd()) == project.resolve()
    except psutil.Error:
        return False


async def forward(ways: Iterable[PortForward]) -> None:
    """Pass on connections until cancelled; a port that is taken is left to whoever has it."""
    servers = []
    for way in ways:
        with suppress(OSError):
            servers.append(await asyncio.start_server(partial(_pass_on, way), LOOPBACK, way.port))
    await asyncio.Event().wait()


async def _pass_on(way: PortForward, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there_reader, there_writer = await asyncio.open_connection(way.host, way.target)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))
    for each in (there_writer, writer):
        each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()


def main(words: list[str]) -> None:
    """Forward these ways."""
    try:
        ways = [PortForward.parse(word) for word in words]
    except ValueError as error:
        sys.exit(str(error))
    asyncio.run(forward(ways))


if __name__ == "__main__":
    main(sys.argv[1:])
