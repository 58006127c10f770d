"""The rows of `nox -s doctor` for the frontend."""

import shutil
from pathlib import Path

from tasks.core.environments import NPM_STAMP
from tasks.frontend.e2e import CHROMIUM, GET_CHROMIUM
from tasks.frontend.node import FOLDER


def rows(project: Path) -> list[tuple[str, str, str]]:
    """Subject, finding and remedy, if one is needed, of the packages and of a browser for tests."""
    modules = project / FOLDER / "node_modules"
    packages = "installed" if (modules / NPM_STAMP).exists() else "not installed yet: nox -s dev does"
    browser = next(filter(None, map(shutil.which, CHROMIUM)), "")
    return [
        ("Node.js", f"from its wheel; packages {packages}", ""),
        ("Chromium", browser or "missing (nox -s e2e)", "" if browser else GET_CHROMIUM),
    ]
