"""Lets squawk judge the SQL of every migration: what would lock or rewrite a table that is in use."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import Script

from tasks.core.errors import UserError
from tasks.database.migrations.runner import configuration, plainly, scripts

CONFIG = Path(".squawk.toml")


def hazards(_server_url: str) -> None:
    """Raise a UserError with what squawk found, each with the migration's name."""
    with tempfile.TemporaryDirectory() as scratch:
        written = {_write_sql(script, Path(scratch)): script for script in scripts(configuration()).walk_revisions()}
        if not written:
            return
        # Its output for people has colours and links even in a pipe, and names the files written here.
        squawk = ["squawk", f"--config={CONFIG.absolute()}", "--reporter=json", *written]
        done = subprocess.run(squawk, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        if not done.stdout.startswith("["):
            raise UserError(done.stderr.strip() or f"squawk ended with {done.returncode} and no word")
        texts = {name: Path(scratch, name).read_text(encoding="utf-8").splitlines() for name in written}
    found = json.loads(done.stdout)
    raise UserError("\n".join(_told(each, written[each["file"]], texts[each["file"]]) for each in found))


def _told(found: dict[str, Any], script: Script, sql: list[str]) -> str:
    """What squawk found, below the migration's own file and with the line of SQL."""
    lines = [f"{os.path.relpath(script.path)}: {found['rule_name']}", sql[found["line"]].strip(), found["message"]]
    if found["help"]:
        lines.append(found["help"])
    return "\n  ".join(lines)


def _write_sql(script: Script, folder: Path) -> str:
    """Write the SQL of one upgrade as it is run, in its transaction and with its timeouts; returns the file's name."""
    name = f"{Path(script.path).stem}.sql"
    with (folder / name).open("w", encoding="utf-8") as sql, plainly():
        command.upgrade(configuration(sql_to=sql), f"{script.down_revision or 'base'}:{script.revision}", sql=True)
    return name
