"""The sessions by subject; importing a module registers its sessions."""

import os
from pathlib import Path

import nox

from tasks.core import bootstrap

bootstrap.drop_variables()
# A folder for the environments of all projects, for containers that share the project's folder, and so its `.nox`, with
# a host that has another Python.
folder = os.environ.get("SLIPWAY_ENVIRONMENTS")
is_read_only = not any(os.access(place, os.W_OK) for place in (".nox", "."))
if folder or is_read_only:
    nox.options.envdir = str(Path(folder or bootstrap.cache() / "environments", *Path.cwd().parts[1:]))
if is_read_only:
    os.environ |= {"COVERAGE_FILE": f"{nox.options.envdir}/coverage", "MYPY_CACHE_DIR": os.devnull}
    os.environ |= {"PYTEST_ADDOPTS": "-p no:cacheprovider", "RUFF_NO_CACHE": "true"}
