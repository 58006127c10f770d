"""Writes a migration for what the models have and the migrations lack."""

import argparse
import re
import shutil
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.operations.ops import AddColumnOp, ModifyTableOps

from tasks.core.errors import UserError
from tasks.database.migrations.runner import configuration, plainly, require_one_head, scripts
from tasks.database.migrations.scratch import scratch_database
from tasks.servers import temporary

# Of a migration's file name: year, month, day, hour and minute, as `file_template` in pyproject.toml has it.
DATE_PARTS = 4


def main() -> None:
    """Write a migration that brings the database to the models as they are now."""
    parser = argparse.ArgumentParser(prog="nox -s migration --", description=main.__doc__)
    parser.add_argument("message", nargs="+", help='what it does: "add colour to projects"')
    arguments = parser.parse_args()
    try:
        with temporary() as servers, scratch_database(servers.database_url) as url:
            written = generate(" ".join(arguments.message), url)
    except UserError as error:
        sys.exit(str(error))
    if written is None:
        print("Nothing to generate: the migrations have all that the models have.")
    else:
        print(f"Wrote {written.path}", *written.cautions, sep="\n")
        print("Look it over, then: nox -s db_check, nox -s migrate")


@dataclass(frozen=True)
class Written:
    """A new migration's file, and what will not work as it is."""

    path: Path
    cautions: list[str]


def generate(message: str, url: str) -> Written | None:
    """The new migration; None when there is nothing to migrate. Brings the database at `url` to the newest."""
    if not message.strip():
        raise UserError(
            'The message is empty; say what the migration does: nox -s migration -- "add colour to projects"'
        )
    config = configuration(url)
    require_one_head(scripts(config))
    cautions: list[str] = []
    look = partial(_look_over, cautions)
    with plainly():
        command.upgrade(config, "head")
        made = command.revision(config, message.strip(), autogenerate=True, process_revision_directives=look)
    if made is None or isinstance(made, list):
        return None
    path = _plainly_named(Path(made.path), message, made.revision).relative_to(Path.cwd())
    _format(path)
    return Written(path, cautions)


def _look_over(cautions: list[str], *hook: Any) -> None:
    """Alembic's hook for what is to be written, which is the last argument."""
    directives: list[Any] = hook[-1]
    operations = directives[0].upgrade_ops_list
    if all(each.is_empty() for each in operations):
        directives.clear()
    tables = [table for each in operations for table in each.ops if isinstance(table, ModifyTableOps)]
    cautions += [
        f"{added.table_name}.{added.column.name} cannot be empty, but what is in the table has no value for it:\n"
        "give it a server_default in the model, or let it be empty until every row has one."
        for table in tables
        for added in table.ops
        if isinstance(added, AddColumnOp) and not added.column.nullable and added.column.server_default is None
    ]


def _plainly_named(path: Path, message: str, revision: str) -> Path:
    """The file under a name in ASCII, as not every tool and file system takes others."""
    if path.name.isascii():
        return path
    letters = unicodedata.normalize("NFKD", message.lower()).encode("ascii", "ignore").decode()
    slug = "_".join(re.findall(r"[a-z0-9]+", letters)) or revision
    date = "_".join(path.stem.split("_")[:DATE_PARTS])
    return path.rename(path.with_name(f"{date}_{slug}.py"))


def _format(path: Path) -> None:
    """As `lint` wants it."""
    ruff = shutil.which("ruff")
    if ruff:
        subprocess.run([ruff, "format", "--quiet", path], check=False)


if __name__ == "__main__":
    main()
