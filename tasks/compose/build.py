"""Builds the images of a stack, showing one line while it goes well and the end of the output when not."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tasks.compose.compose import Call, Compose, words
from tasks.core.errors import UserError
from tasks.core.screen import Screen

IMAGES = "images"
LOOK_SECONDS = 0.1
LAST_LINES = 25
STEP = re.compile(r"^#\d+ (\[.+)$", re.MULTILINE)
WIDTH = 80


def run(
    compose: Compose, screen: Screen, services: Sequence[str] = (), title: str = IMAGES, *, is_release: bool = False
) -> float:
    """Build the images of these services, or all, telling it under this title; how many seconds it took.

    Only a release is labelled with its version: each commit would make new images, and `up` new containers, of the same
    files.
    """
    began = time.monotonic()
    screen.status(title, "starting", "building")
    known = version(compose.project) if is_release else {}
    labels = [word for name, value in known.items() for word in ("--build-arg", f"{name}={value}")]
    with compose.start("build", *labels, *services) as call:
        while call.code is None:
            _show_step(call, screen, title)
            time.sleep(LOOK_SECONDS)
        if call.code != 0:
            raise _failed(call, screen, title)
    seconds = round(time.monotonic() - began, 1)
    screen.status(title, "ready", f"built in {seconds} s")
    return seconds


def version(project: Path) -> dict[str, str]:
    """What git knows of this state of the project, as build arguments for the images' labels; nothing without git."""
    found = {
        "REVISION": _git(project, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"),
        "VERSION": _git(project, "describe", "--always", "--tags", "--dirty"),
        "SOURCE": _without_password(_git(project, "remote", "get-url", "origin")),
    }
    return {name: value for name, value in found.items() if value}


def _without_password(url: str) -> str:
    """An HTTP address may hold a token before the @; others begin with a plain user's name."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if scheme in {"http", "https"} else url


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _show_step(call: Call, screen: Screen, title: str) -> None:
    """On a terminal, the step that is being built; a file gets no line for each."""
    if sys.stdout.isatty() and (steps := STEP.findall(call.text)):
        screen.status(title, "starting", steps[-1][:WIDTH])


def _failed(call: Call, screen: Screen, title: str) -> UserError:
    screen.status(title, "failed", "not built")
    screen.settle()
    for line in call.text.splitlines()[-LAST_LINES:]:
        screen.log(title, line)
    return UserError(f"The images were not built; what runs stays as it was.\n{words(call.text)}")
