"""Runs nox from `python3 noxfile.py …` on a machine that has only Python.

Uses the standard library, and syntax that old Pythons can parse, so that they print the message for old Pythons.
"""

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

OLDEST_PYTHON = (3, 11)


def run(noxfile: str) -> NoReturn:
    """Replace this process by nox with the same arguments."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            "Python %d.%d is too old, this project needs %d.%d or newer.\n"
            "Run the same command with a newer one, for example: python3.%d noxfile.py"
            % (sys.version_info[:2] + OLDEST_PYTHON + OLDEST_PYTHON[1:])
        )
    pin = pinned_nox(Path(noxfile).read_text(encoding="utf-8"))
    python = sys.executable if _runs_here(pin) else _private_python(pin)
    # In script mode, nox would check its own version once more.
    os.execv(python, [python, "-m", "nox", "--script-mode=none", "-f", noxfile, *sys.argv[1:]])


def pinned_nox(noxfile_text: str) -> str:
    """The requirement in the noxfile's script header, such as `nox[uv]==2026.1.1`."""
    found = re.search(r'^# dependencies = \["(nox[^"]+)"\]$', noxfile_text, re.MULTILINE)
    if found is None:
        sys.exit('noxfile.py lacks the header line that pins nox: # dependencies = ["nox[uv]==…"]\nRestore it.')
    return found.group(1)


def _runs_here(pin: str) -> bool:
    """Whether this interpreter has the pinned nox, as under `uv run` and `pipx run`."""
    if find_spec("nox") is None:
        return False
    # Slow to import, as tempfile and subprocess are: only where needed.
    from importlib import metadata

    try:
        return metadata.version("nox") == pin.split("==")[1] and bool(metadata.version("uv"))
    except metadata.PackageNotFoundError:
        return False


def _private_python(pin: str) -> str:
    """The interpreter of an environment with the pinned nox, shared by all projects with that pin."""
    name = "nox-%s-py%d.%d.%d" % (pin.split("==")[1], *sys.version_info[:3])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"
    python = cache / name / "bin" / "python"
    if not python.exists():
        _create(cache, name, pin)
    return str(python)


def _create(cache: Path, name: str, pin: str) -> None:
    """Create the environment in a temporary folder and move it into place, so that it is complete or missing."""
    import tempfile

    print("First run: installing %s into %s" % (pin, cache / name), file=sys.stderr, flush=True)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(cache)) as scratch:
            environment = Path(scratch) / name
            _run([sys.executable, "-m", "venv", str(environment)], "install the venv module, in Debian: python3-venv")
            pip = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "install", pin], "the first run needs PyPI, or the index that pip is configured for")
            # Another first run may have been faster.
            if not (cache / name).exists():
                environment.rename(cache / name)
    except OSError as error:
        sys.exit("Cannot write to %s: %s.\nSet XDG_CACHE_HOME to another folder." % (cache, error.strerror))


def _run(command: "list[str]", advice: str) -> None:
    import subprocess

    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        sys.exit("First run failed: %s\nWhat to do: %s." % (lines[-1] if lines else "no output", advice))
