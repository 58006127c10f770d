"""Checks migrations on real PostgreSQL: the command behind `nox -s db_check`."""

import argparse
import json
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import Script

from tasks.core import processes
from tasks.core.console import count, print_result
from tasks.core.errors import UserError
from tasks.database.migrations import runner
from tasks.database.operations import run_client, url_parts
from tasks.servers import temporary

SQUAWK_CONFIG = Path(".squawk.toml")
LOSSES = {
    "ban-drop-column": "Its values are lost. To rename it: op.alter_column(table, name, new_column_name=…)",
    "ban-drop-table": "Its rows are lost. To rename it: op.rename_table(name, new_name)",
}
DUMP = ("--schema-only", "--no-owner", "--no-privileges", "--exclude-table=alembic_version", "--restrict-key=none")


def main() -> int:
    """Check the migrations in empty databases on a temporary server, or on the server of DATABASE_URL."""
    parser = argparse.ArgumentParser(prog="nox -s db_check --", description=main.__doc__)
    parser.add_argument("--only", action="append", choices=CHECKS, help="run this check only; may be repeated")
    chosen = parser.parse_args().only or list(CHECKS)
    scope = count(len(runner.history(runner.configuration())), "migration")
    failed = []
    with temporary() as servers:
        for name in chosen:
            failure = None
            try:
                CHECKS[name](servers.database_url)
            except UserError as error:
                failure = str(error)
                failed.append(name)
            print_result(name, scope, failure)
    if failed:
        print(f"db_check: {count(len(failed), 'check')} of {len(chosen)} failed: {', '.join(failed)}")
    return int(bool(failed))


def heads(_server_url: str) -> None:
    """There is one newest migration."""
    runner.check_heads(runner.configuration())


@runner.report_errors()
def steps(server_url: str) -> None:
    """Every migration can be applied, undone and applied again; a downgrade restores the former schema."""
    with runner.scratch_database(server_url) as url:
        config = runner.configuration(url)
        # Creates the extensions, which no migration drops.
        command.current(config)
        before = schema(url)
        for script in runner.history(config):
            runner.run_step(config, script)
            runner.run_step(config, script, is_upgrade=False)
            undone = schema(url)
            if undone != before:
                lines = [f"{runner.title(script)}: its downgrade does not undo its upgrade"]
                lines += [f"  left behind: {statement}" for statement in sorted(undone - before)]
                lines += [f"  lost: {statement}" for statement in sorted(before - undone)]
                raise UserError("\n".join([*lines, f"  {os.path.relpath(script.path)}"]))
            runner.run_step(config, script)
            before = schema(url)


@runner.report_errors()
def models(server_url: str) -> None:
    """The migrations create exactly what the models declare."""
    with runner.scratch_database(server_url) as url:
        config = runner.configuration(url)
        different = config.attributes["differences"] = {}
        command.upgrade(config, "heads")
    if different:
        advice = 'The models need a migration. Generate it: nox -s migration -- "what it does"'
        raise UserError("\n  ".join([advice, *different]))


@runner.report_errors()
def hazards(server_url: str) -> None:
    """No migration locks or rewrites a table in use, or drops data unconfirmed, as far as squawk can find."""
    with runner.scratch_database(server_url) as url, tempfile.TemporaryDirectory() as folder:
        config = runner.configuration(url)
        sql = {
            f"{Path(script.path).stem}.sql": (script, runner.run_step(config, script))
            for script in runner.history(config)
        }
        if not sql:
            return
        for name, (_, lines) in sql.items():
            Path(folder, name).write_text("\n".join(lines), encoding="utf-8")
        # Squawk's output for people has colours even in a pipe, and names the files written here.
        done = processes.run(["squawk", f"--config={SQUAWK_CONFIG.absolute()}", "--reporter=json", *sql], cwd=folder)
    if done.returncode != 0 and not done.stdout.startswith("["):
        raise UserError(f"squawk failed: {processes.last_line(done.stderr)}")
    if found := [_hazard(each, *sql[each["file"]]) for each in json.loads(done.stdout)]:
        raise UserError("\n".join(found))


CHECKS: dict[str, Callable[[str], None]] = {"heads": heads, "steps": steps, "models": models, "hazards": hazards}


def schema(url: str) -> set[str]:
    """The statements that create the schema, regardless of the order of a table's columns."""
    dump = run_client("pg_dump", url_parts(url), *DUMP)
    text = re.sub(r"^(--|SET |\\|SELECT pg_catalog\.set_config).*$", "", dump, flags=re.MULTILINE)
    return {_normalized(statement.strip()) for statement in re.split(r";\n\n+", text) if statement.strip()}


def _normalized(statement: str) -> str:
    """The statement in one line, the columns and constraints of a table sorted."""
    lines = [line.strip().rstrip(",") for line in statement.splitlines()]
    if not statement.startswith("CREATE TABLE"):
        return " ".join(lines)
    return " ".join([lines[0], ", ".join(sorted(lines[1:-1])), lines[-1]])


def _hazard(found: dict[str, Any], script: Script, sql: list[str]) -> str:
    """A finding of squawk: the migration's file, the rule, the line of SQL and the advice."""
    rule = found["rule_name"]
    lines = [f"{os.path.relpath(script.path)}: {rule}", sql[found["line"]].strip(), found["message"], found["help"]]
    confirmation = f'If it is intended, add before it: op.execute("-- squawk-ignore {rule}")'
    return "\n  ".join(filter(None, [*lines, LOSSES.get(rule), confirmation]))
