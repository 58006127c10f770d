"""Environments with exactly the packages of a lock, stamped with its hash, and the packages of npm locks.

nox is imported for types only, since checks call `separate` in environments without nox.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tasks.core import processes
from tasks.core.errors import UserError

if TYPE_CHECKING:
    import nox

LOCKS = Path("requirements")
STAMP = "requirements.sha256"
NPM_LOCK = "package-lock.json"
FIRST_RUN = "The first run needs PyPI, or the index that uv is configured for."
# Checks run in threads, and two of them may need the same environment.
_one_at_a_time = Lock()


def install(session: nox.Session, lock: str, *, compile_bytecode: bool = False) -> None:
    """Install `requirements/<lock>.txt` with hashes checked, unless the session's environment is up to date.

    `compile_bytecode` compiles it at once, on all cores: for packages that many processes import as they start
    together. With PYTHONDONTWRITEBYTECODE, each of them would compile them again.
    """
    requirements = LOCKS / f"{lock}.txt"
    environment = Path(session.virtualenv.location)
    if stamp_of(environment) == digest(requirements):
        return
    (environment / STAMP).unlink(missing_ok=True)
    log = environment / "install.log"
    env = {"UV_COMPILE_BYTECODE": str(int(compile_bytecode or sys.dont_write_bytecode))}
    try:
        with log.open("w", encoding="utf-8") as output:
            session.install("--require-hashes", "-r", str(requirements), env=env, silent=False, stdout=output)
    except Exception:
        session.warn(f"Cannot install {requirements}:\n{log.read_text(encoding='utf-8').strip()}\n{FIRST_RUN}")
        raise
    # With --no-install, nox silently leaves an existing environment as it is.
    if log.stat().st_size:
        (environment / STAMP).write_text(digest(requirements), encoding="utf-8")


def separate(lock: str) -> Path:
    """An environment inside the current one, for a tool whose requirements conflict with it; created or updated.

    UserError if uv cannot install the lock.
    """
    requirements = LOCKS / f"{lock}.txt"
    if not requirements.exists():
        raise UserError(f"{requirements} is missing. Create it: nox -s lock")
    environment = Path(sys.prefix) / "others" / lock
    with _one_at_a_time:
        if stamp_of(environment) != digest(requirements):
            options = ("--compile-bytecode", "--no-deps", "--require-hashes", f"--requirements={requirements}")
            _uv("venv", "--clear", f"--python={sys.executable}", str(environment))
            _uv("pip", "install", f"--python={environment}", *options)
            (environment / STAMP).write_text(digest(requirements), encoding="utf-8")
    return environment


def digest(requirements: Path) -> str:
    """The content of an environment's stamp if it was made from this lock file."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def install_npm(source: Path, folder: Path) -> Path:
    """Install the npm lock of `source` below `folder`, unless it already is; returns the path of `node_modules`."""
    installed = folder / "node_modules"
    # npm writes this file last.
    if (installed / ".package-lock.json").exists() and filecmp.cmp(source / NPM_LOCK, folder / NPM_LOCK, shallow=False):
        return installed
    folder.mkdir(parents=True, exist_ok=True)
    for name in (NPM_LOCK, "package.json"):
        shutil.copy2(source / name, folder)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=folder, check=False).returncode != 0:
        raise UserError("npm ci failed, with the error above. A first run needs npm's registry.")
    return installed


def program(name: str) -> str:
    """The path of this environment's `node` or `npm`."""
    return str(Path(sys.prefix) / "bin" / name)


def stamp_of(environment: Path) -> str:
    """The hash of the requirements in the environment; empty if the installation is incomplete."""
    stamp = environment / STAMP
    return stamp.read_text(encoding="utf-8") if stamp.exists() else ""


def _uv(*arguments: str) -> None:
    advice = "Run this as a nox session, which provides uv."
    done = processes.run([os.environ.get("UV", "uv"), *arguments, "--quiet"], missing=advice)
    if done.returncode != 0:
        raise UserError(f"uv {arguments[0]} failed: {processes.last_line(done.stderr)}\n{FIRST_RUN}")
