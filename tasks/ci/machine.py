"""What of CI's machines this one has: Pythons, a container engine."""

import os
import subprocess
import sys
from pathlib import Path

CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"


def python(version: str) -> str | None:
    """The interpreter of that version; the one that runs nox where the version does not matter. None: there is none."""
    if version in {"", CURRENT}:
        return os.environ.get("SLIPWAY_PYTHON", sys.executable)
    options = ("--no-python-downloads", "--no-project", "--system", "--no-config")
    found = _output(os.environ.get("UV", "uv"), "python", "find", *options, version)
    return found or None


def has_engine() -> bool:
    """Whether a container engine answers."""
    return bool(_output("docker", "info", "--format={{.ServerVersion}}"))


def environment() -> dict[str, str]:
    """The variables of this process, without those of the environment that nox made for it, and with CI's own."""
    inner = Path(sys.prefix, "bin")
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if Path(folder) != inner]
    kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "NOX_CURRENT_SESSION"}}
    return kept | {"PATH": os.pathsep.join(path), "CI": "true"}


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
