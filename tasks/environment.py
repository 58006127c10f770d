"""Installs a session's locked requirements."""

import hashlib
import os
from pathlib import Path

import nox
from nox.command import CommandFailed

LOCKS = Path("requirements")
# A folder for the environments of all projects, where they cannot be in `.nox`: a container that shares the project's
# folder with its host has another Python.
ELSEWHERE = os.environ.get("SLIPWAY_ENVIRONMENTS")

if ELSEWHERE:
    nox.options.envdir = str(Path(ELSEWHERE, *Path.cwd().parts[1:]))


def install(session: nox.Session, lock: str) -> None:
    """Install `requirements/<lock>.txt`, hashes checked, unless this environment has exactly it already."""
    requirements = LOCKS / f"{lock}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = Path(session.virtualenv.location) / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    try:
        session.install("--require-hashes", "-r", str(requirements))
    except CommandFailed:
        session.error(
            f"could not install {requirements} (uv says why above); "
            "a first run needs PyPI, or the index that uv is configured for"
        )
    stamp.write_text(digest)
