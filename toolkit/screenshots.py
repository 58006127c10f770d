"""Runs `demo` and `dev`, and writes their output and page to docs/images/: `python -m toolkit.screenshots`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import httpx
from rich.console import Console
from rich.text import Text

from tasks.core import cli
from tasks.core.errors import UserError
from tasks.frontend import e2e
from toolkit.application import Application, environment
from toolkit.new import TEMPLATE

IMAGES = TEMPLATE / "docs" / "images"
COLUMNS, LINES = 110, 60
TOKENS = re.compile(r"(\x1b\[[\d;?]*[A-Za-z]|\n)")
GATEWAY = re.compile(rb"Ready in (?s:.)+?(http://127\.0\.0\.1:\d+)")
PATH = "/api/projects"
# The name of the application in pictures of pages: in place, the template has none.
NAME = "My App"


def main() -> None:
    """Write the pictures of the terminal, and those of the frontend's pages."""
    session = [sys.executable, "noxfile.py", "-s"]
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder).resolve() / "my-app"
        demo = capture([*session, "demo", "--", "--keep", str(project)], TEMPLATE)
        dev = capture([*session, "dev"], project)
        photograph(project)
    for name, output in {"demo": demo, "dev": dev}.items():
        path = IMAGES / f"{name}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_text(picture(hide(output, str(project.parent)), f"nox -s {name}"), encoding="utf-8")
        print(f"Written to {path.relative_to(TEMPLATE)}")
    pages = [sys.executable, "template/noxfile.py", "-s", "screenshots"]
    if subprocess.run(pages, cwd=TEMPLATE, env=environment({"APP_NAME": NAME}), check=False).returncode != 0:
        raise UserError("The pages cannot be photographed; the error is above.")


def photograph(project: Path) -> None:
    """Write a picture of the local page of `dev`, with the lines of a request."""
    application = Application(project)
    application.start()
    try:
        link = json.loads((project / ".data" / "dev.json").read_text(encoding="utf-8"))["page"]
        user = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery staple"}
        httpx.post(f"{application.gateway}/api/auth/register", json=user).raise_for_status()
        # Until the page has been drawn, in the time of the browser.
        options = (f"--screenshot={IMAGES / 'page.png'}", "--window-size=1280,800", "--virtual-time-budget=5000")
        command = [e2e.chromium(), "--headless", "--no-sandbox", "--hide-scrollbars", *options, f"{link}#/logs"]
        subprocess.run(command, capture_output=True, check=True)
    finally:
        application.stop()


def capture(command: list[str], folder: Path) -> str:
    """Run a command on a terminal and return its output; `dev` gets a request once it is ready, then Ctrl-C."""
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (LINES, COLUMNS))
    settings = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(settings),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    output, stage = b"", "start" if "dev" in command else "end"
    # A terminal whose processes have exited raises OSError.
    with contextlib.suppress(OSError), os.fdopen(screen, "rb", buffering=0) as shown:
        while data := shown.read(65536):
            output += data
            if stage == "start" and (gateway := GATEWAY.search(output)):
                httpx.get(f"{gateway[1].decode()}{PATH}")
                stage = "requested"
            elif stage == "requested" and PATH.encode() in data:
                # A second Ctrl-C would stop it at once.
                os.killpg(process.pid, signal.SIGINT)
                stage = "end"
    if process.wait() != 0:
        raise UserError(f"{' '.join(command)} failed:\n{output.decode()}")
    return output.decode()


def hide(output: str, folder: str) -> str:
    """Replace the temporary folder by `~`, and tokens by `…`, in as many columns."""
    output = re.sub(r"(?<=token=)[\w-]+", lambda found: "…".ljust(len(found[0])), output)
    return re.sub(rf"{re.escape(folder)}(\S*)", lambda found: f"~{found[1]}".ljust(len(found[0])), output)


def picture(output: str, title: str) -> str:
    """An SVG of a terminal's output."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("\n".join(rows(output))))
    # Without fonts from the network.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title=title), flags=re.DOTALL)


def rows(output: str) -> list[str]:
    """The rows of a terminal, colours included, after the moves by which a live display overwrites its rows."""
    found, row = [""], 0
    for part in TOKENS.split(output.replace("\r", "")):
        if part == "\n":
            row += 1
            found += [""] * (row == len(found))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            found[row] = ""
        elif not part.startswith("\x1b") or part.endswith("m"):
            found[row] += part
    return found


if __name__ == "__main__":
    cli.run(main)
