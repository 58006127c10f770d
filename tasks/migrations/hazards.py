"""Lets squawk judge the SQL of every migration: what would lock or rewrite a table that is in use."""

import subprocess
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import Script

from tasks.migrations.runner import configuration, plainly, scripts
from tasks.trouble import Trouble

CONFIG = Path(".squawk.toml")


def hazards(_server_url: str) -> None:
    """Raise a Trouble with what squawk found, each with the migration's name."""
    with tempfile.TemporaryDirectory() as scratch:
        names = [_write_sql(script, Path(scratch)) for script in scripts(configuration()).walk_revisions()]
        if not names:
            return
        squawk = ["squawk", f"--config={CONFIG.absolute()}", *names]
        done = subprocess.run(squawk, cwd=scratch, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{done.stdout}{done.stderr}".strip() or f"squawk ended with {done.returncode} and no word")


def _write_sql(script: Script, folder: Path) -> str:
    """Write the SQL of one upgrade as it is run, in its transaction and with its timeouts; returns the file's name."""
    name = f"{Path(script.path).stem}.sql"
    with (folder / name).open("w", encoding="utf-8") as sql, plainly():
        command.upgrade(configuration(sql_to=sql), f"{script.down_revision or 'base'}:{script.revision}", sql=True)
    return name
