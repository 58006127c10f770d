"""Scaffolds a project from this checkout: `python -m toolkit.new TARGET [--data NAME=VALUE]… [--data-file FILE]`."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Exit on Ctrl-C without a traceback during the slow imports below.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import secrets
import shlex
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy
from copier.errors import CopierAnswersInterrupt, CopierError, DirtyLocalWarning

from tasks.core import cli, processes
from tasks.core.errors import UserError
from toolkit import interruption, origin
from toolkit.git import git, git_setting

TEMPLATE = Path(__file__).resolve().parent.parent
# The working directory of the user: nox changes to the folder of its noxfile.
CALLER = "SLIPWAY_CALLER"
# Questions with several answers.
LISTS = ("parts",)


def main() -> None:
    """Create the project with its first commit, then print the next two commands."""
    try:
        interruption.handle_signals()
        options = parse()
        os.chdir(os.environ.get(CALLER, "."))
        target = Path(options.target).resolve()
        if origin.has_changes(TEMPLATE):
            print("This checkout has uncommitted changes: `copier update` will not find the version of this project.")
        scaffold(target, answers(options), defaults=options.defaults or not sys.stdin.isatty())
    except KeyboardInterrupt:
        print("Interrupted: no project was created.", file=sys.stderr)
        raise
    print(f"\nThe project is in {target}, with its first commit. Next:\n")
    print(f"  cd {shlex.quote(str(target))}\n  python3 noxfile.py -s dev\n")
    if not origin.address(TEMPLATE):
        print(f"Its updates come from {TEMPLATE}; to change that, set _src_path in {origin.ANSWERS_FILE}.")


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="nox -s new --", description="Scaffold a project from this checkout.")
    parser.add_argument("target", help="the project's folder: a new or an empty one")
    parser.add_argument("--data", "-d", action="append", default=[], metavar="NAME=VALUE", help="answer a question")
    parser.add_argument("--data-file", metavar="FILE", help="answers in a YAML file")
    parser.add_argument("--defaults", action="store_true", help="ask nothing (the default without a terminal)")
    return parser.parse_args()


def answers(options: argparse.Namespace) -> dict[str, Any]:
    """The answers of the file and of the command line, which takes precedence."""
    given = read_answers(Path(options.data_file)) if options.data_file else {}
    for pair in options.data:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UserError(f"--data takes NAME=VALUE, not {pair!r}.")
        given[name] = value
    return given


def read_answers(path: Path) -> dict[str, Any]:
    """Answers in a YAML mapping, such as the answers file of another project. UserError if there are none."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"Cannot read the answers in {path}: {one_line(error)}.") from error
    match given:
        case dict():
            return {str(name): value for name, value in given.items() if not str(name).startswith("_")}
        case _:
            raise UserError(f"{path} has no answers; write lines such as `project_name: My App`.")


def scaffold(target: Path, given: dict[str, Any], *, defaults: bool) -> None:
    """Create the project completely or not at all. UserError for invalid answers or a target that cannot be written."""
    try:
        check(target, given)
        create(target, given, defaults=defaults)
    except CopierAnswersInterrupt:
        raise KeyboardInterrupt from None
    except (CopierError, OSError, ValueError) as error:
        raise UserError(f"Cannot create {target}: {one_line(error)}") from error


def create(target: Path, given: dict[str, Any], *, defaults: bool) -> None:
    """Write the project into a temporary folder of the same file system, then rename that to its place."""
    top = topmost_missing(target)
    # Named before it exists, so that an interruption at any moment removes it.
    scratch = top.parent / f".slipway-{secrets.token_hex(4)}"
    draft = scratch / target.relative_to(top.parent)
    warnings.simplefilter("ignore", DirtyLocalWarning)
    try:
        scratch.mkdir()
        draft.parent.mkdir(parents=True, exist_ok=True)
        run_copy(str(TEMPLATE), draft, data=given, defaults=defaults, vcs_ref="HEAD", quiet=True)
        if url := origin.address(TEMPLATE):
            origin.record(draft, url)
        commit(draft)
        (scratch / top.name).rename(top)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def check(target: Path, given: dict[str, Any]) -> None:
    """UserError for everything that can be checked before the first question."""
    git(TEMPLATE, "--version")
    if target.is_relative_to(TEMPLATE):
        outside = TEMPLATE.parent / "my-app"
        raise UserError(f"{target} is inside Slipway's own checkout; use a folder outside, such as {outside}.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} exists and is not an empty folder; use a new one.")
    if unknown := sorted(set(given) - questions()):
        raise UserError(f"Unknown question: {', '.join(unknown)}. Known: {', '.join(sorted(questions()))}.")
    if top := processes.output("git", "rev-parse", "--show-toplevel", cwd=topmost_missing(target).parent):
        print(f"{target} is in the repository {top}, but will be one of its own. Add it as a submodule, or move it.")
    kinds = {name: str | list if name in LISTS else str | int | float for name in given}
    if wrong := [name for name, value in given.items() if not isinstance(value, kinds[name])]:
        raise UserError(f"{wrong[0]} must be {'a list' if wrong[0] in LISTS else 'text'}, not {given[wrong[0]]!r}.")


def topmost_missing(target: Path) -> Path:
    """The topmost folder on the way to `target` that does not exist, or `target` itself."""
    return next((folder for folder in reversed(target.parents) if not folder.exists()), target)


def questions() -> set[str]:
    """The names of the questions in copier.yml."""
    config = yaml.safe_load((TEMPLATE / "copier.yml").read_text(encoding="utf-8"))
    return {name for name, value in config.items() if not name.startswith("_") and value.get("when", True)}


def commit(project: Path) -> None:
    """Make the project a git repository with one commit, with a made-up author where git has none configured.

    The user's signatures and hooks may need what is missing here, such as a key or an issue's number.
    """
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    settings = {"commit.gpgSign": "false", "core.hooksPath": os.devnull}
    made_up = {"user.name": "Slipway", "user.email": "slipway@localhost"}
    settings |= {name: value for name, value in made_up.items() if not git_setting(project, name)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    git(project, *options, "commit", "--quiet", "--message=Scaffold with Slipway")


def one_line(error: Exception) -> str:
    """The error's message on one line."""
    return (isinstance(error, OSError) and error.strerror) or " ".join(str(error).split())


if __name__ == "__main__":
    cli.run(main)
