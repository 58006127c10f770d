"""The command behind `nox -s migration`."""

import argparse
import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.operations.ops import AddColumnOp, ModifyTableOps

from tasks.core import cli, processes
from tasks.database.migrations.runner import check_heads, configuration, report_errors, scratch_database, scripts
from tasks.servers import temporary


def main() -> None:
    """Generate a migration from the current database schema to that of the models."""
    parser = argparse.ArgumentParser(prog="nox -s migration --", description=main.__doc__)
    parser.add_argument("message", nargs="+", help='what it does: "add colour to projects"')
    message = " ".join(parser.parse_args().message).strip()
    if not message:
        parser.error('the message is empty; give one: nox -s migration -- "add colour to projects"')
    with temporary() as servers, scratch_database(servers.database_url) as url:
        print(*generate(message, url), sep="\n")


@report_errors()
def generate(message: str, url: str) -> list[str]:
    """Migrate the database to the newest revision, write what the models add, and return the lines to print."""
    config = configuration(url)
    check_heads(scripts(config))
    warnings: list[str] = []
    command.upgrade(config, "head")
    review = partial(_review, warnings)
    written = command.revision(config, message, autogenerate=True, process_revision_directives=review)
    if written is None or isinstance(written, list):
        return ["Nothing to generate: the migrations match the models."]
    path = _with_ascii_name(Path(written.path), written.revision).relative_to(Path.cwd())
    processes.output("ruff", "format", "--quiet", path)
    return [f"Wrote {path}", *warnings, "Review it, then run: nox -s db_check, nox -s migrate"]


def _review(warnings: list[str], _context: object, _revision: object, directives: list[Any]) -> None:
    """Alembic's hook before the file is written: drop an empty migration, and collect warnings."""
    operations = directives[0].upgrade_ops_list
    if all(each.is_empty() for each in operations):
        directives.clear()
    tables = [table for each in operations for table in each.ops if isinstance(table, ModifyTableOps)]
    warnings += [
        f"{added.table_name}.{added.column.name} is NOT NULL, but existing rows have no value for it.\n"
        "Give it a server_default in the model, or make it nullable until every row has a value."
        for table in tables
        for added in table.ops
        if isinstance(added, AddColumnOp) and not added.column.nullable and added.column.server_default is None
    ]


def _with_ascii_name(path: Path, revision: str) -> Path:
    """The file, renamed to ASCII if necessary, as not every tool and file system accepts other names."""
    if path.name.isascii():
        return path
    stem = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().strip("_")
    return path.rename(path.with_name(f"{stem}.py" if re.search("[a-z]", stem) else f"{stem}_{revision}.py"))


if __name__ == "__main__":
    cli.run(main)
