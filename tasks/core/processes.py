"""Runs programs to their end and reports what they print."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.core.errors import UserError


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    missing: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a program without input and capture what it prints.

    UserError if it is not installed, with `missing` as advice, or if it does not end within `timeout` seconds.
    """
    name, empty = Path(command[0]).name, subprocess.DEVNULL
    try:
        return subprocess.run(
            command, cwd=cwd, env=env, stdin=empty, capture_output=True, errors="replace", timeout=timeout, check=False
        )
    except FileNotFoundError:
        raise UserError(f"{name} is not installed. {missing or 'Install it, with apt-get or the like.'}") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{name} did not end within {timeout:g} s and was stopped.") from None


def output(*command: str | Path, cwd: Path | str | None = None, timeout: float | None = 20) -> str | None:
    """What a program prints, stripped; None if it is missing, fails or takes longer than `timeout` seconds."""
    try:
        done = run(command, cwd=cwd, timeout=timeout)
    except (UserError, OSError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def last_line(text: str, default: str = "no output") -> str:
    """The last line with text, in which programs usually name the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else default
