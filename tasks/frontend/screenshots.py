"""The command behind `nox -s screenshots`: pictures of each page, from the application with seeded data."""

import argparse
import json
import os
import re
import subprocess
from pathlib import Path

from tasks.core import environments, processes
from tasks.core.errors import UserError
from tasks.frontend import e2e
from tasks.frontend.node import install
from tasks.frontend.pages import PICTURES, missing, pages
from tasks.project.services import BACKEND

SEED = "shared.database.seed"
LOG_IN = re.compile(r"Log in as (\S+) with the password: (.+)")


def main() -> str | None:
    """Write a picture of each page in src/frontend/pictures/: light, dark and on a phone; delete those of no page."""
    project = Path.cwd()
    known = pages(project)
    parser = argparse.ArgumentParser(prog="nox -s screenshots --", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these pages: {', '.join(known)}")
    names = parser.parse_args().names or [*known]
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no page has the name {', '.join(unknown)}; the names are: {', '.join(known)}")
    node = install(project)
    own = {"CHROMIUM": e2e.chromium(), "PAGES": json.dumps({name: known[name] for name in names})}
    e2e.build(node)
    with e2e.running(project) as urls:
        email, password = seed(project, urls["DATABASE_URL"])
        environment = {**node.environment, **own, **urls, "EMAIL": email, "PASSWORD": password}
        command = node.program("playwright", "test", "--config=e2e/pictures.config.ts")
        done = subprocess.run(command, cwd=node.folder, env=environment, check=False)
    for path in map(Path, missing(project)):
        path.unlink(missing_ok=True)
    if done.returncode != 0:
        return f"screenshots: failed; traces are in {e2e.TRACES}"
    print(f"Wrote {PICTURES}/.")
    return None


def seed(project: Path, database_url: str) -> tuple[str, str]:
    """Fill the database with people; returns the address and the password of one of them."""
    python = environments.separate("dev") / "bin/python"
    environment = {**os.environ, "DATABASE_URL": database_url, "PYTHONPATH": str(project / BACKEND)}
    done = processes.run([python, "-m", SEED], cwd=project, env=environment)
    found = LOG_IN.search(done.stdout)
    if not found:
        raise UserError(f"The database cannot be seeded: {processes.last_line(done.stderr)}")
    return found[1], found[2]
