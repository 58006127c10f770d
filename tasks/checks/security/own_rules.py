"""Looks for what is unsafe in this application in particular: the rules in `rules/`, each with its reason."""

from typing import Any

from tasks.checks.security.environments import environment, scripts
from tasks.checks.security.scan import Check, Finding, Scan
from tasks.checks.security.tool import FOLDER, program, run_json, snapshot
from tasks.core.console import count
from tasks.core.errors import UserError

OPTIONS = (
    *("scan", "--metrics=off", "--disable-version-check", "--quiet", "--json", f"--config={FOLDER / 'rules'}"),
    *("--disable-nosem", "--no-git-ignore", "--scan-unknown-extensions", "--x-ignore-semgrepignore-files"),
)
SEVERITIES = {"ERROR": "high", "WARNING": "medium", "INFO": "low"}


def scan(files: list[str]) -> Scan:
    """Run semgrep on these files, its rules from here only; a file that it cannot read is an error."""
    semgrep = program("semgrep", scripts(environment("security-semgrep")))
    # It loses itself in folders that are links, and has its own idea of what is worth a look in a repository.
    with snapshot(files) as folder:
        said = run_json([semgrep, *OPTIONS, *files], folder=folder)
    if said["errors"]:
        raise UserError("\n".join(f"semgrep: {each['message']}" for each in said["errors"]))
    missed = sorted(set(files) - set(said["paths"]["scanned"]))
    if missed:
        raise UserError(f"semgrep passed over {', '.join(missed[:5])}")
    return Scan(count(len(files), "file"), [_finding(each) for each in said["results"]])


def _finding(result: dict[str, Any]) -> Finding:
    rule = result["check_id"].rpartition(".")[2]
    about = result["extra"]
    message = " ".join(about["message"].split())
    return Finding("semgrep", rule, result["path"], result["start"]["line"], message, SEVERITIES[about["severity"]])


CHECKS = [
    Check("rules", "semgrep", "semgrep", scan, "*.py compose*.yaml compose*.yml docker-compose*.y*ml", slow=True),
]
