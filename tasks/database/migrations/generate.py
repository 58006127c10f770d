"""The command behind `nox -s migration`."""

import argparse
import re
import unicodedata
from pathlib import Path
from typing import Any

from alembic import command

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.database.migrations.runner import check_heads, configuration, history, report_errors, scratch_database
from tasks.servers import temporary

NEXT = "Review it, then run: nox -s db_check, nox -s migrate"


def main() -> None:
    """Generate a migration from the current database schema to that of the models."""
    parser = argparse.ArgumentParser(prog="nox -s migration --", description=main.__doc__)
    parser.add_argument("message", nargs="*", help='what it does: "add colour to projects"')
    parser.add_argument("--merge", action="store_true", help="join the newest migrations of several branches")
    arguments = parser.parse_args()
    message = " ".join(arguments.message).strip()
    if arguments.merge:
        print(*merge(message or "merge branches"), sep="\n")
        return
    if not message:
        parser.error('the message is empty; give one: nox -s migration -- "add colour to projects"')
    with temporary() as servers, scratch_database(servers.database_url) as url:
        print(*generate(message, url), sep="\n")


@report_errors()
def merge(message: str) -> list[str]:
    """Write a migration that follows all heads, and return the lines to print."""
    config = configuration()
    if sum(script.is_head for script in history(config)) < 2:
        return ["Nothing to merge: there are not several heads."]
    return [_finish(command.merge(config, "heads", message)), NEXT]


@report_errors()
def generate(message: str, url: str) -> list[str]:
    """Migrate the database to the newest revision, write what the models add, and return the lines to print."""
    config = configuration(url)
    check_heads(config)
    command.upgrade(config, "head")
    written = command.revision(config, message, autogenerate=True)
    is_written = written is not None and not isinstance(written, list)
    lines = [_finish(written), *config.attributes["warnings"]] if is_written else []
    different = config.attributes["differences"] = {}
    command.upgrade(config, "head")
    if different and not is_written:
        raise UserError("\n  ".join(["Nothing was generated. Correct what is rejected in the models:", *different]))
    if not is_written:
        return ["Nothing to generate: the migrations match the models."]
    if different:
        lines += ["Alembic cannot generate the rest; add it to the file:", *different]
    return [*lines, NEXT]


def _finish(script: Any) -> str:
    """Tidy a new migration; its name becomes ASCII, as not every tool and file system accepts others."""
    path = Path(script.path)
    if not path.name.isascii():
        stem = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode().strip("_")
        path = path.rename(path.with_name(f"{stem}{'' if re.search('[a-z]', stem) else f'_{script.revision}'}.py"))
    # Such as unused imports.
    processes.output("ruff", "check", "--quiet", "--fix", "--exit-zero", path)
    processes.output("ruff", "format", "--quiet", path)
    return f"Wrote {path.relative_to(Path.cwd())}"
