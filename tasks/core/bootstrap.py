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
# Variables with which pip, uv and Python install elsewhere, install something else, or find other modules. Those for
# package indexes, networks and caches stay.
IGNORED = re.compile(
    r"(PIP|UV)_(?!.*(INDEX|LINKS|MIRROR|HOST|HTTP|PROXY|CERT|TLS|FEATURE|DEPRECATED|CONFIG_FILE|CREDENTIALS|KEYRING"
    r"|TOKEN|TIMEOUT|RETRIES|OFFLINE|CACHE|LINK_MODE|CONCURRENT|PUBLISH))"
    r"|PYTHON(EXECUTABLE|HOME|INSPECT|IOENCODING|OPTIMIZE|PATH|PLATLIBDIR|SAFEPATH|UTF8|WARNINGS)$"
)


def run(noxfile: str) -> NoReturn:
    """Replace this process by nox with the same arguments."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            "Python %d.%d is too old, this project needs %d.%d or newer.\n"
            "Run the same command with a newer one, for example: python3.%d noxfile.py"
            % (sys.version_info[:2] + OLDEST_PYTHON + OLDEST_PYTHON[1:])
        )
    drop_variables()
    pin = pinned_nox(Path(noxfile).read_text(encoding="utf-8"))
    python = sys.executable if _runs_here(pin) else _private_python(pin)
    # In script mode, nox would check its own version once more.
    os.execv(python, [python, "-m", "nox", "--script-mode=none", "-f", noxfile, *sys.argv[1:]])


def drop_variables() -> None:
    """Remove the variables from the environment of this process that would make sessions differ between machines."""
    for name in filter(IGNORED.match, list(os.environ)):
        del os.environ[name]


def cache() -> Path:
    """The folder for what all projects of this user share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "slipway"


def pinned_nox(noxfile_text: str) -> str:
    """The requirement in the noxfile's script header, such as `nox[uv]==2026.1.1`."""
    found = re.search(r'^# dependencies = \["(nox[^"]+)"\]$', noxfile_text, re.MULTILINE)
    if found is None:
        sys.exit('noxfile.py lacks the header line that pins nox: # dependencies = ["nox[uv]==…"]\nRestore it.')
    return found.group(1)


def _runs_here(pin: str) -> bool:
    """Whether this interpreter has the pinned nox, as under `uv run` and `pipx run`; not from PYTHONPATH."""
    found = find_spec("nox")
    if found is None or not str(found.origin).startswith(sys.prefix):
        return False
    # Slow to import, as tempfile and subprocess are: only where needed.
    from importlib import metadata

    try:
        return metadata.version("nox") == pin.split("==")[1] and bool(metadata.version("uv"))
    except metadata.PackageNotFoundError:
        return False


def _private_python(pin: str) -> str:
    """The interpreter of an environment with the pinned nox, shared by all projects with that pin."""
    folder = cache() / ("nox-%s-py%d.%d.%d" % (pin.split("==")[1], *sys.version_info[:3]))
    if not _is_complete(folder):
        _create(folder, pin)
    return str(folder / "bin" / "python")


def _is_complete(folder: Path) -> bool:
    return all((folder / "bin" / name).exists() for name in ("python", "nox", "uv"))


def _create(folder: Path, pin: str) -> None:
    """Create and check the environment in a temporary folder, and move it into place."""
    import shutil
    import tempfile

    print("First run: installing %s into %s" % (pin, folder), file=sys.stderr, flush=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=str(folder.parent)) as scratch:
            environment = Path(scratch) / "new"
            _run([sys.executable, "-m", "venv", str(environment)], "install the venv module, in Debian: python3-venv")
            python = str(environment / "bin" / "python")
            pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", "install", "--no-user"]
            _run([*pip, pin], "the first run needs PyPI, or the index that pip is configured for")
            _run([python, "-m", "nox", "--version"], "correct pip's settings, which pip config list shows")
            # Another first run may have been faster.
            if not _is_complete(folder):
                shutil.rmtree(str(folder), ignore_errors=True)
                environment.rename(folder)
    except OSError as error:
        sys.exit("Cannot write to %s: %s.\nSet XDG_CACHE_HOME to another folder." % (folder.parent, error.strerror))


def _run(command: "list[str]", advice: str) -> None:
    import subprocess

    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        sys.exit("First run failed: %s\nWhat to do: %s." % (lines[-1] if lines else "no output", advice))
