"""Looks for the `docker` program and its plugins."""

import re
import shutil
import subprocess

from tasks.compose.engine import WITHOUT
from tasks.core.errors import UserError

OLDEST_COMPOSE = (2, 24)
INSTALL = "https://docs.docker.com/engine/install/"


def check() -> str:
    """Compose's version; a UserError where `docker`, Compose or Buildx is missing or too old."""
    if shutil.which("docker") is None:
        raise UserError(f"Docker is not installed: there is no `docker` program. Get it: {INSTALL}\n{WITHOUT}")
    compose = _version("compose", "version", "--short")
    if compose is None:
        raise UserError(
            f"Docker's Compose plugin is missing. Get it: apt install docker-compose-plugin, or {INSTALL}\n{WITHOUT}"
        )
    if _numbers(compose) < OLDEST_COMPOSE:
        needed = ".".join(map(str, OLDEST_COMPOSE))
        raise UserError(f"Docker Compose {compose} is too old; needed is {needed} or newer. Get it: {INSTALL}")
    if _version("buildx", "version") is None:
        raise UserError(f"Docker's Buildx plugin is missing. Get it: apt install docker-buildx-plugin, or {INSTALL}")
    return compose


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def _version(*arguments: str) -> str | None:
    """What the plugin says of itself; None where there is no such plugin."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
