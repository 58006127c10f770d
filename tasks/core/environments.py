"""Environments with the packages of a lock file.

nox is imported for types only, since checks call `separate` in environments without nox.
"""

from __future__ import annotations

import hashlib
import os
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
FIRST_RUN = "The first run needs PyPI, or the index that uv is configured for."
# Checks run in threads, and two of them may need the same environment.
_one_at_a_time = Lock()


def install(session: nox.Session, lock: str, *, compile_bytecode: bool = False) -> None:
    """Install `requirements/<lock>.txt` with hashes checked, unless the session's environment is up to date.

    `compile_bytecode` compiles it at once, on all cores: for packages that many processes import as they start
    together. With PYTHONDONTWRITEBYTECODE, each of them would compile them again.
    """
    requirements = LOCKS / f"{lock}.txt"
    stamp = Path(session.virtualenv.location) / STAMP
    if stamp.exists() and stamp.read_text(encoding="utf-8") == digest(requirements):
        return
    stamp.unlink(missing_ok=True)
    log = stamp.with_name("install.log")
    env = {"UV_COMPILE_BYTECODE": str(int(compile_bytecode or sys.dont_write_bytecode))}
    try:
        with log.open("w", encoding="utf-8") as output:
            session.install("--require-hashes", "-r", str(requirements), env=env, silent=False, stdout=output)
    except Exception:
        session.warn(f"Cannot install {requirements}:\n{log.read_text(encoding='utf-8').strip()}\n{FIRST_RUN}")
        raise
    # With --no-install, nox silently leaves an existing environment as it is.
    if log.stat().st_size:
        stamp.write_text(digest(requirements), encoding="utf-8")


def separate(lock: str) -> Path:
    """Create or update an environment inside the current one, for requirements that conflict with it."""
    requirements = LOCKS / f"{lock}.txt"
    if not requirements.exists():
        raise UserError(f"{requirements} is missing. Create it: nox -s lock")
    environment = Path(sys.prefix) / "others" / lock
    with _one_at_a_time:
        for command in (
            ("venv", "--allow-existing", f"--python={sys.executable}", str(environment)),
            ("pip", "sync", f"--python={environment}", "--require-hashes", str(requirements)),
        ):
            missing = "Run this as a nox session, which provides uv."
            done = processes.run([os.environ.get("UV", "uv"), *command, "--quiet"], missing=missing)
            if done.returncode != 0:
                raise UserError(f"uv {command[0]} failed: {processes.last_line(done.stderr)}\n{FIRST_RUN}")
    return environment


def digest(requirements: Path) -> str:
    """The content of a session environment's stamp if it has the packages of this lock file."""
    return hashlib.sha256(requirements.read_bytes()).hexdigest()
