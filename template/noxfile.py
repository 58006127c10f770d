# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]==2026.10.20"]
# ///
"""The sessions of this project; `nox -s dev` runs the application, `nox -t check` runs every check.

Without nox, `python3 noxfile.py -s dev` does the same. Add the team's own sessions below.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tasks.core import bootstrap

if __name__ == "__main__":
    bootstrap.run(__file__)

import nox

from tasks.sessions import project

__all__ = ["project"]

nox.needs_version = ">=2026.8.17"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = []
