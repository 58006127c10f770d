"""The command behind `nox -s update`: Copier's update with the same answers, which fails on conflicts too."""

import argparse

from tasks.core import processes
from tasks.core.environments import program
from tasks.core.errors import UserError


def main() -> None:
    """Update this project to the newest version of Slipway; new questions get their default answers."""
    parser = argparse.ArgumentParser(prog="nox -s update --", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="only fail if there is a newer version")
    is_check = parser.parse_args().check
    done = processes.run([program("copier"), *(["check-update", "--quiet"] if is_check else ["update", "--defaults"])])
    if is_check and done.returncode == 2:
        raise UserError("Slipway has a newer version. Update to it: nox -s update")
    if done.returncode != 0:
        raise UserError(f"Cannot update from the _src_path in .copier-answers.yml: {processes.last_line(done.stderr)}")
    if conflicts := processes.output("git", "diff", "--name-only", "--diff-filter=U"):
        raise UserError(f"Updated, with conflicts to resolve before the commit: {', '.join(conflicts.split())}.")
    print("Up to date." if is_check else "Updated. Review the changes, then run nox -s setup and commit: git diff")
