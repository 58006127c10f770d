"""Lists the files of the project that checks are for."""

import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from pathspec import GitIgnoreSpec

from tasks.core import processes
from tasks.core.errors import UserError

LIST = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
SHELLS = (b"sh", b"bash", b"dash")


def project_files() -> list[str]:
    """Files that git tracks or would add; without git, those that .gitignore does not match. A link's target once."""
    distinct = {os.path.realpath(path): path for path in sorted(_files_in(Path()), reverse=True)}
    return sorted(distinct.values())


def chosen_files(paths: list[str]) -> list[str]:
    """The given files, and the project's files in the given folders; all of the project's by default."""
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise UserError(f"No such file or folder: {', '.join(missing)}")
    files = {os.path.relpath(path) for path in paths if Path(path).is_file()}
    folders = [Path(os.path.relpath(path)) for path in paths or ["."] if Path(path).is_dir()]
    found = project_files() if folders else []
    return sorted(files | {path for path in found if any(Path(path).is_relative_to(folder) for folder in folders)})


def matching(files: list[str], patterns: str) -> list[str]:
    """The files whose name matches one of the patterns; for a pattern with a slash, whose path does."""
    return [path for path in files if any(_matches(path, pattern) for pattern in patterns.split())]


def _matches(path: str, pattern: str) -> bool:
    if "/" in pattern:
        return fnmatch(path, pattern)
    name = Path(path).name
    # A script without a suffix is recognized by its first line.
    return fnmatch(f"{name}.sh" if "." not in name and _is_shell_script(path) else name, pattern)


def _is_shell_script(path: str) -> bool:
    with Path(path).open("rb") as file:
        parts = file.readline(80).split()
    return bool(parts) and parts[0].startswith(b"#!") and parts[-1].rpartition(b"/")[2] in SHELLS


def _files_in(folder: Path) -> Iterator[str]:
    """Files below a folder, as paths from here; links to folders outside the project are followed."""
    listed = processes.output(*LIST, cwd=folder)
    for name in listed.strip("\0").split("\0") if listed else _not_ignored(folder):
        path = folder / name
        if path.is_file():
            yield str(path)
        elif path.is_symlink() and path.is_dir() and not path.resolve().is_relative_to(Path.cwd()):
            yield from _files_in(path)


def _not_ignored(folder: Path) -> Iterator[str]:
    lines = Path(".gitignore").read_text(encoding="utf-8").splitlines() if Path(".gitignore").exists() else []
    ignored = GitIgnoreSpec.from_lines([".git/", *lines])
    for root, folders, files in os.walk(folder):
        place = os.path.relpath(root, folder)
        folders[:] = [name for name in folders if not ignored.match_file(f"{place}/{name}/")]
        names = [*files, *(name for name in folders if Path(root, name).is_symlink())]
        yield from ignored.match_files([os.path.normpath(f"{place}/{name}") for name in names], negate=True)
