"""Scaffolds a project from this checkout: `python -m toolkit.new TARGET [--data NAME=VALUE]… [--data-file FILE]`."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Quiet on Ctrl-C from the first moment, and only then the slow imports.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import ast
import os
import re
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

from toolkit import interruption, origin
from toolkit.git import git, git_setting, require_git

TEMPLATE = Path(__file__).resolve().parent.parent
# Where the user is, and relative paths with them: nox itself goes to the folder of its noxfile.
CALLER = "SLIPWAY_CALLER"


def main(arguments: list[str] | None = None) -> None:
    """Make the project, its repository and its first commit, then print the next two commands."""
    options = parse(arguments)
    os.chdir(os.environ.get(CALLER, "."))
    target = Path(options.target).resolve()
    try:
        interruption.listen()
        warn_of_changes()
        scaffold(target, answers(options), defaults=options.defaults or not sys.stdin.isatty())
    except (CopierAnswersInterrupt, KeyboardInterrupt):
        sys.exit("Interrupted: nothing was made.")
    except OSError as error:
        sys.exit(f"Cannot make {target}: {error.strerror or error}.")
    except (CopierError, ValueError) as error:
        sys.exit(f"{plain(error)}\nNothing was made.")
    print(f"\nThe project is in {target}, with its first commit. Next:\n")
    print(f"  cd {shlex.quote(str(target))}\n  python3 noxfile.py -s dev\n")
    if not origin.address(TEMPLATE):
        print(
            f"Its updates come from {TEMPLATE}; "
            f"for others, put a repository's URL into {origin.ANSWERS_FILE}, as _src_path."
        )


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
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(f"Cannot read the answers in {path}: {reason(error)}.") from error
    match given:
        case dict():
            return {str(name): value for name, value in given.items() if not str(name).startswith("_")}
        case _:
            raise ValueError(f"{path} holds no answers; write lines such as `project_name: My App`.")


def scaffold(target: Path, given: dict[str, Any], *, defaults: bool) -> None:
    """Make the project in a folder beside what is missing of `target`, and move it there whole.

    Raises OSError, ValueError or CopierError, and then leaves nothing behind.
    """
    refuse(target, given)
    top = topmost_missing(target)
    scratch = top.parent / f".slipway-{secrets.token_hex(4)}"
    draft = scratch / target.relative_to(top.parent)
    warnings.simplefilter("ignore", DirtyLocalWarning)
    # Named before it is made: an interruption at any moment finds it.
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


def refuse(target: Path, given: dict[str, Any]) -> None:
    """Raise ValueError for what can be known to go wrong before a question is asked."""
    require_git()
    if target.is_relative_to(TEMPLATE):
        outside = TEMPLATE.parent / "my-app"
        raise ValueError(f"{target} is inside Slipway's own checkout; name a folder outside, such as {outside}.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(f"{target} exists and is not an empty folder; name a new one.")
    unknown = sorted(set(given) - questions())
    if unknown:
        raise ValueError(f"No such question: {', '.join(unknown)}. There are: {', '.join(sorted(questions()))}.")


def topmost_missing(target: Path) -> Path:
    """The first folder on the way to `target` that is not there, or `target` itself."""
    return next((folder for folder in reversed(target.parents) if not folder.exists()), target)


def questions() -> set[str]:
    """The names of the questions that copier.yml asks."""
    config = yaml.safe_load((TEMPLATE / "copier.yml").read_text(encoding="utf-8"))
    return {name for name, value in config.items() if not name.startswith("_") and value.get("when", True)}


def commit(project: Path) -> None:
    """Make the project a git repository with one commit, also where git knows no author."""
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "--all")
    known = git_setting(project, "user.email")
    author = [] if known else ["-c", "user.name=Slipway", "-c", "user.email=slipway@localhost"]
    git(project, *author, "commit", "--quiet", "--no-verify", "--message=Scaffold with Slipway")


def warn_of_changes() -> None:
    """Say when the project will come from a state of the template that nobody else can have."""
    if origin.has_changes(TEMPLATE):
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


if __name__ == "__main__":
    main()
