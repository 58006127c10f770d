"""Skips a check where nothing has changed since it last passed."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import nox

from tasks.core import environments, processes

FORCE = "--no-cache"
INCOMPLETE_SECONDS = 900
LIST = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
# What some checks read besides the project's files.
REVISIONS = ("git", "for-each-ref", "--format=%(objectname) %(refname)")
IMAGES = ("docker", "image", "ls", "--quiet", "--no-trunc")
# Variables that differ between terminals and do not change what a check does. Every other one is an input.
TERMINAL = (
    *("COLORTERM", "COLUMNS", "DBUS_", "DISPLAY", "GNOME_", "GPG_", "HIST", "KITTY_", "LINES", "LS_COLORS"),
    *("NOX_CURRENT_SESSION", "OLDPWD", "PS1", "PWD", "SHLVL", "SSH_", "STY", "TERM", "TMUX", "VSCODE_", "WINDOWID"),
    *("XDG_RUNTIME_", "XDG_SESSION_"),
)


def run_check(
    session: nox.Session,
    *command: str,
    defaults: Sequence[str] = (),
    reads: Sequence[Sequence[str]] = (),
    max_age: float | None = None,
    env: dict[str, str] | None = None,
) -> None:
    """Run a check's command with the session's arguments or `defaults`, unless it passed with the same inputs before.

    Inputs are every file that git lists, the output of the commands in `reads`, the session's packages and the
    environment variables. A pass counts for `max_age` seconds. CI, arguments and --no-cache turn the cache off.
    """
    arguments = [word for word in session.posargs if word != FORCE]
    environment = Path(session.virtualenv.location)
    stamp, incomplete = environment / "passed.sha256", environment / environments.INCOMPLETE
    is_cached = not arguments and not os.environ.get("CI")
    inputs = digest(Path.cwd(), environment, reads) if is_cached else None
    limit = INCOMPLETE_SECONDS if incomplete.exists() else max_age
    is_current = stamp.exists() and (limit is None or time.time() - stamp.stat().st_mtime < limit)
    if inputs and FORCE not in session.posargs and is_current and stamp.read_text(encoding="utf-8") == inputs:
        session.log(f"Nothing has changed since it passed. To run it anyway: -- {FORCE}")
        return
    incomplete.unlink(missing_ok=True)
    # None with --install-only.
    if session.run(*command, *(arguments or defaults), env=env) is not None and inputs:
        stamp.write_text(inputs, encoding="utf-8")


def digest(project: Path, environment: Path, reads: Sequence[Sequence[str]] = ()) -> str | None:
    """The hash of all inputs of a check in this project; None if they cannot be listed or read."""
    if (listed := processes.output(*LIST, cwd=project)) is None:
        return None
    paths = sorted(_files(project, listed))
    try:
        files = [
            (path.relative_to(project), path.lstat().st_mode, sha256(path.read_bytes()).digest()) for path in paths
        ]
    except OSError:
        # The check itself reports the file.
        return None
    variables = {name: text for name, text in os.environ.items() if name != "_" and not name.startswith(TERMINAL)}
    # Docker lists images of the same age in any order.
    read = [sorted((processes.output(*command, cwd=project) or "").splitlines()) for command in reads]
    inputs = (sys.version, environments.stamp_of(environment), files, read, sorted(variables.items()))
    return sha256(repr(inputs).encode()).hexdigest()


def _files(folder: Path, listed: str) -> Iterator[Path]:
    """The listed files that exist, and those of linked folders, such as the template's `tasks`."""
    for name in filter(None, listed.split("\0")):
        path = folder / name
        if path.is_symlink() and path.is_dir() and not folder.resolve().is_relative_to(path.resolve()):
            yield from _files(path, processes.output(*LIST, cwd=path) or "")
        elif path.is_file():
            yield path
