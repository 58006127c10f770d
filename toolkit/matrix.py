"""Renders every answer set and runs each project's own checks in it: `python -m toolkit.matrix [NAME…]`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from toolkit.new import TEMPLATE, read_answers, scaffold

ANSWERS = TEMPLATE / "tests" / "answers"


def main(names: list[str]) -> None:
    """Check the named answer sets, or all; exit 1 if a project fails its own checks."""
    known = sorted(path.stem for path in ANSWERS.glob("*.yml"))
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"No such answer set: {', '.join(unknown)}. There are: {', '.join(known)}.")
    table = Table("answer set", "check", "seconds", title="Each project's own checks")
    failed = False
    for name in names or known:
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        passed = check(name)
        failed = failed or not passed
        table.add_row(name, "passed" if passed else "FAILED", f"{time.monotonic() - started:.1f}")
    Console().print(table)
    sys.exit(failed)


def check(name: str) -> bool:
    """Scaffold one answer set into a temporary folder and run `-t check` there, through its own door."""
    with tempfile.TemporaryDirectory(prefix="slipway-matrix-") as scratch:
        project = Path(scratch) / "my-app"
        scaffold(project, read_answers(ANSWERS / f"{name}.yml"), defaults=True)
        command = [sys.executable, "noxfile.py", "-t", "check", "-j", "auto"]
        return subprocess.run(command, cwd=project, check=False).returncode == 0


if __name__ == "__main__":
    main(sys.argv[1:])
