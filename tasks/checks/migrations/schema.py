"""Takes down a database's schema so that two can be compared."""

import re
import subprocess

from tasks.core.errors import UserError
from tasks.servers.postgres import program

DUMP = ("--schema-only", "--no-owner", "--exclude-table=alembic_version", "--restrict-key=none")


def schema(url: str) -> set[str]:
    """The statements that would make the schema anew; the order of columns in a table does not count."""
    done = subprocess.run([program("pg_dump"), *DUMP, url], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"pg_dump cannot read the schema: {done.stderr.strip().splitlines()[0]}")
    text = re.sub(r"^(--|SET |\\|SELECT pg_catalog\.set_config).*$", "", done.stdout, flags=re.MULTILINE)
    return {_ordered(statement) for statement in re.split(r";\n\n+", text) if statement.strip()}


def _ordered(statement: str) -> str:
    """The statement in one line, the columns and constraints of a table sorted."""
    lines = [line.strip().rstrip(",") for line in statement.strip().splitlines()]
    if not statement.strip().startswith("CREATE TABLE"):
        return " ".join(lines)
    return " ".join([lines[0], ", ".join(sorted(lines[1:-1])), lines[-1]])
