"""Writes a migration for what the models have and the migrations lack."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from alembic import command

from tasks.migrations.runner import configuration, plainly, require_one_head, scripts
from tasks.migrations.scratch import scratch_database
from tasks.servers import temporary
from tasks.trouble import Trouble


def main() -> None:
    """Write a migration that brings the database to the models as they are now."""
    parser = argparse.ArgumentParser(prog="nox -s migration --", description=main.__doc__)
    parser.add_argument("message", nargs="+", help='what it does: "add colour to projects"')
    arguments = parser.parse_args()
    try:
        with temporary() as servers, scratch_database(servers.database_url) as url:
            path = generate(" ".join(arguments.message), url)
    except Trouble as trouble:
        sys.exit(str(trouble))
    if path is None:
        print("Nothing to generate: the migrations have all that the models have.")
    else:
        print(f"Wrote {path}\nLook it over, then: nox -s db_check, nox -s migrate")


def generate(message: str, url: str) -> Path | None:
    """The new migration's file; None when there is nothing to migrate. Brings the database at `url` to the newest."""
    if not message.strip():
        raise Trouble('The message is empty; say what the migration does: nox -s migration -- "add colour to projects"')
    config = configuration(url)
    require_one_head(scripts(config))
    with plainly():
        command.upgrade(config, "head")
        made = command.revision(config, message.strip(), autogenerate=True, process_revision_directives=_none_if_empty)
    if made is None or isinstance(made, list):
        return None
    path = Path(made.path).relative_to(Path.cwd())
    _format(path)
    return path


def _none_if_empty(*hook: Any) -> None:
    """Alembic's hook for what is to be written, which is the last argument."""
    directives: list[Any] = hook[-1]
    if all(each.is_empty() for each in directives[0].upgrade_ops_list):
        directives.clear()


def _format(path: Path) -> None:
    """As `lint` wants it."""
    ruff = shutil.which("ruff")
    if ruff:
        subprocess.run([ruff, "format", "--quiet", path], check=False)


if __name__ == "__main__":
    main()
