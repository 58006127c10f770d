"""Writes docs/reference.md, the sessions with their options: `python -m toolkit.reference`."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

from nox import registry

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference.md"
MODULE = re.compile(r'"(tasks", "[\w.]+|toolkit\.[\w.]+)"')
# An argument in argparse's help; where its name is long, the text is on the lines below.
ARGUMENT = re.compile(r"^(?P<indent> {2,4})(?P<name>\S+(?: \S+)*)(?: {2,}(?P<text>.+))?$")
# Python 3.13 and newer print `--data, -d NAME` where older ones print `--data NAME, -d NAME`.
REPEATED = re.compile(r"^(\S+) (\S+), (\S+) \2$")
CHOICES = re.compile(r"^\{(.+)\}$")
# The indent of a subcommand in argparse's help.
SUBCOMMAND = 4

HEAD = """# Reference

The sessions of a project and of Slipway. What follows `--` on the command line goes to the session:
`nox -s lint -- --fix`. `nox -t check` runs the sessions with the tag `check`. `nox -s reference` writes this page.

## Sessions of a project
"""
TOOLKIT = """## Sessions of Slipway

In a clone of Slipway, these and the following of a project: {shared}.
"""


def main() -> None:
    """Write the page, or, with the argument `--list`, print the sessions of the noxfile in this folder as JSON."""
    if sys.argv[1:] == ["--list"]:
        print(json.dumps(sessions()))
    else:
        PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page, as the noxfiles and the commands have it now."""
    project, toolkit = listed(ROOT / "template"), listed(ROOT)
    shared = ", ".join(f"`{each['name']}`" for each in toolkit if each["is_shared"])
    names = {each["name"] for each in project}
    own = [each for each in toolkit if not each["is_shared"]]
    for each in own:
        each["title"] = f"{each['name']} of Slipway" if each["name"] in names else each["name"]
    return "\n".join([HEAD, *map(section, project), TOOLKIT.format(shared=shared), *map(section, own)])


def section(session: dict[str, Any]) -> str:
    """The part about a session."""
    tags = f" Tags: {', '.join(f'`{tag}`' for tag in session['tags'])}." if session["tags"] else ""
    lines = [f"### {session.get('title', session['name'])}", "", session["text"] + tags]
    if session["arguments"]:
        rows = [f"| `{name}` | {text} |" for name, text in session["arguments"]]
        lines += ["", "| argument | meaning |", "| --- | --- |", *rows]
    return "\n".join([*lines, ""])


def listed(folder: Path) -> list[dict[str, Any]]:
    """The sessions of a folder, from a process of its own: nox has one registry for all noxfiles."""
    command = [sys.executable, "-Wignore", "-m", "toolkit.reference", "--list"]
    path = os.pathsep.join([str(ROOT), str(folder / "src" / "backend")])
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "500", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def sessions() -> list[dict[str, Any]]:
    """The sessions of the noxfile in this folder."""
    runpy.run_path("noxfile.py", run_name="noxfile")
    return [
        {
            "name": name,
            "text": session.__doc__,
            "tags": list(session.tags),
            "is_shared": session.func.__module__.startswith("tasks."),
            "arguments": arguments(module) if (module := started(session.func)) else [],
        }
        for name, session in registry.get().items()
    ]


def started(session: Callable[..., Any]) -> str | None:
    """What the session gives to `python -m`: `tasks` and the name of a command, or a module of the toolkit."""
    found = MODULE.search(inspect.getsource(session))
    return found[1].replace('", "', " ") if found else None


def arguments(module: str, *command: str) -> list[tuple[str, str]]:
    """The arguments of a command or of its subcommand, with their meaning."""
    found: list[tuple[str, str]] = []
    for indent, name, text in described(help_of(module, *command)):
        found.append((" ".join([*command, name]), text))
        if indent == SUBCOMMAND and not command:
            found += arguments(module, name)
    return found


def described(text: str) -> list[tuple[int, str, str]]:
    """The entries in argparse's help: indent, name and meaning. Those without a meaning are left out."""
    found: list[tuple[int, str, str]] = []
    for line in text.splitlines():
        if argument := ARGUMENT.match(line):
            name = CHOICES.sub(r"\1", REPEATED.sub(r"\1, \3 \2", argument["name"]))
            found.append((len(argument["indent"]), name, argument["text"] or ""))
        elif found and line.startswith("      "):
            found[-1] = (*found[-1][:2], line.strip())
    return [entry for entry in found if entry[2] and "--help" not in entry[1]]


def help_of(module: str, *command: str) -> str:
    """What the command prints for --help; nothing if it takes no arguments."""
    path = Path(*re.split(r"\W", module))
    files = [*path.glob("*.py")] if path.is_dir() else [path.with_suffix(".py")]
    if not any("\nimport argparse\n" in file.read_text(encoding="utf-8") for file in files):
        return ""
    sys.argv = [*module.split(), *command, "--help"]
    with redirect_stdout(io.StringIO()) as output, suppress(SystemExit):
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    return output.getvalue()


if __name__ == "__main__":
    main()
