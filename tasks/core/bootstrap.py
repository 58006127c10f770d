"""Lets `python3 noxfile.py …` run nox on a machine that has nothing but Python.

Only the standard library, and only syntax that old Pythons parse: they must get as far as being refused politely.
"""

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

OLDEST_PYTHON = (3, 11)


def run(noxfile: str) -> NoReturn:
    """Run nox on `noxfile` with this process's arguments; never returns."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            "Python %d.%d is too old, this project needs %d.%d or newer.\n"
            "Run the same command with a newer one, for example: python3.%d noxfile.py"
            % (sys.version_info[:2] + OLDEST_PYTHON + OLDEST_PYTHON[1:])
        )
    pin = pinned_nox(Path(noxfile).read_text(encoding="utf-8"))
    python = sys.executable if _runs_here(pin) else _private_python(pin)
    # Without the script mode, in which nox would look once more whether it is the pinned one.
    os.execv(python, [python, "-m", "nox", "--script-mode=none", "-f", noxfile, *sys.argv[1:]])


def pinned_nox(noxfile_text: str) -> str:
    """The requirement that the noxfile's script header pins, such as `nox[uv]==2026.1.1`."""
    found = re.search(r'^# dependencies = \["(nox[^"]+)"\]$', noxfile_text, re.MULTILINE)
    if found is None:
        sys.exit('noxfile.py has lost its header line, which pins nox: # dependencies = ["nox[uv]==…"]\nRestore it.')
    return found.group(1)


def _runs_here(pin: str) -> bool:
    """Whether this interpreter has the pinned nox already, as under `uv run` and `pipx run`."""
    if find_spec("nox") is None:
        return False
    # Slow to import, as are those below: only where they are needed.
    from importlib import metadata

    try:
        return metadata.version("nox") == pin.split("==")[1] and bool(metadata.version("uv"))
    except metadata.PackageNotFoundError:
        return False


def _private_python(pin: str) -> str:
    """The interpreter of an environment that holds the pinned nox, shared by all projects with that pin."""
    name = "nox-%s-py%d.%d.%d" % (pin.split("==")[1], *sys.version_info[:3])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"
    python = cache / name / "bin" / "python"
    if not python.exists():
        _create(cache, name, pin)
    return str(python)


def _create(cache: Path, name: str, pin: str) -> None:
    """Build the environment beside its final place and move it there whole, so that a broken one is never used."""
    import tempfile

    print("First run: getting %s into %s" % (pin, cache / name), file=sys.stderr, flush=True)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(cache)) as scratch:
            environment = Path(scratch) / name
            _run([sys.executable, "-m", "venv", str(environment)], "install Debian's python3-venv or its like")
            pip = [str(environment / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "install", pin], "this needs PyPI, or the index that pip is configured for, once")
            _settle(environment, cache / name)
    except OSError as error:
        sys.exit("Cannot write to %s: %s.\nSet XDG_CACHE_HOME to another folder." % (cache, error.strerror))


def _settle(environment: Path, place: Path) -> None:
    """Move the environment to its place, unless another first run was quicker."""
    try:
        environment.rename(place)
    except OSError:
        if not place.exists():
            raise


def _run(command: "list[str]", advice: str) -> None:
    import subprocess

    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in done.stdout.splitlines() if line.strip()]
        sys.exit("First run failed: %s\nWhat to do: %s." % (said[-1] if said else "no output", advice))
