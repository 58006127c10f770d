"""Makes environments for what cannot be in the session's own: tools that need other versions, the application."""

import hashlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from threading import Lock

from tasks.core.errors import UserError

FOLDER = Path(sys.prefix) / "others"
# Checks run side by side, and two may want the same one.
_one_at_a_time = Lock()


def environment(lock: str) -> Path:
    """The environment with exactly what this lock has, made if it is not there."""
    requirements = Path("requirements") / f"{lock}.txt"
    if not requirements.exists():
        raise UserError(f"{requirements} is missing; run nox -s lock.")
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    place = FOLDER / lock
    stamp = place / "requirements.sha256"
    with _one_at_a_time:
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
            _fill(place, requirements)
            stamp.write_text(digest, encoding="utf-8")
    return place


def _fill(place: Path, requirements: Path) -> None:
    options = ("--compile-bytecode", "--no-deps", "--require-hashes", f"--requirements={requirements}")
    _uv("venv", "--clear", f"--python={sys.executable}", str(place))
    _uv("pip", "install", f"--python={place}", *options)


def scripts(place: Path) -> str:
    """Where the environment's programs are."""
    return sysconfig.get_path("scripts", vars={"base": str(place), "platbase": str(place)})


def _uv(*arguments: str) -> None:
    try:
        done = subprocess.run(
            [os.environ.get("UV", "uv"), *arguments, "--quiet"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise UserError("uv is not here; run this as a session, which brings it: nox -s security") from None
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise UserError(f"uv cannot {' '.join(arguments[:2])} what the locks have: {' '.join(said[:2])}")
