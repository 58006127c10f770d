"""Installs a session's locked requirements."""

import hashlib
import os
import re
import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

LOCKS = Path("requirements")
# A folder for the environments of all projects, where they cannot be in `.nox`: a container that shares the project's
# folder with its host has another Python.
ELSEWHERE = os.environ.get("SLIPWAY_ENVIRONMENTS")

FIRST_RUN = "A first run needs PyPI, or the index that uv is configured for"
# What uv says of what it cannot get: the environment, an error, and its causes down to the innermost.
CAUSE = re.compile(r"^ +(?:cause|Caused by): (.+)$", re.MULTILINE)
SINGLE_ERROR = re.compile(r"(?:Using Python .+\n)?error: (?P<error>.+)(?P<causes>(?:\n +(?:cause|Caused by): .+)*)")

if ELSEWHERE:
    nox.options.envdir = str(Path(ELSEWHERE, *Path.cwd().parts[1:]))


def install(session: nox.Session, lock: str, *, compile_bytecode: bool = False) -> None:
    """Install `requirements/<lock>.txt`, hashes checked, unless this environment has exactly it already.

    `compile_bytecode` compiles all of it at once, on every core: for what is imported by many processes that start
    together, each of which would compile it again, as all processes do, always, with PYTHONDONTWRITEBYTECODE.
    """
    requirements = LOCKS / f"{lock}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = Path(session.virtualenv.location) / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    log = Path(session.virtualenv.location) / "install.log"
    env = {"UV_COMPILE_BYTECODE": str(int(compile_bytecode or sys.dont_write_bytecode))}
    try:
        with log.open("w", encoding="utf-8") as output:
            session.install("--require-hashes", "-r", str(requirements), env=env, silent=False, stdout=output)
    except CommandFailed:
        session.error(f"could not install {requirements}: {_reason(log)}")
    # With --no-install nox leaves an environment that is there as it is, and says so nowhere.
    if log.stat().st_size:
        stamp.write_text(digest)


def _reason(log: Path) -> str:
    """All that uv said, unless that is one error and the chain of its causes, as without a network: then its ends."""
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    found = SINGLE_ERROR.fullmatch(said)
    if found is None:
        return f"uv says:\n{said}\n{FIRST_RUN}"
    reason = ": ".join([found["error"], *CAUSE.findall(found["causes"])[-1:]])
    return f"{reason}\n{FIRST_RUN}; uv's words: {os.path.relpath(log)}"
