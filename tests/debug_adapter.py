"""A debugger as editors are one: it reads launch.json, and talks to debugpy's adapter in the Debug Adapter Protocol."""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

TIMEOUT_SECONDS = 60.0
Message = dict[str, Any]


def configurations(project: Path, **variables: str) -> dict[str, Message]:
    """What launch.json offers, by name, its variables replaced as the editor does it."""
    text = (project / ".vscode" / "launch.json").read_text(encoding="utf-8")
    for name, value in {"workspaceFolder": str(project), **variables}.items():
        text = text.replace(f"${{{name}}}", value)
    return {each["name"]: each for each in json.loads(text)["configurations"]}


class Debugger:
    """One debugging session; in a `with` block, so that nothing outlives it."""

    def __init__(self, configuration: Message) -> None:
        self._configuration = configuration
        self._sent = 0
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._events: list[Message] = []
        self._ends = ExitStack()
        self._to, self._from = self._connect() if "connect" in configuration else self._run_adapter()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _connect(self) -> tuple[IO[bytes], IO[bytes]]:
        """A debugged program that listens has an adapter beside it."""
        place = self._configuration["connect"]
        connection = self._ends.enter_context(socket.create_connection((place["host"], place["port"]), timeout=10))
        connection.settimeout(None)
        self._ends.callback(connection.shutdown, socket.SHUT_RDWR)
        return connection.makefile("wb"), connection.makefile("rb")

    def _run_adapter(self) -> tuple[IO[bytes], IO[bytes]]:
        command = [sys.executable, "-m", "debugpy.adapter"]
        adapter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._ends.callback(adapter.wait)
        self._ends.callback(adapter.terminate)
        assert adapter.stdin
        assert adapter.stdout
        return adapter.stdin, adapter.stdout

    def start(self, breakpoints: dict[Path, list[int]]) -> None:
        """Launch or attach as the configuration says, with breakpoints set before the program goes on."""
        self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        # The editor's extension fills these in.
        own = {"console": "internalConsole", "python": [sys.executable]}
        started = self._send(self._configuration["request"], {**own, **self._configuration})
        self.event("initialized")
        for path, lines in breakpoints.items():
            self.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[{"line": line} for line in lines])
        self.ask("configurationDone")
        self._answer(started)

    def ask(self, command: str, **arguments: object) -> Message:
        """Send a request; the body of its answer."""
        return self._answer(self._send(command, arguments))

    def event(self, name: str) -> Message:
        """Wait for the next event of this kind; its body."""
        while True:
            for event in self._events:
                if event["event"] == name:
                    self._events.remove(event)
                    return dict(event.get("body", {}))
            self._take()

    def stopped_at(self) -> tuple[str, int]:
        """Wait for a breakpoint; the file and line where the program stands."""
        self.thread = self.event("stopped")["threadId"]
        top = self.ask("stackTrace", threadId=self.thread, levels=1)["stackFrames"][0]
        self.frame = top["id"]
        return top["source"]["path"], top["line"]

    def go_on(self) -> None:
        """Let the program run."""
        self.ask("continue", threadId=self.thread)

    def output(self) -> str:
        """The output of the program so far."""
        return "".join(event["body"]["output"] for event in self._events if event["event"] == "output")

    def _send(self, command: str, arguments: Message) -> int:
        self._sent += 1
        body = json.dumps({"seq": self._sent, "type": "request", "command": command, "arguments": arguments}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()
        return self._sent

    def _answer(self, number: int) -> Message:
        while True:
            message = self._take()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return dict(message.get("body", {}))

    def _take(self) -> Message:
        try:
            message = self._inbox.get(timeout=TIMEOUT_SECONDS)
        except queue.Empty:
            raise AssertionError(f"no answer from the debug adapter; output of the program: {self.output()}") from None
        if message["type"] == "event":
            self._events.append(message)
        return message

    def _read(self) -> None:
        while header := self._from.readline():
            length = int(header.split(b":")[1])
            self._from.readline()
            self._inbox.put(json.loads(self._from.read(length)))
