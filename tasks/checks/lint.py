"""Runs every check of files, side by side, each with a line saying what came of it."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tasks.checks.files import chosen_files, matching
from tasks.core.console import count, print_result
from tasks.core.errors import UserError


@dataclass(frozen=True)
class Check:
    """What is run on which files: `patterns` as in `matching`; `fix`, where there is one, instead under --fix."""

    name: str
    patterns: str
    command: str
    fix: str = ""
    takes_paths: bool = True


CHECKS = (
    Check("rules", "*.py", "ruff check --quiet --output-format=concise", fix="ruff check --quiet --fix"),
    Check("format", "*.py", "ruff format --check", fix="ruff format --quiet"),
    Check("yaml", "*.yml *.yaml", "yamllint --strict"),
    Check("toml", "*.toml", "tombi lint --offline --error-on-warnings --quiet"),
    Check("toml-format", "*.toml", "tombi format --offline --check --quiet", fix="tombi format --offline --quiet"),
    Check("markdown", "*.md *.md.jinja", "rumdl check --quiet", fix="rumdl check --quiet --fix"),
    Check("shell", "*.sh", "shellcheck"),
    Check("shell-format", "*.sh", "shfmt --diff", fix="shfmt --write"),
    Check("dotenv", ".env .env.* *.env", "python -m tasks.checks.dotenv"),
    Check(
        "spelling",
        "*",
        "typos --config=.typos.toml --force-exclude --format=brief",
        fix="typos --config=.typos.toml --force-exclude --write-changes",
    ),
    Check(
        "locks",
        "pyproject.toml tasks/pyproject.toml requirements/*.txt",
        "python -m tasks.checks.lock_check",
        fix="python -m tasks.project.locks",
        takes_paths=False,
    ),
    Check(
        "workflows",
        ".github/workflows/*.y*ml .github/actions/*.y*ml noxfile.py tasks/sessions/*.py",
        "python -m tasks.checks.workflows",
        takes_paths=False,
    ),
)


def main() -> None:
    """Check what git knows or would add, or the given files and folders."""
    names = [check.name for check in CHECKS]
    parser = argparse.ArgumentParser(prog="nox -s lint --", description=main.__doc__)
    parser.add_argument("paths", nargs="*", help="files and folders; without any, the whole project")
    parser.add_argument("--fix", action="store_true", help="mend what the tools can mend")
    parser.add_argument("--only", action="append", choices=names, help="this check alone; may be repeated")
    arguments = parser.parse_args()
    try:
        files = chosen_files(arguments.paths)
    except UserError as error:
        sys.exit(str(error))
    sys.exit(run([check for check in CHECKS if check.name in (arguments.only or names)], files, fix=arguments.fix))


def run(checks: list[Check], files: list[str], *, fix: bool) -> int:
    """Print a line for each check, with the findings of those that failed; returns the exit code."""
    failed = []
    # Two tools that mend one file at a time would undo each other's work.
    with ThreadPoolExecutor(max_workers=1 if fix else os.cpu_count()) as pool:
        jobs = [(check, matching(files, check.patterns)) for check in checks]
        outcomes = pool.map(lambda job: findings(*job, fix=fix), jobs)
        for (check, matched), found in zip(jobs, outcomes, strict=True):
            print_result(check.name, count(len(matched), "file"), found)
            if found is not None:
                failed.append(check.name)
    if failed:
        print(f"lint: {count(len(failed), 'check')} of {len(checks)} failed: {', '.join(failed)}")
    return bool(failed)


def findings(check: Check, files: list[str], *, fix: bool) -> str | None:
    """What the check's tool finds wrong with these files, or why it did not run to its end; None when all is well."""
    if not files:
        return None
    command = shlex.split((fix and check.fix) or check.command) + (files if check.takes_paths else [])
    try:
        done = subprocess.run(command, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"{command[0]} is not here and has no wheel for this machine: install it, with apt-get or the like"
    if done.returncode < 0:
        return f"{command[0]} was ended by {signal.Signals(-done.returncode).name}\n{done.stderr}".rstrip()
    said = f"{done.stdout}{done.stderr}".strip()
    return (said or f"{command[0]} ended with {done.returncode} and no word") if done.returncode else None


if __name__ == "__main__":
    main()
