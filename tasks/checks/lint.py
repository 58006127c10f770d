"""Runs every check of files, side by side, with a line for each result."""

import argparse
import os
import re
import shlex
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from tasks.checks.files import chosen_files, matching
from tasks.core import processes
from tasks.core.console import count, print_result
from tasks.core.errors import UserError
from tasks.project import locks

IMPORTS = "env PYTHONPATH=template/src/backend lint-imports --no-cache"
TYPOS = "typos --config=.typos.toml --force-exclude"
PROSE = "*.md *.md.jinja"
# Not data, such as JSON, and nothing that may be binary.
TEXT = "*.py *.mako *.toml *.y*ml *.yaml.jinja *.sh *.html *.css *.*js *.ts *.tsx *.rst *.txt *Dockerfile .env* *.env"
LOCKS = "pyproject.toml tasks/pyproject.toml requirements/*.txt"
WORKFLOWS = ".github/workflows/*.y*ml .github/actions/*.y*ml noxfile.py tasks/sessions/*.py"
# A line of `git ls-files --eol`, as in a checkout from before .gitattributes; and a command that does nothing where a
# change is not committed.
CRLF = re.compile(r" w/crlf +attr/.*eol=lf")
TO_LF = "git diff --quiet HEAD && git rm -rq --cached . && git reset -q --hard"


@dataclass(frozen=True)
class Check:
    """A command on the files that match `patterns`; with --fix, `fix`, if there is one, instead of it."""

    name: str
    patterns: str
    command: str
    fix: str = ""
    takes_paths: bool = True


CHECKS = (
    Check("rules", "*.py", "ruff check --quiet --output-format=concise", "ruff check --quiet --fix"),
    Check("format", "*.py", "ruff format --check", "ruff format --quiet"),
    Check("imports", "*.py", IMPORTS, takes_paths=False),
    Check("yaml", "*.yml *.yaml", "yamllint --strict"),
    Check("toml", "*.toml", "tombi lint --offline --error-on-warnings --quiet"),
    Check("toml-format", "*.toml", "tombi format --offline --check --quiet", "tombi format --offline --quiet"),
    Check("markdown", PROSE, "rumdl check --quiet", "rumdl check --quiet --fix"),
    Check("shell", "*.sh", "shellcheck"),
    Check("shell-format", "*.sh", "shfmt --diff", "shfmt --write"),
    Check("dotenv", ".env .env.* *.env", "python -m tasks checks.dotenv"),
    Check("spelling", TEXT, f"{TYPOS} --format=brief"),
    Check("prose", PROSE, f"{TYPOS} --format=brief", f"{TYPOS} --write-changes"),
    Check("locks", LOCKS, "python -m tasks project.locks --check", "python -m tasks project.locks", takes_paths=False),
    Check("workflows", WORKFLOWS, "python -m tasks checks.workflows", takes_paths=False),
    Check("tasks", "tasks/*", "python -m tasks checks.checksums", takes_paths=False),
)


def applies(check: Check) -> bool:
    """Whether there are contracts of imports; and whether this is a project, not Slipway or its template."""
    if check.name == "imports":
        return "importlinter" in locks.read_toml(Path("pyproject.toml")).get("tool", {})
    return check.name != "tasks" or Path(".copier-answers.yml").exists()


def main() -> int:
    """Check the files that git tracks or would add, or the given files and folders."""
    names = [check.name for check in CHECKS if applies(check)]
    parser = argparse.ArgumentParser(prog="nox -s lint --", description=main.__doc__)
    parser.add_argument("paths", nargs="*", help="files and folders; the whole project by default")
    parser.add_argument("--fix", action="store_true", help="apply automatic fixes")
    parser.add_argument("--only", action="append", choices=names, help="only this check; may be repeated")
    arguments = parser.parse_args()
    checks = [check for check in CHECKS if check.name in (arguments.only or names)]
    return run(checks, chosen_files(arguments.paths), fix=arguments.fix)


def run(checks: list[Check], files: list[str], *, fix: bool) -> int:
    """Print a line for each check, with the findings of those that failed; returns the exit code."""
    failed = []
    excluded = GitIgnoreSpec.from_lines(locks.settings().get("lint", {}).get("exclude", []))
    own = [path for path in files if not excluded.match_file(path)]
    # Two tools that fix the same file must not run at once.
    with ThreadPoolExecutor(max_workers=1 if fix else os.cpu_count()) as pool:
        jobs = [(check, matching(own if check.takes_paths else files, check.patterns)) for check in checks]
        results = pool.map(lambda job: findings(*job, fix=fix), jobs)
        for (check, matched), found in zip(jobs, results, strict=True):
            print_result(check.name, count(len(matched), "file"), found)
            failed += [check.name] if found is not None else []
    if failed:
        print(f"lint: {count(len(failed), 'check')} of {len(checks)} failed: {', '.join(failed)}")
        if CRLF.search(processes.output("git", "ls-files", "--eol") or ""):
            print(f"Files have CRLF, though .gitattributes wants LF. When all changes are committed: {TO_LF}")
    return int(bool(failed))


def findings(check: Check, files: list[str], *, fix: bool) -> str | None:
    """The output of the check's tool if it fails, or why it did not finish; None if it passes."""
    if not files:
        return None
    command = shlex.split((fix and check.fix) or check.command) + (files if check.takes_paths else [])
    try:
        done = processes.run(
            command,
            env={**os.environ, "NO_COLOR": "1"},
            missing="There is no wheel of it for this machine: install it, with apt-get or the like.",
        )
    except UserError as error:
        return str(error)
    output = f"{done.stdout}{done.stderr}".strip()
    if done.returncode < 0:
        return f"{command[0]} was ended by {signal.Signals(-done.returncode).name}\n{output}".strip()
    return (output or f"{command[0]} failed with exit code {done.returncode}") if done.returncode else None
