"""The sessions by subject; importing a module registers its sessions."""

import os
from pathlib import Path

import nox

# A folder for the environments of all projects, for containers that share the project's folder, and so its `.nox`, with
# a host that has another Python.
if folder := os.environ.get("SLIPWAY_ENVIRONMENTS"):
    nox.options.envdir = str(Path(folder, *Path.cwd().parts[1:]))
