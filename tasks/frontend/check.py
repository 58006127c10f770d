"""The command behind `nox -s frontend`: the checks of the frontend, side by side."""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tasks.core import processes
from tasks.core.console import count, print_result
from tasks.frontend import client, pages
from tasks.frontend.node import FOLDER, Node, install

CLIENT = "client"
PICTURES = "pictures"


@dataclass(frozen=True)
class Check:
    """A script of package.json; with --fix, `fix`, if there is one, instead of it."""

    name: str
    script: str
    fix: str = ""


# The slowest first.
CHECKS = (
    Check("build", "build"),
    Check("rules", "lint", "lint -- --fix"),
    Check("types", "types"),
    Check("tests", "test"),
    Check("format", "format:check", "format"),
)


def main() -> str | None:
    """Check that the client is up to date, that each page has a picture, types, rules, format, tests and the build."""
    names = [CLIENT, PICTURES, *(check.name for check in CHECKS)]
    parser = argparse.ArgumentParser(prog="nox -s frontend --", description=main.__doc__)
    parser.add_argument("--fix", action="store_true", help="apply automatic fixes")
    parser.add_argument("--only", action="append", choices=names, help="only this check; may be repeated")
    arguments = parser.parse_args()
    wanted = arguments.only or names
    node = install(Path.cwd())
    failed = [] if CLIENT not in wanted or _client_is_fresh(node, fix=arguments.fix) else [CLIENT]
    failed += [] if PICTURES not in wanted or _has_pictures(node) else [PICTURES]
    checks = [check for check in CHECKS if check.name in wanted]
    with ThreadPoolExecutor(max_workers=1 if arguments.fix else os.cpu_count()) as pool:
        results = pool.map(lambda check: findings(node, check, fix=arguments.fix), checks)
        for check, (seconds, found) in zip(checks, results, strict=True):
            print_result(check.name, f"{seconds:.1f} s", found)
            failed += [check.name] if found is not None else []
    return f"frontend: failed: {', '.join(failed)}" if failed else None


def findings(node: Node, check: Check, *, fix: bool) -> tuple[float, str | None]:
    """The seconds that a script took, and its output if it failed, with paths from the project's folder."""
    start = monotonic()
    script = ((fix and check.fix) or check.script).split()
    done = processes.run(
        node.npm("run", "--silent", *script), cwd=node.folder, env={**node.environment, "NO_COLOR": "1"}
    )
    output = f"{done.stdout}{done.stderr}".strip().replace(f"{node.folder}/", f"{FOLDER}/")
    return monotonic() - start, (output or f"exit code {done.returncode}") if done.returncode else None


def _has_pictures(node: Node) -> bool:
    faults = pages.missing(node.project)
    fault = f"missing, or of no page: {', '.join(faults)}. Write them: {pages.COMMAND}" if faults else None
    print_result(PICTURES, count(len(pages.pages(node.project)), "page"), fault)
    return fault is None


def _client_is_fresh(node: Node, *, fix: bool) -> bool:
    start = monotonic()
    stale = client.refresh(node, only_check=not fix)
    fault = f"stale: {', '.join(stale)}. Write them: {client.COMMAND}" if stale and not fix else None
    print_result(CLIENT, f"{monotonic() - start:.1f} s", fault)
    return fault is None
