"""Environments with exactly the packages of a lock, stamped with its hash, and the packages of npm locks.

nox is imported for types only, since checks call `separate` in environments without nox.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from tasks.core import processes
from tasks.core.errors import UserError

if TYPE_CHECKING:
    import nox

LOCKS = Path("requirements")
# A check that skips something creates this file in its environment, so that its pass counts only for a short time.
INCOMPLETE = "incomplete"
STAMP = "requirements.sha256"
NPM_LOCK = "package-lock.json"
NPM_STAMP = ".slipway"
# With fewer and shorter pauses than npm's before a failure of the network is an error.
NPM_CI = (
    *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--no-progress"),
    *("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"),
)
NPM_FIRST_RUN = "The first run downloads packages: check access to npm's registry."
SYNC = ("pip", "sync", "--require-hashes", "--allow-empty-requirements")
FIRST_RUN = "The first run needs PyPI, or the index that uv is configured for."
# Checks run in threads, and two of them may need the same environment.
_one_at_a_time = Lock()


def install(session: nox.Session, lock: str, *, compile_bytecode: bool = False) -> None:
    """Install `requirements/<lock>.txt` with hashes checked, unless the session's environment is up to date.

    `compile_bytecode` compiles it at once, on all cores: for packages that many processes import as they start
    together. With PYTHONDONTWRITEBYTECODE, each of them would compile them again.
    """
    requirements, environment = LOCKS / f"{lock}.txt", Path(session.virtualenv.location)
    if not requirements.exists():
        session.error(f"{requirements} is missing. Add {lock} to [tool.slipway.locks] in pyproject.toml: nox -s lock")
    if stamp_of(environment) == stamp(requirements, environment):
        return
    log = environment / "install.log"
    if log.exists() and not is_in_place(environment):
        session.run_install("uv", "venv", "--quiet", "--clear", f"--python={environment}", str(environment))
    (environment / STAMP).unlink(missing_ok=True)
    env = {"UV_COMPILE_BYTECODE": str(int(compile_bytecode or sys.dont_write_bytecode))}
    try:
        with log.open("w", encoding="utf-8") as output:
            done = session.run_install("uv", *SYNC, str(requirements), env=env, stdout=output)
    except Exception:
        session.warn(f"Cannot install {requirements}:\n{log.read_text(encoding='utf-8').strip()}\n{FIRST_RUN}")
        raise
    # With --no-install, nox silently leaves an existing environment as it is.
    if done is not None:
        (environment / STAMP).write_text(stamp(requirements, environment), encoding="utf-8")


def separate(lock: str) -> Path:
    """An environment inside the current one, for a tool whose requirements conflict with it; created or updated.

    UserError if uv cannot install the lock.
    """
    requirements, environment = LOCKS / f"{lock}.txt", Path(sys.prefix) / "others" / lock
    if not requirements.exists():
        raise UserError(f"{requirements} is missing. Create it: nox -s lock")
    with _one_at_a_time:
        if stamp_of(environment) != stamp(requirements, environment):
            synchronize(environment, requirements)
    return environment


def synchronize(environment: Path, requirements: Path, *options: str) -> None:
    """Make an environment equal a lock; create it again if it is broken or has moved. UserError if uv cannot do it."""
    python = environment / "bin" / "python"
    if not is_in_place(environment) or processes.output(python, "-c", "") is None:
        _uv("venv", "--clear", f"--python={sys.executable}", str(environment))
    (environment / STAMP).unlink(missing_ok=True)
    _uv(*SYNC, f"--python={python}", *options, str(requirements))
    (environment / STAMP).write_text(stamp(requirements, environment), encoding="utf-8")


def stamp(requirements: Path, environment: Path) -> str:
    """The content of an environment's stamp: the lock, its hash, and the folder, which scripts contain."""
    return f"{requirements} {hashlib.sha256(requirements.read_bytes()).hexdigest()} {environment.resolve()}"


def is_in_place(environment: Path) -> bool:
    """Whether the environment was made in this folder, rather than moved or copied to it."""
    return stamp_of(environment).endswith(f" {environment.resolve()}")


def is_exact(environment: Path) -> bool:
    """Whether the environment is in place and has the packages of its lock, and no other."""
    lock = Path(stamp_of(environment).partition(" ")[0])
    if not lock.is_file() or stamp_of(environment) != stamp(lock, environment):
        return False
    check = (sys.executable, "-m", "uv", *SYNC, "--check", "--offline", f"--python={environment}", str(lock))
    return processes.output(*check) is not None


def install_npm(source: Path, folder: Path, npm: Sequence[str] = ()) -> Path:
    """Install the npm lock of `source` in `folder`, unless it already is; returns the path of `node_modules`.

    `npm` is the command line of another npm than this environment's. UserError if npm cannot install the lock.
    """
    installed = folder / "node_modules"
    # Packages may have programs for this platform, and a devcontainer shares the folder with its host.
    text = f"{sys.platform} {platform.machine()} {hashlib.sha256((source / NPM_LOCK).read_bytes()).hexdigest()}"
    if (installed / NPM_STAMP).exists() and (installed / NPM_STAMP).read_text(encoding="utf-8") == text:
        return installed
    folder.mkdir(parents=True, exist_ok=True)
    for name in (NPM_LOCK, "package.json") if source != folder else ():
        shutil.copy2(source / name, folder)
    done = processes.run([*(npm or [program("npm")]), *NPM_CI], cwd=folder)
    if done.returncode != 0:
        raise UserError(f"npm ci failed in {folder}: {_npm_error(done.stderr)}.\n{NPM_FIRST_RUN}")
    # npm ci removes the folder before it writes to it, so that an interrupted one leaves no stamp.
    (installed / NPM_STAMP).write_text(text, encoding="utf-8")
    return installed


def _npm_error(output: str) -> str:
    """The reason in npm's errors: that of a failed request, else the first that is no error code."""
    lines = [line.removeprefix("npm error ") for line in output.splitlines() if line.startswith("npm error ")]
    reasons = [line.partition("reason: ")[2] for line in lines if "reason: " in line]
    found = reasons or [line for line in lines if line.strip() and not line.startswith(("code ", "errno "))]
    return (found or ["no output"])[0].rstrip(".")


def program(name: str) -> str:
    """The path of a program of this environment."""
    return str(Path(sys.prefix) / "bin" / name)


def stamp_of(environment: Path) -> str:
    """The stamp of the environment; empty if the installation is incomplete."""
    path = environment / STAMP
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _uv(*arguments: str) -> None:
    advice = "Run this as a nox session, which provides uv."
    done = processes.run([os.environ.get("UV", "uv"), *arguments, "--quiet"], missing=advice)
    if done.returncode != 0:
        raise UserError(f"uv {arguments[0]} failed: {done.stderr.strip()}\n{FIRST_RUN}")
