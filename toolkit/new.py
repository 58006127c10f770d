"""Scaffolds a project from this checkout: `python -m toolkit.new TARGET [--data NAME=VALUE]… [--data-file FILE]`."""

from __future__ import annotations

import argparse
import ast
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import yaml
from copier import run_copy
from copier.errors import CopierAnswersInterrupt, CopierError, DirtyLocalWarning

TEMPLATE = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> None:
    """Make the project, its repository and its first commit, then print the next two commands."""
    options = parse(arguments)
    target = Path(options.target).resolve()
    signal.signal(signal.SIGTERM, interrupt)
    warn_of_changes()
    try:
        scaffold(target, answers(options), defaults=options.defaults or not sys.stdin.isatty())
    except (CopierAnswersInterrupt, KeyboardInterrupt):
        sys.exit("Interrupted: nothing was made.")
    except OSError as error:
        sys.exit(f"Cannot make {target}: {error.strerror or error}.")
    except (CopierError, ValueError) as error:
        sys.exit(f"{plain(error)}\nNothing was made.")
    print(f"\nThe project is in {target}, with its first commit. Next:\n")
    print(f"  cd {shlex.quote(options.target)}\n  python3 noxfile.py -s dev\n")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends with its usage."""
    parser = argparse.ArgumentParser(prog="nox -s new --", description="Scaffold a project from this checkout.")
    parser.add_argument("target", help="the project's folder: a new or an empty one")
    parser.add_argument("--data", "-d", action="append", default=[], metavar="NAME=VALUE", help="answer a question")
    parser.add_argument("--data-file", metavar="FILE", help="answers in a YAML file")
    parser.add_argument("--defaults", action="store_true", help="ask nothing (so it is without a terminal)")
    return parser.parse_args(arguments)


def answers(options: argparse.Namespace) -> dict[str, Any]:
    """The answers given in a file and on the command line, which wins."""
    given: dict[str, Any] = {}
    if options.data_file:
        given = read_answers(Path(options.data_file))
    for pair in options.data:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--data takes NAME=VALUE, not {pair!r}.")
        given[name] = value
    return given


def read_answers(path: Path) -> dict[str, Any]:
    """A YAML mapping of answers; the answers file of another project serves too."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"Cannot read the answers in {path}: {reason(error)}.") from error
    match given:
        case dict():
            return {name: value for name, value in given.items() if not str(name).startswith("_")}
        case _:
            raise ValueError(f"{path} holds no answers; write lines such as `project_name: My App`.")


def scaffold(target: Path, given: dict[str, Any], *, defaults: bool) -> None:
    """Make the project in a folder beside `target` and move it there whole.

    Raises OSError, ValueError or CopierError, and then leaves nothing behind.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(f"{target} exists and is not an empty folder; name a new one.")
    unknown = sorted(set(given) - questions())
    if unknown:
        raise ValueError(f"No such question: {', '.join(unknown)}. There are: {', '.join(sorted(questions()))}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.parent / f".slipway-{secrets.token_hex(4)}"
    # Named before it is made: an interruption at any moment finds it.
    try:
        scratch.mkdir()
        draft = scratch / target.name
        warnings.simplefilter("ignore", DirtyLocalWarning)
        run_copy(str(TEMPLATE), draft, data=given, defaults=defaults, vcs_ref="HEAD", quiet=True)
        commit(draft)
        draft.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def questions() -> set[str]:
    """The names of the questions that copier.yml asks."""
    config = yaml.safe_load((TEMPLATE / "copier.yml").read_text(encoding="utf-8"))
    return {name for name, value in config.items() if not name.startswith("_") and value.get("when", True)}


def commit(project: Path) -> None:
    """Make the project a git repository with one commit, also where git knows no author."""
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    known = subprocess.run(["git", "config", "user.email"], cwd=project, capture_output=True, check=False)
    author = [] if known.returncode == 0 else ["-c", "user.name=Slipway", "-c", "user.email=slipway@localhost"]
    git(project, *author, "commit", "--quiet", "--no-verify", "--message=Scaffold with Slipway")


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints. Raises ValueError with git's own words when it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def warn_of_changes() -> None:
    """Say when the project will come from a state of the template that nobody else can have."""
    if (TEMPLATE / ".git").exists() and git(TEMPLATE, "status", "--porcelain"):
        print(
            "This checkout has uncommitted changes: `copier update` will not find the version that you scaffold from."
        )


def reason(error: Exception) -> str:
    """What went wrong, on one line."""
    return (isinstance(error, OSError) and error.strerror) or " ".join(str(error).split())


def plain(error: Exception) -> str:
    """The words of copier.yml that a reader needs, out of those that Copier puts around them."""
    message = str(error)
    if stopped := re.fullmatch(r"'dict object' has no attribute (['\"].+)", message):
        return str(ast.literal_eval(stopped[1]))
    return re.sub(r"^Validation error for question '(\w+)': ", r"\1: ", message)


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Unwind like Ctrl-C, so that the draft is removed."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
