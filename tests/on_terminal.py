"""A command on a terminal of its own."""

from __future__ import annotations

import contextlib
import os
import re
import select
import subprocess
import time
from pathlib import Path

from tests.tasks.requirements import terminal

ENTER, CTRL_C, ERASE_LINE = "\r", "\x03", "\x15"
ESCAPES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\r")
TIMEOUT_SECONDS = 120


class OnTerminal:
    """The command, from its start until it is closed."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        self._screen, keyboard = terminal()
        self._fresh = ""
        self.shown = ""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **environment},
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
        )
        os.close(keyboard)

    def await_text(self, text: str) -> None:
        """Return when it shows this text, after the text that was awaited before."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while text not in self._fresh:
            assert time.monotonic() < deadline, self.shown
            assert self._read(), self.shown
        self._fresh = self._fresh.partition(text)[2]

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._screen, keys.encode())

    def end(self) -> int:
        """Wait for its end; returns the exit code."""
        while self._read():
            pass
        return self.process.wait(TIMEOUT_SECONDS)

    def close(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()
        os.close(self._screen)

    def _read(self) -> bool:
        """Read what is shown next; returns whether there can be more."""
        ready, _, _ = select.select([self._screen], [], [], TIMEOUT_SECONDS)
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(self._screen, 65536) if ready else b""
        text = ESCAPES.sub("", data.decode(errors="replace"))
        self._fresh += text
        self.shown += text
        return data != b""
