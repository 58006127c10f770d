"""Renders every set of answers and runs each project's own checks in it: `python -m toolkit.matrix [NAME…]`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.core import cli
from tasks.core.errors import UserError
from toolkit.new import TEMPLATE, read_answers, scaffold

ANSWERS = TEMPLATE / "tests" / "answers"


def main() -> bool:
    """Check the sets of answers of the command line, or all; exit code 1 if a project fails its own checks."""
    names = sys.argv[1:]
    known = sorted(path.stem for path in ANSWERS.glob("*.yml"))
    if unknown := [name for name in names if name not in known]:
        raise UserError(f"Unknown set of answers: {', '.join(unknown)}. Known: {', '.join(known)}.")
    table = Table("answers", "check", "seconds", title="Each project's own checks")
    failed = False
    for name in names or known:
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        passed = check(name)
        failed = failed or not passed
        table.add_row(name, "passed" if passed else "FAILED", f"{time.monotonic() - started:.1f}")
    Console().print(table)
    return failed


def check(name: str) -> bool:
    """Scaffold one set of answers into a temporary folder and run `-t check` there, without an installed nox."""
    with tempfile.TemporaryDirectory(prefix="slipway-matrix-") as scratch:
        project = Path(scratch) / "my-app"
        scaffold(project, read_answers(ANSWERS / f"{name}.yml"), defaults=True)
        command = [sys.executable, "noxfile.py", "-t", "check", "-j", "auto"]
        return subprocess.run(command, cwd=project, check=False).returncode == 0


if __name__ == "__main__":
    cli.run(main)
